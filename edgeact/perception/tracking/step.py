"""What the tracker gives for each frame: the persons who are seen in it, and the tracks that have ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeact.types import Float32


@dataclass(frozen=True, slots=True, eq=False)
class TrackedPerson:
    """One confirmed track in one frame.

    Attributes:
        track_id: From 1; the same again for somebody who came back.
        box: ``(4,)`` float32 in frame pixels, within the frame.
        score: Of its last detection.
        features: ``(J, 3)`` float32 x, y in frame pixels, confidence.
        joints_3d: ``(J, 3)`` float32 metres from the pelvis, or None where the bundle gives none.
        joint_maps: ``(J, h, w)`` float32 over ``crop_box``, or None where the bundle gives none.
        crop_box: ``(4,)`` float32.
        continues: False where the track turned out to have been on another person just before: what came earlier is not
            this one's.
        more: ``(…)`` float32 by the name of the tensor: what else the pose graph says of the person.
    """

    track_id: int
    box: Float32
    score: float
    features: Float32
    joints_3d: Float32 | None
    joint_maps: Float32 | None
    crop_box: Float32
    continues: bool
    more: Mapping[str, Float32] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class TrackStep:
    """What a frame brought: the confirmed tracks that are seen in it, by id, and the ids that are lost: their
    persons are gone, perhaps to come back with the same id.
    """

    persons: tuple[TrackedPerson, ...]
    lost: tuple[int, ...]
