"""What is remembered of one subject, a track or the scene, between frames; and the attention maps made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from edgeact.bundle.manifest import GraphSpec, TensorSpec
from edgeact.engine.base import Array
from edgeact.perception.actions import ActionRules, ActionState, EventLog
from edgeact.perception.attention import follow_box, newest_moment, scaled_map
from edgeact.perception.calls import GraphCall, Row
from edgeact.perception.clips import CLOSEST_PICTURES_SHARE, CLOSEST_SHARE, ClipBuffer
from edgeact.perception.multi_label import MultiLabelState
from edgeact.perception.readers import ClipInput, Reader, Readers
from edgeact.types import AttentionMap, Event, Float32

HeadState: TypeAlias = ActionState | MultiLabelState
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What a graph was given of a subject.

    Attributes:
        call: The call.
        time: Of the frame that it ends with.
        box: ``(4,)`` what of that frame the picture shows, a clip's newest one; None where it reads no pictures.
        crop: ``(4,)`` the person's crop then, with which a map moves on; None for the scene.
        known_share: How much of a clip the subject was known for.
    """

    call: GraphCall
    time: float
    box: Float32 | None = None
    crop: Float32 | None = None
    known_share: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Map:
    """A map that a graph gave, and the call that it came of."""

    tensor: TensorSpec
    values: Float32
    taken: Taken


@dataclass(slots=True, eq=False)
class Subject:
    """The memory.

    Attributes:
        states: By action head.
        buffers: Samples of the clips.
        boxes: What of the frame the newest picture of a buffer shows.
        called: When each graph was called last.
        taken: What each reader was given last.
        weights: By action head how much each joint ``(J,)`` speaks for the decision.
        joints_3d: ``(J, 3)`` metres, by a lifter.
    """

    states: dict[str, HeadState]
    buffers: dict[ClipInput, ClipBuffer[Any]]
    boxes: dict[ClipInput, Float32] = field(default_factory=dict)
    called: dict[str, float] = field(default_factory=dict)
    taken: dict[str, Taken] = field(default_factory=dict)
    weights: dict[str, Float32] = field(default_factory=dict)
    joints_3d: Float32 | None = None
    _maps: dict[str, _Map] = field(default_factory=dict)

    def add(self, time: float, samples: Mapping[ClipInput, Array]) -> bool:
        """Keep what was seen at a time; whether it goes on from what came before."""
        continues = [buffer.add(time, samples[key]) for key, buffer in self.buffers.items()]
        return all(continues)

    def is_due(self, graph: str, time: float, *, every: float) -> bool:
        """Whether a graph was not called for so many seconds."""
        return time - self.called.get(graph, _NEVER) >= every

    def clip(self, reader: Reader, *, least_share: float | None = None) -> tuple[Array, ...] | None:
        """The clips that a reader takes, or None while too little is known."""
        shares = {} if least_share is None else {"least_share": least_share}
        clips = [self.buffers[key].clip(**shares) for key in reader.clips]
        known = [clip for clip in clips if clip is not None]
        return tuple(known) if len(known) == len(clips) else None

    def note_maps(self, tensors: Iterable[TensorSpec], row: Row, taken: Taken) -> None:
        """Remember the maps that a graph gave."""
        for tensor in tensors:
            values = newest_moment(scaled_map(row[tensor.name], is_mask=tensor.meaning == "human_map"))
            self._maps[tensor.name] = _Map(tensor, values, taken)

    def maps(self, time: float, crop: Float32 | None) -> list[tuple[str | None, AttentionMap]]:
        """The remembered maps, each with the head that it belongs to.

        Args:
            time: Of the frame that they are given with.
            crop: ``(4,)`` the person's crop in it; None for the scene.
        """
        found = []
        for name, seen in self._maps.items():
            taken = seen.taken
            if taken.box is None:
                continue
            box = taken.box if crop is None or taken.crop is None else follow_box(taken.box, taken.crop, crop)
            label = self._label(seen.tensor.head)
            made = None if taken.time == time else taken.time
            found.append((seen.tensor.head, AttentionMap(name, seen.values, box, label, made)))
        return found

    def close(self) -> list[Event]:
        """End all actions in force."""
        return [event for state in self.states.values() for event in state.close()]

    def _label(self, head: str | None) -> str | None:
        reading = None if head is None or head not in self.states else self.states[head].reading
        return reading.labels[0] if reading is not None and reading.labels else None


def new_subject(readers: Readers, log: EventLog, *, track_id: int | None, gap_seconds: float) -> Subject:
    """A subject of which nothing is known yet.

    Args:
        readers: The graphs that judge it.
        log: Of the source.
        track_id: The track; None for the scene.
        gap_seconds: What was not seen for longer starts anew.
    """
    buffers: dict[ClipInput, ClipBuffer[Any]] = {}
    for key in readers.clip_inputs:
        share = CLOSEST_PICTURES_SHARE if key.meaning == "pictures" else CLOSEST_SHARE
        buffers[key] = ClipBuffer(key.clip, gap_seconds=gap_seconds, closest_share=share)
    return Subject(new_states(readers.rules, log, track_id=track_id), buffers)


def new_states(rules: Iterable[ActionRules], log: EventLog, *, track_id: int | None) -> dict[str, HeadState]:
    """The states of all heads before anything was judged."""
    states: dict[str, HeadState] = {}
    for head in rules:
        kind = MultiLabelState if head.multi_label else ActionState
        states[head.head] = kind(head, log, track_id=track_id)
    return states


def scores_of(graph: GraphSpec, row: Row) -> list[tuple[str, Float32]]:
    """The scores ``(A,)`` of each head of a graph, in the order of its heads."""
    names = {tensor.head: tensor.name for tensor in graph.outputs if tensor.meaning == "actions"}
    return [(head.name, row[names[head.name]]) for head in graph.heads]


def relevance_of(graph: GraphSpec, row: Row) -> list[tuple[str, Float32]]:
    """The relevance ``(T, J)`` that a graph gives, by the head that it speaks for."""
    return [
        (tensor.head, np.asarray(row[tensor.name], np.float32))
        for tensor in graph.outputs
        if tensor.meaning == "relevance" and tensor.head is not None
    ]
