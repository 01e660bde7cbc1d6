"""What decides who is followed, beside the fixed `limits`."""

from dataclasses import dataclass

from edgeact.types import Float32


@dataclass(frozen=True, slots=True, eq=False)
class TrackingSettings:
    """Settings of one tracker.

    Attributes:
        max_persons: So many are followed at most.
        lost_seconds: So long a person may be out of sight.
        confirm_hits: So many detections make a track a person.
        detection_score: Detections under this score are no persons by themselves.
        joint_confidence: Joints under this are not sure.
        sigmas: ``(J,)`` float32, how far each joint may be off, as `edgeact.geometry.joint_sigmas` gives it.
    """

    max_persons: int
    lost_seconds: float
    confirm_hits: int
    detection_score: float
    joint_confidence: float
    sigmas: Float32
