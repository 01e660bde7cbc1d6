"""What the people of one source do, and why it seems so: clips, actions, body parts, attention.

Like the tracker, it asks and is answered: which clips are to be classified, which are to be explained. The graphs are
called by the stages (`edgeact.perception.stages`), on what all sources ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from edgeact.bundle.plan import Plan
from edgeact.config import PipelineConfig
from edgeact.perception.actions import ActionRules, ActionState, EventLog
from edgeact.perception.attention import attention_map, joint_weights
from edgeact.perception.clips import ClipBuffer
from edgeact.perception.parts import part_crops
from edgeact.perception.schedule import ROUNDING
from edgeact.perception.tracking.step import TrackedPerson, TrackStep
from edgeact.perception.visibility import possible_actions, visible_limbs
from edgeact.types import AttentionMap, Event, Float32, Frame, Observation, Perceived, Person, Pose, Reading

_NEVER = float("-inf")
JOINT_MAP = "joints"  # name of the attention map that is made of the joints' maps

# Scores ``(N, A)`` by the name of the action head, and relevance ``(N, T, J)`` by the head that it speaks for.
Scores = Mapping[str, Float32]
Relevance = Mapping[str, Float32]


@dataclass(slots=True, eq=False)
class _Memory:
    """What is remembered of one track between frames.

    Attributes:
        buffer: Its poses; None where no graph reads clips.
        states: By action head.
        last_clip: When it was classified last.
        last_attention: When a decision was explained last.
        clip: The last one.
        weights: By action head how much each joint ``(J,)`` speaks for the decision.
    """

    buffer: ClipBuffer | None
    states: dict[str, ActionState]
    last_clip: float = _NEVER
    last_attention: float = _NEVER
    clip: Float32 | None = None
    weights: dict[str, Float32] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Due:
    """A track whose clip is to be classified: what can be judged, and how much of the clip is known."""

    memory: _Memory
    limbs: dict[str, bool]
    known_share: float


class Acting:
    """Judges the actions of the people of one source, and asks for the clips that graphs have to read.

    Args:
        plan: Of the bundle. Without classifiers persons have no readings; without explainers the attention map shows
            where the pose graph found the joints.
        config: Of the pipeline.
        log: Numbers the events of the source.
    """

    def __init__(self, plan: Plan, config: PipelineConfig, log: EventLog) -> None:
        self._plan, self._config, self._log = plan, config, log
        self._rules = [
            ActionRules(
                head=head.name,
                labels=head.labels,
                other_label=head.other_label or "",
                start_score=head.score,
                smoothing_seconds=config.smoothing_seconds,
                minimum_seconds=config.minimum_event_seconds,
                has_events=head.events,
            )
            for head in plan.heads
        ]
        self._memories: dict[int, _Memory] = {}
        self._frame: Frame | None = None  # that is being described
        self._persons: tuple[TrackedPerson, ...] = ()
        self._events: list[Event] = []
        self._due: list[_Due] = []
        self._explained: list[_Memory] = []

    def expect(self, frame: Frame, step: TrackStep, *, is_new: bool) -> list[Float32]:
        """Begin to describe a frame.

        Args:
            frame: The frame.
            step: Who is followed in it.
            is_new: Whether a shot or an epoch begins with it.

        Returns:
            Clips ``(T, J, 3)`` to classify, which `answer` is to be given the scores of.
        """
        self._frame, self._persons = frame, step.persons
        self._events = list(self.forget_all()) if is_new else []
        self._log.epoch = frame.epoch
        for track_id in step.lost:
            self._events += self._forget(track_id)
        for tracked in step.persons:
            self._events += self._remember(tracked, frame.time)
        clips = []
        self._due = []
        for tracked in step.persons:
            clip = self._due_clip(self._memories[tracked.track_id], frame)
            if clip is not None:
                clips.append(clip)
        return clips

    def answer(self, scores: Scores) -> list[Float32]:
        """Take in the scores of the clips.

        Args:
            scores: By action head ``(N, A)``, N clips in the order in which they were asked for.

        Returns:
            Clips ``(T, J, 3)`` to explain, which `conclude` is to be given the relevance of.
        """
        time = self._current_frame().time
        for row, due in enumerate(self._due):
            for rules in self._rules:
                state, possible = due.memory.states[rules.head], possible_actions(rules.labels, due.limbs)
                raw = scores[rules.head][row]
                self._events += state.update(time, raw, possible=possible, known_share=due.known_share)
        for tracked in self._persons:  # only now: an action that has just ended is not shown in this frame any more
            for state in self._memories[tracked.track_id].states.values():
                state.note_seen(time)
        self._explained = [
            memory
            for tracked in self._persons
            if tracked.joint_maps is not None and self._wants_explanation(memory := self._memories[tracked.track_id])
        ]
        return [memory.clip for memory in self._explained if memory.clip is not None]

    def conclude(self, relevance: Relevance) -> Perceived:
        """Describe the frame.

        Args:
            relevance: By action head ``(N, T, J)``, N clips in the order in which they were asked for.
        """
        frame = self._current_frame()
        for row, memory in enumerate(self._explained):
            memory.last_attention = frame.time
            for head, found in relevance.items():
                if self._plan.clip is not None:
                    memory.weights[head] = joint_weights(found[row], stride_seconds=self._plan.clip.stride_seconds)
        persons = tuple(self._person(tracked) for tracked in self._persons)
        self._frame, self._explained, self._due = None, [], []
        return Perceived(Observation(frame, persons), tuple(self._events))

    def forget_all(self) -> tuple[Event, ...]:
        """Forget all tracks; the actions that were in force end."""
        return tuple(event for track_id in list(self._memories) for event in self._forget(track_id))

    def _current_frame(self) -> Frame:
        if self._frame is None:
            raise AssertionError("no frame is being described")
        return self._frame

    def _forget(self, track_id: int) -> list[Event]:
        memory = self._memories.pop(track_id, None)
        return [] if memory is None else _close(memory)

    def _remember(self, tracked: TrackedPerson, time: float) -> list[Event]:
        """Keep the frame's pose; what came before is forgotten where the track turns out to have been on someone else,
        or was not seen for long.
        """
        events = [] if tracked.continues else self._forget(tracked.track_id)
        memory = self._memories.get(tracked.track_id)
        if memory is None:
            clip = self._plan.clip
            buffer = None if clip is None else ClipBuffer(clip, gap_seconds=self._config.lost_seconds)
            memory = self._memories[tracked.track_id] = _Memory(buffer, self._new_states(tracked.track_id))
        if memory.buffer is not None and not memory.buffer.add(time, tracked.features):
            events += _close(memory)
            memory.states = self._new_states(tracked.track_id)
        return events

    def _new_states(self, track_id: int) -> dict[str, ActionState]:
        return {rules.head: ActionState(rules, self._log, track_id=track_id) for rules in self._rules}

    def _due_clip(self, memory: _Memory, frame: Frame) -> Float32 | None:
        """The clip of a track whose turn it is and of whom enough is visible."""
        if memory.buffer is None or frame.time - memory.last_clip < self._config.clip_every_seconds - ROUNDING:
            return None
        clip = memory.buffer.clip()
        if clip is None:
            return None
        memory.clip, memory.last_clip = clip, frame.time
        height, width = frame.image.shape[:2]
        known_share = memory.buffer.known_share
        limbs = visible_limbs(
            clip[-max(1, round(known_share * len(clip))) :],
            skeleton=self._plan.skeleton,
            threshold=self._plan.joint_confidence,
            width=width,
            height=height,
        )
        if not any(limbs.values()):
            for state in memory.states.values():
                self._events += state.pause(frame.time)
            return None
        self._due.append(_Due(memory, limbs, known_share))
        return clip

    def _wants_explanation(self, memory: _Memory) -> bool:
        """Explained anew every ``attention_every_seconds``; the joints' maps are those of each frame."""
        if not self._plan.explainers or memory.clip is None:
            return False
        elapsed = self._current_frame().time - memory.last_attention
        return elapsed >= self._config.attention_every_seconds - ROUNDING

    def _person(self, tracked: TrackedPerson) -> Person:
        memory = self._memories[tracked.track_id]
        pose = Pose(joints=tracked.features[:, :2], confidence=tracked.features[:, 2], joints_3d=tracked.joints_3d)
        readings = [state.reading for state in memory.states.values() if state.reading is not None]
        parts = part_crops(pose, skeleton=self._plan.skeleton, threshold=self._plan.joint_confidence)
        return Person(
            track_id=tracked.track_id,
            box=tracked.box,
            score=tracked.score,
            pose=pose,
            parts=parts,
            readings=tuple(self._with_attention(reading, memory, tracked) for reading in readings),
            attention=() if readings else self._joint_maps(memory, tracked),
        )

    def _with_attention(self, reading: Reading, memory: _Memory, tracked: TrackedPerson) -> Reading:
        weights = memory.weights.get(reading.head)
        if tracked.joint_maps is None:
            return reading
        if weights is None:
            return replace(reading, attention=(_plain_map(tracked.joint_maps, tracked.crop_box),))
        label = reading.labels[0] if reading.labels else None
        found = attention_map(weights, tracked.joint_maps, name=JOINT_MAP, box=tracked.crop_box, label=label)
        return replace(reading, attention=(found,))

    def _joint_maps(self, memory: _Memory, tracked: TrackedPerson) -> tuple[AttentionMap, ...]:
        """The map of a person of whom nothing is read yet, or not any more."""
        if tracked.joint_maps is None:
            return ()
        weights = next(iter(memory.weights.values()), None)
        if weights is None:
            return (_plain_map(tracked.joint_maps, tracked.crop_box),)
        return (attention_map(weights, tracked.joint_maps, name=JOINT_MAP, box=tracked.crop_box, label=None),)


def _plain_map(joint_maps: Float32, box: Float32) -> AttentionMap:
    """Where the pose network saw the joints, all alike."""
    equal = np.full(len(joint_maps), 1.0 / len(joint_maps), np.float32)
    return attention_map(equal, joint_maps, name=JOINT_MAP, box=box, label=None)


def _close(memory: _Memory) -> list[Event]:
    return [event for state in memory.states.values() for event in state.close()]
