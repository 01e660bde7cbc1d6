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
EventPhase: TypeAlias = Literal["new", "update", "end"]
EventSubject: TypeAlias = Literal["track", "scene", "source"]


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
        source: Name of the source that gave the frame, without credentials.
    """

    index: int
    time: float
    image: UInt8
    epoch: int = 0
    captured: float = 0.0
    duration: float | None = None
    source: str = ""


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
        joints_3d: ``(J, 3)`` float32 metres: the pelvis at the origin, x right, y down, z away from the camera; None
            where the bundle estimates no depth.
    """

    joints: Float32
    confidence: Float32
    joints_3d: Float32 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PartCrop:
    """Where a body part is: its name and square box ``(4,)`` float32 (it may reach beyond the frame)."""

    name: PartName
    box: Float32


@dataclass(frozen=True, slots=True, eq=False)
class AttentionMap:
    """Where a network looked.

    Attributes:
        name: Which map it is; a bundle may give several, one for each method and layer that it offers.
        values: ``(h, w)`` float32 0..1 over ``box``.
        box: ``(4,)`` float32 what of the frame the map shows.
        label: The action that the map speaks for; None where it shows how the network saw the pose.
        time: Of the frame that the map was made of, in seconds; None where that is the frame that it comes with.
            Graphs that explain run at a rate of their own, and their last map is given until the next.
        joints: ``(J,)`` float32 0..1 how much each joint of the pose counts for the decision, 1 the one that counts
            most; 0 where a joint has no place. None where the map is of the picture, or shows all joints alike.
    """

    name: str
    values: Float32
    box: Float32
    label: str | None = None
    time: float | None = None
    joints: Float32 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one action head says of a person or of the scene, by what it has seen up to this frame.

    Attributes:
        head: Which head of the bundle it is.
        raw: ``(A,)`` float32 probabilities as the graph gave them, in the order of the head's labels.
        smoothed: ``(A,)`` float32 after smoothing over time; while a label is in force, those that decided on it.
        labels: The actions in force, which events hold; none while no action is certain (a head's own "other" counts
            as none), at most one unless the head is multi-label.
        scores: The smoothed probability of each of ``labels``, at least the head's threshold.
        attention: Where the head looked; empty where the bundle does not say, or did not say for this frame.
    """

    head: str
    raw: Float32
    smoothed: Float32
    labels: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    attention: tuple[AttentionMap, ...] = ()

    @property
    def strongest(self) -> tuple[str, float] | None:
        """The action in force with the highest score, and that score; None while none is in force."""
        return max(zip(self.labels, self.scores, strict=True), key=lambda found: found[1], default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One track in one frame.

    Attributes:
        track_id: Number of the track, from 1, never used twice in a source.
        box: ``(4,)`` float32.
        score: The detector's.
        pose: Where the joints are.
        parts: Squares around head and hands.
        readings: One for each action head that has seen enough of the person; the bundle's first head comes first.
        attention: Maps that belong to no action head: where the pose network saw the joints.
    """

    track_id: int
    box: Float32
    score: float
    pose: Pose
    parts: tuple[PartCrop, ...] = ()
    readings: tuple[Reading, ...] = ()
    attention: tuple[AttentionMap, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """Everything that is seen in one frame.

    Attributes:
        frame: The frame.
        persons: Who is in it.
        scene: What action heads say of the scene as a whole.
        attention: Maps of the whole frame that belong to no action head.
        stage_seconds: How long each stage took for it.
        detections: What the detector found in the frame, also what is not sure enough to be a person; empty where it
            did not run.
    """

    frame: Frame
    persons: tuple[Person, ...] = ()
    scene: tuple[Reading, ...] = ()
    attention: tuple[AttentionMap, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=dict)
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What happens over time. It is told several times: when it begins, while it lasts, and when it has ended.

    Attributes:
        id: The same in all phases of an event; unique within its source.
        phase: ``new`` when it has begun, ``update`` while it lasts, ``end`` when it is over.
        source: Name of the source.
        epoch: Of the source; times of different epochs do not compare.
        kind: What sort of event: ``action``, or the kind of a rule.
        subject: Whom it is about: one track, the scene, or the source itself.
        track_id: The track; None for another subject.
        label: Which action; of a rule, what it was asked for.
        start: Seconds of the epoch's time.
        end: Seconds; None until it is over.
        score: The highest score so far.
        zone: Name of the zone that it happened in; None without zones.
        rule: Name of the rule that told it; None for an action that was seen.
    """

    id: int
    phase: EventPhase
    source: str
    epoch: int
    kind: str
    subject: EventSubject
    track_id: int | None
    label: str
    start: float
    end: float | None
    score: float
    zone: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Perceived:
    """What perceiving one frame gave: what is seen in it, and the events that began, went on or ended with it."""

    observation: Observation
    events: tuple[Event, ...] = ()
