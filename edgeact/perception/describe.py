"""What each followed person does, and why it seems so: actions, body parts, attention."""

import time as clock
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgeact.bundle import Bundle
from edgeact.config import PipelineConfig
from edgeact.perception.actions import ActionRules, ActionState, EventLog
from edgeact.perception.attention import attention_map, joint_weights
from edgeact.perception.clips import ClipBuffer
from edgeact.perception.parts import part_crops
from edgeact.perception.scene import ROUNDING, Scene
from edgeact.perception.track_step import TrackedPerson, TrackStep
from edgeact.perception.visibility import possible_actions, visible_limbs
from edgeact.perception.wiring import WiredGraph
from edgeact.types import AttentionMap, Event, Float32, Observation, Perceived, Person, Pose, Reading

_NEVER = float("-inf")
_HEAD = "action"


@dataclass(slots=True, eq=False)
class _TrackMemory:
    """What is remembered of one track between frames."""

    buffer: ClipBuffer
    state: ActionState | None
    last_clip: float = _NEVER
    last_attention: float = _NEVER
    clip: Float32 | None = None
    weights: Float32 | None = None


class Describer:
    """Makes results of tracks; one for each source.

    Args:
        bundle: Without an action graph persons have no actions, without an explain graph the attention map shows where
            the pose graph found the joints.
        config: Of the pipeline.

    Raises:
        BundleError: A graph takes something else than features.
        BundleIntegrityError: A graph's file is not the one that the manifest describes.
        BackendError: The device is not available, or a graph cannot be loaded there.
    """

    def __init__(self, bundle: Bundle, config: PipelineConfig) -> None:
        manifest = bundle.manifest
        self._bundle, self._config = bundle, config
        self._action = self._clip_graph("actions")
        self._explain = self._clip_graph("relevance") if self._action is not None else None
        self._log = EventLog()
        self._rules = ActionRules(
            head=_HEAD,
            labels=manifest.labels,
            other_label=manifest.other_label,
            start_score=manifest.calibration.action_score,
            smoothing_seconds=config.smoothing_seconds,
            minimum_seconds=config.minimum_event_seconds,
        )
        self._memories: dict[int, _TrackMemory] = {}

    def _clip_graph(self, produces: Literal["actions", "relevance"]) -> WiredGraph | None:
        spec = self._bundle.find_graph(scope="person", horizon="clip", produces=produces)
        if spec is None:
            return None
        return WiredGraph(
            self._bundle, spec, takes="features", device=self._config.device, threads=self._config.threads
        )

    def describe(self, scene: Scene, step: TrackStep) -> Perceived:
        """What is seen in a frame: its persons, and the events that go with it."""
        time, seconds = scene.frame.time, scene.stage_seconds
        events = self.forget_all() if scene.is_new else []
        self._log.epoch = scene.frame.epoch
        for track_id in step.lost:
            events += self._forget(track_id)
        for tracked in step.persons:
            events += self._remember(tracked, time)
        if self._action is not None:
            started = clock.perf_counter()
            events += self._classify(scene, step.persons, self._action)
            seconds["action"] = clock.perf_counter() - started
        started = clock.perf_counter()
        persons = tuple(self._person(tracked, time) for tracked in step.persons)
        seconds["attention"] = clock.perf_counter() - started
        return Perceived(Observation(scene.frame, persons, stage_seconds=seconds), tuple(events))

    def forget_all(self) -> list[Event]:
        """Forget all tracks; the actions that were in force end."""
        return [event for track_id in list(self._memories) for event in self._forget(track_id)]

    def close(self) -> None:
        """Release the graphs; calling it twice does no harm."""
        for graph in (self._action, self._explain):
            if graph is not None:
                graph.close()

    def _forget(self, track_id: int) -> list[Event]:
        memory = self._memories.pop(track_id, None)
        return [] if memory is None or memory.state is None else list(memory.state.close())

    def _remember(self, tracked: TrackedPerson, time: float) -> list[Event]:
        """Keep the frame's features; what came before is forgotten where the track turns out to have been on someone
        else, or was not seen for long.
        """
        events = [] if tracked.continues else self._forget(tracked.track_id)
        memory = self._memories.get(tracked.track_id)
        if memory is None:
            buffer = ClipBuffer(self._bundle.manifest.clip, gap_seconds=self._config.lost_seconds)
            state = None if self._action is None else self._new_state(tracked.track_id)
            memory = self._memories[tracked.track_id] = _TrackMemory(buffer, state)
        continues = memory.buffer.add(time, tracked.features)
        if memory.state is not None and not continues:
            events += memory.state.close()
            memory.state = self._new_state(tracked.track_id)
        return events

    def _classify(self, scene: Scene, persons: tuple[TrackedPerson, ...], graph: WiredGraph) -> list[Event]:
        """Run the clip graph once over all tracks whose turn it is and of whom enough is visible."""
        time, (height, width) = scene.frame.time, scene.frame.image.shape[:2]
        events: list[Event] = []
        due: list[tuple[ActionState, npt.NDArray[np.bool_], float]] = []
        clips: list[Float32] = []
        for tracked in persons:
            memory = self._memories[tracked.track_id]
            if memory.state is None or time - memory.last_clip < self._config.clip_every_seconds - ROUNDING:
                continue
            clip = memory.buffer.clip()
            if clip is None:
                continue
            memory.clip, memory.last_clip = clip, time
            known_share = memory.buffer.known_share
            limbs = visible_limbs(
                clip[-max(1, round(known_share * len(clip))) :],
                skeleton=self._bundle.skeleton,
                threshold=self._bundle.manifest.calibration.joint_confidence,
                width=width,
                height=height,
            )
            if any(limbs.values()):
                due.append((memory.state, possible_actions(self._rules.labels, limbs), known_share))
                clips.append(clip)
            else:
                events += memory.state.pause(time)
        if due:
            scores = graph.run(np.stack(clips))["actions"]
            for (state, possible, known_share), raw in zip(due, scores, strict=True):
                events += state.update(time, raw, possible=possible, known_share=known_share)
        for tracked in persons:  # only now: an action that has just ended is not shown in this frame any more
            memory = self._memories[tracked.track_id]
            if memory.state is not None:
                memory.state.note_seen(time)
        return events

    def _person(self, tracked: TrackedPerson, time: float) -> Person:
        memory = self._memories[tracked.track_id]
        reading = None if memory.state is None else memory.state.reading
        attention = self._attention(tracked, memory, time, reading)
        if reading is not None and attention is not None:
            reading = replace(reading, attention=(attention,))
        pose = Pose(joints=tracked.features[:, :2], confidence=tracked.features[:, 2])
        return Person(
            track_id=tracked.track_id,
            box=tracked.box,
            score=tracked.score,
            pose=pose,
            parts=part_crops(
                pose, skeleton=self._bundle.skeleton, threshold=self._bundle.manifest.calibration.joint_confidence
            ),
            readings=() if reading is None else (reading,),
            attention=() if reading is not None or attention is None else (attention,),
        )

    def _new_state(self, track_id: int) -> ActionState:
        return ActionState(self._rules, self._log, track_id=track_id)

    def _attention(
        self, tracked: TrackedPerson, memory: _TrackMemory, time: float, reading: Reading | None
    ) -> AttentionMap | None:
        """The relevance is found anew every ``attention_every_seconds``; the joints' maps are those of this frame."""
        if tracked.joint_maps is None:
            return None
        if self._explain is not None and memory.clip is not None and memory.state is not None:
            if time - memory.last_attention >= self._config.attention_every_seconds - ROUNDING:
                relevance = self._explain.run(memory.clip[None])["relevance"][0]
                memory.weights = joint_weights(relevance, stride_seconds=self._bundle.manifest.clip.stride_seconds)
                memory.last_attention = time
            if memory.weights is not None:
                label = reading.labels[0] if reading is not None and reading.labels else None
                return attention_map(
                    memory.weights, tracked.joint_maps, name="joints", box=tracked.crop_box, label=label
                )
        equal = np.full(len(tracked.joint_maps), 1.0 / len(tracked.joint_maps), np.float32)
        return attention_map(equal, tracked.joint_maps, name="joints", box=tracked.crop_box, label=None)
