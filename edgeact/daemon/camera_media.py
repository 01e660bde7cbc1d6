"""Privacy and recording of one run of a camera; made anew for each run."""

from dataclasses import dataclass

from edgeact.bundle.plan import Plan
from edgeact.capture.connection import PacketTap
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.fits_bundle import make_concealer
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.recorder import Recorder
from edgeact.privacy.concealer import Concealer

# An event is told this long after its beginning, at most, besides the time that its rule asks for: what actions are
# judged by is smoothed over time.
_LATE_SECONDS = 4.0
_LONGEST_RING_SECONDS = 60.0  # whoever asks for "lying for an hour" gets the last minute before it is told


@dataclass(frozen=True, slots=True, eq=False)
class CameraMedia:
    """The concealer and the recorder of one run of a camera.

    Attributes:
        concealer: Takes people out of the pictures; None where all may be seen.
        recorder: Records; None where nothing is recorded.
    """

    concealer: Concealer | None = None
    recorder: Recorder | None = None

    @property
    def tap(self) -> PacketTap | None:
        """The tap for the camera's encoded packets; None where privacy forbids keeping them, or nothing is recorded."""
        return None if self.concealer is not None else self.recorder

    def close(self) -> None:
        """Complete the recordings."""
        if self.recorder is not None:
            self.recorder.close()


def open_media(camera: str, config: DaemonConfig, plan: Plan, folder: MediaFolder) -> CameraMedia:
    """Make the concealer and the recorder of a run of a camera, and start the recorder.

    Args:
        camera: Its name.
        config: The configuration.
        plan: Of the bundle.
        folder: Where recordings go.

    Raises:
        ConfigError: The bundle follows no persons, so that nobody can be taken out of the pictures.
        PipelineError: The system gives no more threads.
    """
    concealer, mode, record = make_concealer(camera, config, plan), config.record_mode(camera), config.record
    if mode == "off" or record is None:
        return CameraMedia(concealer)
    longest = max((rule.for_seconds for rule in config.rules_of(camera)), default=0.0)
    ring = min(longest + _LATE_SECONDS, _LONGEST_RING_SECONDS)
    recorder = Recorder(camera, folder, record, mode=mode, ring_seconds=ring)
    recorder.start()
    return CameraMedia(concealer, recorder)
