"""Puts together what is given out of a person, and of the scene, in one frame."""

from dataclasses import replace

import numpy as np

from edgeact.bundle.plan import JOINT_MAP, Plan
from edgeact.perception.attention import attention_map
from edgeact.perception.map_choice import MapChoice
from edgeact.perception.parts import part_crops
from edgeact.perception.subject import Subject
from edgeact.perception.tracking.step import TrackedPerson
from edgeact.types import AttentionMap, Float32, Person, Pose, Reading


def describe_person(plan: Plan, choice: MapChoice, subject: Subject, tracked: TrackedPerson, time: float) -> Person:
    """A person with all that is known.

    Args:
        plan: Of the bundle.
        choice: Which attention maps are wanted.
        subject: What is remembered of the person.
        tracked: What the frame shows of the person.
        time: Of the frame.
    """
    joints_3d = tracked.joints_3d if subject.joints_3d is None else subject.joints_3d
    pose = Pose(joints=tracked.features[:, :2], confidence=tracked.features[:, 2], joints_3d=joints_3d)
    boxes = plan.pose.output("part_boxes")
    parts = part_crops(
        pose,
        skeleton=plan.skeleton,
        threshold=plan.joint_confidence,
        boxes=None if boxes is None else tracked.more[boxes.name],
    )
    readings = [state.reading for state in subject.states.values() if state.reading is not None]
    maps = subject.maps(time, tracked.crop_box)
    if choice.wants(JOINT_MAP) and tracked.joint_maps is not None:
        maps = _joint_maps(plan, subject, tracked, readings) + maps
    return Person(
        track_id=tracked.track_id,
        box=tracked.box,
        score=tracked.score,
        pose=pose,
        parts=parts,
        readings=_with_maps(readings, maps),
        attention=_unclaimed(readings, maps),
    )


def describe_scene(scene: Subject | None, time: float) -> tuple[tuple[Reading, ...], tuple[AttentionMap, ...]]:
    """The readings of the scene, and the maps that belong to none of its heads; None is a scene that nobody judges."""
    if scene is None:
        return (), ()
    readings = [state.reading for state in scene.states.values() if state.reading is not None]
    maps = scene.maps(time, None)
    return _with_maps(readings, maps), _unclaimed(readings, maps)


def _with_maps(readings: list[Reading], maps: list[tuple[str | None, AttentionMap]]) -> tuple[Reading, ...]:
    own = [tuple(found for head, found in maps if head == reading.head) for reading in readings]
    return tuple(
        replace(reading, attention=attention) if attention else reading
        for reading, attention in zip(readings, own, strict=True)
    )


def _unclaimed(readings: list[Reading], maps: list[tuple[str | None, AttentionMap]]) -> tuple[AttentionMap, ...]:
    heads = {reading.head for reading in readings}
    return tuple(found for head, found in maps if head not in heads)


def _joint_maps(
    plan: Plan, subject: Subject, tracked: TrackedPerson, readings: list[Reading]
) -> list[tuple[str | None, AttentionMap]]:
    """One picture of the joints for each head that says what decided it.

    A bundle that never says it gets one picture of all joints alike. One that says it gets none before: joints that all
    glow would look like a decision.
    """
    if any(explainer.graph.output("relevance") is not None for explainer in plan.explainers):
        return [
            (
                reading.head,
                _joint_map(plan, tracked, subject.weights[reading.head], reading.labels[0] if reading.labels else None),
            )
            for reading in readings
            if reading.head in subject.weights
        ]
    return [(readings[0].head if readings else None, _joint_map(plan, tracked, None, None))]


def _joint_map(plan: Plan, tracked: TrackedPerson, weights: Float32 | None, label: str | None) -> AttentionMap:
    """Combine a person's joint maps into one attention map, each weighted by how much its joint decided the action of
    a head; with ``weights`` None all weigh alike. Joints under the confidence for drawing are left out.
    """
    if tracked.joint_maps is None:
        raise AssertionError("the bundle gives no joint maps")
    decides = weights is not None
    if weights is None:
        weights = np.full(len(tracked.joint_maps), 1.0 / len(tracked.joint_maps), np.float32)
    return attention_map(
        weights,
        tracked.joint_maps,
        name=JOINT_MAP,
        box=tracked.crop_box,
        label=label,
        placed=tracked.features[:, 2] >= plan.joint_confidence,
        decides=decides,
    )
