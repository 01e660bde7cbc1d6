"""What is known of one track, and what a pose tells about where it is now."""

import math

import numpy as np

from edgeact.geometry import box_iou, joints_box
from edgeact.perception.tracking.appearance import blend_colours
from edgeact.perception.tracking.limits import LARGEST_GROWTH
from edgeact.perception.tracking.motion import BoxMotion
from edgeact.types import Detection, Float32

_JUMP_IOU = 0.05  # a detection that overlaps the expected box less is where the motion model starts anew
_PLAUSIBLE_IOU = 0.3  # a carried box that moved further from where it was expected has jumped to something else
# If fewer of the joints are sure than when the detector last saw the person, their box is too small
_JOINTS_SHARE = 0.8
_MARGIN_SHARE = 0.5  # how fast the margin between joints and box follows the detections
# In seconds, the time constant by which a box comes to where detector or joints say that it is. Until then it moves
# along with the joints, so that neither a detection nor a joint that becomes sure or unsure moves it at once. At .1 the
# boxes fit the detector's less (IoU .859 instead of .879 on UT-Interaction), at .04 fights jump a third more.
_SETTLING_SECONDS = 0.06
# A detection that overlaps the carried box less shows that the box was wrong: it counts at once.
_CORRECTION_IOU = 0.5
# Around the confidence of a sure joint, the share of it over which a joint's hold on the box grows from none to all:
# with a threshold instead, an unsure wrist makes the box wider and narrower from frame to frame.
_HOLD_RAMP = 0.67
_COLOUR_SHARE = 0.1  # how fast the memory of someone's clothes follows what is seen


class TrackState:
    """One person.

    Attributes:
        track_id: Given when confirmed, None before.
        motion: Where the box is and how it moves.
        seen: When it was last seen, in seconds.
        supported: When the detector last saw a sign of it.
        score: Of its last detection.
        best_score: The highest of its detections.
        confidence: Mean over the joints, when the detector last saw it.
        hits: Detections so far.
        missed: Detector runs in a row without a sign of it.
        row: Of this frame's poses; None while it is not seen.
        continues: See `TrackedPerson`.
        features: ``(J, 3)`` its last pose.
        colours: ``(2, 3)`` what it wears, NaN where unknown.
        mixed: Whether it touched another track since it was last seen alone, so that it may be on the wrong person.
        waiting: Whether it is hidden behind another track.
        established: Whether the detector has seen it apart from all others.
        ended: Whether it turned out to be no person of its own.
    """

    __slots__ = (
        "_margins", "_seen_box", "_sure_joints", "best_score", "colours", "confidence", "continues", "ended",
        "established", "features", "hits", "missed",
        "mixed", "motion", "row", "score", "seen", "supported", "track_id", "waiting",
    )  # fmt: skip

    def __init__(self, box: Float32, time: float) -> None:
        self.track_id: int | None = None
        self.motion = BoxMotion(box, time)
        self.seen = self.supported = time
        self.score = self.best_score = self.confidence = 0.0
        self.hits = self.missed = 0
        self.row: int | None = None
        self.continues = True
        self.features: Float32 = np.zeros((0, 3), np.float32)
        self.colours: Float32 = np.full((2, 3), np.nan, np.float32)
        self.mixed = self.waiting = self.established = self.ended = False
        self._seen_box = box
        self._margins: Float32 | None = None  # from the box of its joints to its box, in heights
        self._sure_joints = 0  # joints that were sure when the margins were taken

    @property
    def seen_box(self) -> Float32:
        """The box ``(4,)`` where it was last seen."""
        return self._seen_box

    def expected_features(self) -> Float32:
        """The last pose, moved along with the predicted box, ``(J, 3)``."""
        box, moved = self.motion.box, self.features.copy()
        moved[:, :2] += (box[:2] + box[2:] - self._seen_box[:2] - self._seen_box[2:]) / 2
        return moved

    def carried_box(self, features: Float32, *, threshold: float) -> Float32 | None:
        """The box that a pose found near the expected place gives, or None where it is too far from there."""
        expected = self.motion.box
        joints = joints_box(features[:, :2], features[:, 2], threshold=threshold)
        if (
            joints is not None
            and self._margins is not None
            and _count_sure(features, threshold) >= _JOINTS_SHARE * self._sure_joints
        ):
            box = np.asarray(joints + self._margins * (expected[3] - expected[1]), np.float32)
        else:
            # Joints that are hidden now would make the box of the others too small: it is moved along with them
            # instead.
            box = self._moved_box(features)
        return box if float(box_iou(box[None], expected[None])[0, 0]) >= _PLAUSIBLE_IOU else None

    def box_around_joints(self, *, threshold: float) -> Float32:
        """The box, grown to hold the joints as far as they are sure: detectors cut off heads and outstretched hands."""
        box = self.motion.box
        limit = LARGEST_GROWTH * (box[3] - box[1])  # a joint that is further away is a mistake
        lowest, highest = (1 - _HOLD_RAMP / 2) * threshold, (1 + _HOLD_RAMP / 2) * threshold
        hold = np.clip((self.features[:, 2:] - lowest) / max(highest - lowest, 1e-6), 0.0, 1.0)
        low = (hold * np.clip(self.features[:, :2] - box[:2], -limit, 0.0)).min(0)
        high = (hold * np.clip(self.features[:, :2] - box[2:], 0.0, limit)).max(0)
        return np.asarray(box + np.concatenate([low, high]), np.float32)

    def see(self, box: Float32, features: Float32, colours: Float32, row: int, time: float) -> None:
        """Take in where it was found and with which pose and clothes; ``row`` is that of the frame's poses."""
        if float(box_iou(box[None], self.motion.box[None])[0, 0]) < _JUMP_IOU:
            self.motion = BoxMotion(box, time)
        else:
            self.motion.update(self._settled_box(box, features, time))
        self.features, self.row, self.seen, self._seen_box = features, row, time, self.motion.box
        if not self.mixed:
            self.colours = blend_colours(self.colours, colours, share=_COLOUR_SHARE)

    def note_detection(self, detection: Detection, *, threshold: float) -> None:
        """Remember what the detector said of it, after `see`; ``threshold`` is the confidence of a sure joint."""
        self.score, self.confidence = detection.score, mean_confidence(self.features)
        self.best_score = max(self.best_score, detection.score)
        self.hits += 1
        joints = joints_box(self.features[:, :2], self.features[:, 2], threshold=threshold)
        if joints is not None:
            margins = np.asarray(
                (detection.box - joints) / max(float(detection.box[3] - detection.box[1]), 1.0), np.float32
            )
            self._margins = (
                margins if self._margins is None else self._margins + _MARGIN_SHARE * (margins - self._margins)
            )
            self._sure_joints = _count_sure(self.features, threshold)

    def _moved_box(self, features: Float32) -> Float32:
        """The expected box, moved as the joints of a pose have moved from where they were expected."""
        before = self.expected_features()
        weight = before[:, 2] * features[:, 2]
        shift = (weight[:, None] * (features[:, :2] - before[:, :2])).sum(0) / max(float(weight.sum()), 1e-6)
        return np.asarray(self.motion.box + np.concatenate([shift, shift]), np.float32)

    def _settled_box(self, box: Float32, features: Float32, time: float) -> Float32:
        """Between where its joints moved the box and where it was found, the nearer to the latter the longer it was
        not seen.
        """
        moved = self._moved_box(features) if len(self.features) else box
        if float(box_iou(box[None], moved[None])[0, 0]) < _CORRECTION_IOU:
            return box
        share = np.float32(1.0 - math.exp(-(time - self.seen) / _SETTLING_SECONDS))
        return np.asarray(moved + share * (box - moved), np.float32)


def mean_confidence(features: Float32) -> float:
    """Of the joints of a pose ``(J, 3)``: how much it looks like a person at all."""
    return float(features[:, 2].mean())


def _count_sure(features: Float32, threshold: float) -> int:
    return int((features[:, 2] >= threshold).sum())
