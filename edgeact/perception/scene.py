"""What is seen of a frame by itself: whether a new shot begins with it, and, every few frames, where persons are."""

import time as clock
from dataclasses import dataclass

from edgeact.config import PipelineConfig
from edgeact.perception.cuts import CutDetector
from edgeact.perception.detect import Detector
from edgeact.types import Detection, Frame

ROUNDING = 1e-6  # times are sums of fractions: what is due but for rounding is due
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A frame that was looked at.

    Attributes:
        frame: The frame.
        is_new: A shot or an epoch begins with it: nobody is followed into it.
        detections: Persons in it; None where the detector did not run.
        stage_seconds: How long that took.
    """

    frame: Frame
    is_new: bool
    detections: tuple[Detection, ...] | None
    stage_seconds: dict[str, float]


class SceneReader:
    """Looks at the frames of one source; needs to know nothing of what is followed, so that it can be ahead of that.

    Args:
        detector: Runs every ``detect_every`` frames, at least every ``detect_every_seconds``, and at the start of each
            shot.
        config: Of the pipeline.
    """

    def __init__(self, detector: Detector, config: PipelineConfig) -> None:
        self._detector, self._config = detector, config
        self._cuts = CutDetector()
        self._epoch: int | None = None
        self._since_detection, self._last_detection = 0, _NEVER

    def look(self, frame: Frame) -> Scene:
        """See the next frame."""
        is_cut = self._cuts.is_cut(frame.image)  # asked for every frame, so that the next one is compared with this one
        is_new = is_cut or frame.epoch != self._epoch
        self._epoch = frame.epoch
        if not (is_new or self._is_due(frame.time)):
            self._since_detection += 1
            return Scene(frame, is_new, None, {})
        started = clock.perf_counter()
        detections = self._detector.detect(frame.image)
        self._since_detection, self._last_detection = 1, frame.time
        return Scene(frame, is_new, detections, {"detect": clock.perf_counter() - started})

    def reset(self) -> None:
        """Forget the last frame."""
        self._cuts.reset()
        self._epoch = None

    def _is_due(self, time: float) -> bool:
        frames, seconds = self._config.detect_every, self._config.detect_every_seconds
        return self._since_detection >= frames or time - self._last_detection >= seconds - ROUNDING
