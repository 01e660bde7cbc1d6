"""The messages that travel between the stages: small frozen records.

Coordinates are pixels of the frame, x right, y down, the centre of the top-left pixel at (0, 0).
A box is ``(4,)`` float32 x_min, y_min, x_max, y_max. Time is seconds of the container's presentation timestamps.
Records that hold arrays compare by identity (``eq=False``), because an array comparison has no single truth value.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
UInt8: TypeAlias = npt.NDArray[np.uint8]
PartName: TypeAlias = Literal["head", "right_hand", "left_hand"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture.

    Attributes:
        index: Position in the source, from 0; without gaps where every frame is used, with `every` n it grows by n.
        time: Presentation time in seconds, from the container; strictly increasing within an epoch.
        image: ``(H, W, 3)`` uint8 RGB, upright (rotation metadata applied). Never written to: stages draw on copies.
        epoch: Grows when a source starts anew (a reconnect); times of different epochs do not compare.
        captured: `time.monotonic` when the frame was read: now minus this is the age of the frame.
        duration: Seconds that the frame is shown, as the container says; None where it does not say.
    """

    index: int
    time: float
    image: UInt8
    epoch: int = 0
    captured: float = 0.0
    duration: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A person found by the detector: box ``(4,)`` float32 and score 0..1."""

    box: Float32
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Joints of one person in one frame.

    Attributes:
        joints: ``(J, 2)`` float32 x, y in the order of the bundle's skeleton.
        confidence: ``(J,)`` float32 0..1: the estimated probability that the joint lies within 0.2 torso lengths.
    """

    joints: Float32
    confidence: Float32


@dataclass(frozen=True, slots=True, eq=False)
class PartCrop:
    """Where a body part is: its name and square box ``(4,)`` float32 (it may reach beyond the frame)."""

    name: PartName
    box: Float32


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """What a person is doing, by the clip that ends at this frame.

    Attributes:
        raw: ``(A,)`` float32 probabilities as the clip graph gave them, in the order of the bundle's labels.
        smoothed: ``(A,)`` float32 after smoothing over time; while a label is in force, those that decided on it.
        label: The action in force, which an event will hold, or None while none is certain (the clip's own "other"
            counts as none).
        score: The smoothed probability of ``label``, at least the bundle's threshold; None where there is none.
    """

    raw: Float32
    smoothed: Float32
    label: str | None
    score: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AttentionMap:
    """Where the decision came from: ``(h, w)`` float32 0..1 over ``box``, for the action ``label``.

    ``label`` is None while no action is known; the map then shows where the pose network found the joints.
    """

    values: Float32
    box: Float32
    label: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One track in one frame.

    ``action`` is None until the track's clip is long enough, and while too little of the person is visible;
    ``attention`` is None on frames where none was computed.
    """

    track_id: int
    box: Float32
    score: float
    pose: Pose
    parts: tuple[PartCrop, ...] = ()
    action: Action | None = None
    attention: AttentionMap | None = None


@dataclass(frozen=True, slots=True)
class ActionEvent:
    """An action of one track from ``start`` to ``end`` (seconds, epoch's time) with its highest smoothed score."""

    track_id: int
    label: str
    start: float
    end: float
    peak_score: float


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """Everything that is known of one frame, in the order of the source; ``events`` are those that ended with it."""

    frame: Frame
    persons: tuple[Person, ...] = ()
    events: tuple[ActionEvent, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=dict)
