"""A stream: everything that is remembered of one source while its frames are perceived, and no graph."""

from edgeact.bundle.plan import Plan
from edgeact.config import PipelineConfig
from edgeact.perception.acting import Acting
from edgeact.perception.actions import EventLog
from edgeact.perception.cuts import CutDetector
from edgeact.perception.pace import Pace
from edgeact.perception.schedule import DetectionSchedule
from edgeact.perception.tracking.tracker import Tracker
from edgeact.types import Frame


class Stream:
    """The memory of one source. Each part of it belongs to one stage, and so to one thread.

    Args:
        plan: Of the bundle.
        config: How the source is perceived.
        source: Its name, which events carry.
        live: Whether it gives frames whether or not there is time for them.
        pace: How thoroughly it is perceived; None takes the settings as they are.

    Attributes:
        schedule: When the detector runs.
        tracker: Who is followed; None where the bundle follows nobody.
        acting: What they do, and what the scene shows.
    """

    def __init__(
        self, plan: Plan, config: PipelineConfig, *, source: str = "", live: bool = False, pace: Pace | None = None
    ) -> None:
        pace = pace or Pace()
        self.schedule = DetectionSchedule(config, pace)
        self.tracker: Tracker | None = None
        if plan.persons is not None:
            self.tracker = Tracker(
                config,
                skeleton=plan.skeleton,
                detection_score=plan.detection.score,
                joint_confidence=plan.joint_confidence,
            )
        self.acting = Acting(plan, config, EventLog(source), live=live, pace=pace)
        self._cuts = CutDetector()
        self._epoch: int | None = None

    def begins(self, frame: Frame) -> bool:
        """Whether a shot or an epoch begins with the next frame, so that nobody is followed into it."""
        is_cut = self._cuts.is_cut(frame.image)  # asked for every frame, so that the next one is compared with this one
        is_new = is_cut or frame.epoch != self._epoch
        self._epoch = frame.epoch
        return is_new

    def forget(self) -> None:
        """Forget the last frame and all tracks."""
        self._cuts.reset()
        self._epoch = None
        if self.tracker is not None:
            self.tracker.reset()
