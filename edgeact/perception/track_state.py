"""What is known of one track, and what a pose tells about where it is now."""

import numpy as np

from edgeact.geometry import box_iou, joints_box
from edgeact.perception.appearance import blend_colours
from edgeact.perception.motion import BoxMotion
from edgeact.types import Detection, Float32

_JUMP_IOU = 0.05  # a detection that overlaps the expected box less is where the motion model starts anew
_PLAUSIBLE_IOU = 0.3  # a carried box that moved further from where it was expected has jumped to something else
# If fewer of the joints are sure than when the detector last saw the person, their box is too small
_JOINTS_SHARE = 0.8
_MARGIN_SHARE = 0.3  # how fast the margin between joints and box follows the detections
_COLOUR_SHARE = 0.1  # how fast the memory of someone's clothes follows what is seen


class TrackState:
    """One person.

    Attributes:
        track_id: Given when confirmed, None before.
        motion: Where the box is and how it moves.
        seen: When it was last seen, in seconds.
        supported: When the detector last saw a sign of it.
        score: Of its last detection.
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
        "_margins", "_seen_box", "_sure_joints", "colours", "confidence", "continues", "ended", "established",
        "features", "hits", "missed",
        "mixed", "motion", "row", "score", "seen", "supported", "track_id", "waiting",
    )  # fmt: skip

    def __init__(self, box: Float32, time: float) -> None:
        self.track_id: int | None = None
        self.motion = BoxMotion(box, time)
        self.seen = self.supported = time
        self.score = self.confidence = 0.0
        self.hits = self.missed = 0
        self.row: int | None = None
        self.continues = True
        self.features: Float32 = np.zeros((0, 3), np.float32)
        self.colours: Float32 = np.full((2, 3), np.nan, np.float32)
        self.mixed = self.waiting = self.established = self.ended = False
        self._seen_box = box
        self._margins: Float32 | None = None  # from the box of its joints to its box, in heights
        self._sure_joints = 0  # joints that were sure when the margins were taken

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
            before = self.expected_features()
            weight = before[:, 2] * features[:, 2]
            shift = (weight[:, None] * (features[:, :2] - before[:, :2])).sum(0) / max(float(weight.sum()), 1e-6)
            box = np.asarray(expected + np.concatenate([shift, shift]), np.float32)
        return box if float(box_iou(box[None], expected[None])[0, 0]) >= _PLAUSIBLE_IOU else None

    def see(self, box: Float32, features: Float32, colours: Float32, row: int, time: float) -> None:
        """Take in where it was found and with which pose and clothes; ``row`` is that of the frame's poses."""
        if float(box_iou(box[None], self.motion.box[None])[0, 0]) < _JUMP_IOU:
            self.motion = BoxMotion(box, time)
        else:
            self.motion.update(box)
        self.features, self.row, self.seen, self._seen_box = features, row, time, self.motion.box
        if not self.mixed:
            self.colours = blend_colours(self.colours, colours, share=_COLOUR_SHARE)

    def note_detection(self, detection: Detection, *, threshold: float) -> None:
        """Remember what the detector said of it, after `see`; ``threshold`` is the confidence of a sure joint."""
        self.score, self.confidence = detection.score, mean_confidence(self.features)
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


def mean_confidence(features: Float32) -> float:
    """Of the joints of a pose ``(J, 3)``: how much it looks like a person at all."""
    return float(features[:, 2].mean())


def _count_sure(features: Float32, threshold: float) -> int:
    return int((features[:, 2] >= threshold).sum())
