"""Whether a detection that fits no track shows a person who is not followed yet."""

from collections.abc import Sequence

from edgeact.geometry import box_area, joint_sigmas
from edgeact.perception.tracking.association import pose_fit
from edgeact.perception.tracking.limits import (
    FAINT_SHARE,
    LIMB_HEIGHT,
    NEW_SIMILARITY,
    START_EVIDENCE,
    START_SHARE,
    SURE_POSE,
)
from edgeact.perception.tracking.state import TrackState, mean_confidence
from edgeact.skeleton import Skeleton
from edgeact.types import Detection, Float32


class Newcomers:
    """Judges detections that are nobody's.

    Args:
        skeleton: What the poses follow.
        detection_score: Detections under this score are no persons by themselves.
        joint_confidence: Joints under this are not sure.
    """

    def __init__(self, skeleton: Skeleton, *, detection_score: float, joint_confidence: float) -> None:
        self._detection_score, self._joint_confidence = detection_score, joint_confidence
        self._sigmas = joint_sigmas(skeleton.joints)
        self._limb_ends = [index for index, joint in enumerate(skeleton.joints) if joint.endswith(("wrist", "ankle"))]

    def is_one(self, detection: Detection, features: Float32, tracks: Sequence[TrackState]) -> bool:
        """Whether a detection is a new person.

        Args:
            detection: One that fits no track.
            features: ``(J, 3)`` the pose in its box.
            tracks: All that are followed.
        """
        return (
            self._is_convincing(detection, features)
            and not self._is_known(detection.box, features, tracks)
            and not self._is_limb(detection.box, tracks)
        )

    def _is_convincing(self, detection: Detection, features: Float32) -> bool:
        """Whether a detection may start a track: its score and the pose confidence suffice together, or the pose
        confidence is high and the score at least `FAINT_SHARE` of the detection score.
        """
        confidence = mean_confidence(features)
        if detection.score >= FAINT_SHARE * self._detection_score and confidence >= SURE_POSE * self._joint_confidence:
            return True
        needed = START_EVIDENCE * (self._detection_score + self._joint_confidence)
        return (
            detection.score >= self._detection_score
            and confidence >= START_SHARE * self._joint_confidence
            and detection.score + confidence >= needed
        )

    def _is_known(self, box: Float32, features: Float32, tracks: Sequence[TrackState]) -> bool:
        """Whether a track that is seen already shows this person."""
        alike = (
            pose_fit(
                track.features,
                features,
                area=float(min(box_area(track.motion.box), box_area(box))),
                sigmas=self._sigmas,
            )
            for track in tracks
            if track.row is not None
        )
        return any(fit >= NEW_SIMILARITY for fit in alike)

    def _is_limb(self, box: Float32, tracks: Sequence[TrackState]) -> bool:
        """Whether a small box holds a hand or foot of a much larger person who is seen: detectors take raised arms for
        persons.
        """
        height = float(box[3] - box[1])
        for track in tracks:
            if track.row is None or height > LIMB_HEIGHT * float(track.motion.box[3] - track.motion.box[1]):
                continue
            ends = track.features[self._limb_ends]
            ends = ends[ends[:, 2] >= self._joint_confidence, :2]
            if bool(((ends >= box[:2]) & (ends <= box[2:])).all(1).any()):
                return True
        return False
