"""Hides people in the frames of one source, before the frames are recorded, sent or drawn."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeact.bundle.plan import Plan
from edgeact.errors import ConfigError
from edgeact.geometry import box_iou
from edgeact.privacy.areas import PrivacyMode, grown, head_area, person_area, unsure_area
from edgeact.privacy.conceal import FILL, fill_areas, stick_figures
from edgeact.skeleton import Skeleton
from edgeact.types import Detection, Float32, Frame, Observation, Person

# Who has vanished from what is seen may still be in the picture: the last area stays, and grows by this share of its
# larger side each second, which is about how fast people walk.
KEPT_SECONDS, GROWTH_A_SECOND = 2.0, 0.5
# The same of what the detector took for a person without being sure: it runs again before this time is over.
UNSURE_SECONDS = 1.0
# Nobody is found before the detector has run: at the beginning nothing is shown at all.
SETTLING_SECONDS = 1.0
REST_SECONDS = 10.0  # without a frame, after which it begins anew
_SAME_IOU = 0.5  # a detection that overlaps a followed person so much is that person


def areas_of(
    mode: PrivacyMode,
    persons: Sequence[Person],
    detections: Sequence[Detection],
    *,
    skeleton: Skeleton,
    confidence: float,
) -> tuple[dict[int, Float32], list[Float32]]:
    """The areas to hide in one frame.

    Args:
        mode: ``heads`` or ``persons``.
        persons: Who is followed.
        detections: What the detector found in the frame; nothing where it did not run.
        skeleton: That poses follow.
        confidence: Joints under it do not count.

    Returns:
        The areas ``(4,)`` float32 of persons by track, and those of detections that are none of them.
    """
    followed = {
        one.track_id: head_area(one, skeleton=skeleton, confidence=confidence) if mode == "heads" else person_area(one)
        for one in persons
    }
    boxes = np.array([one.box for one in persons], np.float32).reshape(-1, 4)
    unsure = [
        unsure_area(mode, one.box)
        for one in detections
        if not len(boxes) or float(box_iou(one.box[None], boxes).max()) < _SAME_IOU
    ]
    return followed, unsure


class Concealer:
    """Hides people in the frames of observations, as the privacy mode asks; everything else in them stays.

    It has to see every observation of its source, in order.

    Args:
        mode: What of people is left.
        plan: Of the bundle that the observations come from.
        most_persons: As many as are followed at most: where there are so many, there may be more, and nothing of the
            picture is shown.

    Raises:
        ConfigError: The bundle follows no persons, so that nobody knows where they are.
    """

    def __init__(self, mode: PrivacyMode, plan: Plan, *, most_persons: int) -> None:
        if mode in ("heads", "persons") and plan.persons is None:
            raise ConfigError(
                f"privacy {mode!r} needs a bundle that follows persons; name another bundle, or take skeleton"
            )
        self._mode, self._most_persons = mode, most_persons
        self._skeleton = None if plan.persons is None else plan.skeleton
        self._confidence = 0.0 if plan.persons is None else plan.joint_confidence
        self._followed: dict[int, tuple[float, Float32]] = {}  # by track: when it was seen last, and where
        self._unsure: list[tuple[float, Float32]] = []  # the same of detections
        self._epoch: int | None = None
        self._began = self._newest = 0.0

    def __call__(self, observation: Observation) -> Observation:
        """A copy of the observation whose frame hides people as the mode asks."""
        if self._mode == "none":
            return observation
        frame = observation.frame
        if self._mode == "skeleton" or self._skeleton is None:
            height, width = frame.image.shape[:2]
            image = stick_figures(
                (height, width), observation.persons, skeleton=self._skeleton, confidence=self._confidence
            )
        else:
            self._note(observation, self._skeleton)
            if self._shows_nothing(frame, observation.persons):
                image = np.full_like(frame.image, FILL)
            else:
                image = fill_areas(frame.image, self._areas(frame.time))
        image.flags.writeable = False
        return replace(observation, frame=replace(frame, image=image))

    def _shows_nothing(self, frame: Frame, persons: Sequence[Person]) -> bool:
        return frame.time - self._began < SETTLING_SECONDS or len(persons) >= self._most_persons

    def _note(self, observation: Observation, skeleton: Skeleton) -> None:
        frame, detections = observation.frame, observation.detections
        if frame.epoch != self._epoch or frame.time - self._newest > REST_SECONDS:
            self._epoch, self._began, self._followed, self._unsure = frame.epoch, frame.time, {}, []
        self._newest = frame.time
        followed, unsure = areas_of(
            self._mode, observation.persons, detections, skeleton=skeleton, confidence=self._confidence
        )
        self._followed |= {track: (frame.time, area) for track, area in followed.items()}
        self._followed = {
            track: (seen, area) for track, (seen, area) in self._followed.items() if frame.time - seen <= KEPT_SECONDS
        }
        # What the detector did not see again stays as well: whoever it was may be turning around.
        self._unsure = [(seen, area) for seen, area in self._unsure if frame.time - seen <= UNSURE_SECONDS]
        self._unsure += [(frame.time, area) for area in unsure]

    def _areas(self, now: float) -> list[Float32]:
        return [_grown_for(area, now - seen) for seen, area in (*self._followed.values(), *self._unsure)]


def _grown_for(area: Float32, seconds: float) -> Float32:
    """An area ``(4,)`` float32, grown for the seconds since it was last seen."""
    if seconds <= 0.0:
        return area
    return grown(area, GROWTH_A_SECOND * seconds * float((area[2:] - area[:2]).max()))
