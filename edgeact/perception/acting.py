"""What the people of one source do, what its scenes show, and why it seems so.

Like the tracker, it asks and is answered: what is to be judged, then what is to be explained. The graphs are called by
the stages (`edgeact.perception.stages`), on what all sources ask for.
"""

from dataclasses import dataclass, replace

from edgeact.bundle.manifest import GraphSpec
from edgeact.bundle.plan import Explainer, Plan
from edgeact.config import PipelineConfig
from edgeact.engine.base import Array
from edgeact.perception.actions import EventLog
from edgeact.perception.attention import joint_weights
from edgeact.perception.calls import Answers, GraphCall, Row
from edgeact.perception.describe import describe_person, describe_scene
from edgeact.perception.map_choice import MapChoice
from edgeact.perception.pace import Pace
from edgeact.perception.pictures import person_picture, picture_size, scene_picture
from edgeact.perception.readers import ClipInput, Reader, Readers
from edgeact.perception.schedule import ROUNDING
from edgeact.perception.subject import Subject, Taken, new_states, new_subject, relevance_of, scores_of
from edgeact.perception.tracking.step import TrackedPerson, TrackStep
from edgeact.perception.visibility import possible_actions, visible_limbs
from edgeact.types import Event, Float32, Frame, Observation, Perceived

# Of a live source no graph is called again before this many times as long has passed as it took: it must not keep
# frames waiting, and what it costs comes back as frames that are skipped.
_PAUSE_FACTOR = 3.0
# A lifter is asked for every frame, from the first one on.
_ALWAYS, _ANY_SHARE = float("-inf"), 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Due:
    """A call that is to be judged: of whom, and which limbs are visible; None where the graph sees for itself."""

    subject: Subject
    reader: Reader
    taken: Taken
    limbs: dict[str, bool] | None


class Acting:
    """Judges the people and the scenes of one source, and asks for the calls of graphs.

    Args:
        plan: Of the bundle.
        config: Of the pipeline.
        log: Numbers the events of the source.
        live: Whether the source gives frames whether or not there is time for them.
        pace: How thoroughly the source is perceived; None takes the settings as they are.

    Raises:
        UsageError: The settings choose an attention map that the bundle does not offer.
    """

    def __init__(
        self, plan: Plan, config: PipelineConfig, log: EventLog, *, live: bool = False, pace: Pace | None = None
    ) -> None:
        self._plan, self._config, self._log, self._live = plan, config, log, live
        self._pace = pace or Pace()
        self._choice = MapChoice(plan, config.attention)
        self._people = Readers(plan, config, "person", self._choice)
        self._scenes = Readers(plan, config, "scene", self._choice)
        self._subjects: dict[int, Subject] = {}
        self._scene: Subject | None = None
        self._costs: dict[str, float] = {}  # seconds of each graph's last batch
        self._frame: Frame | None = None  # that is being described
        self._persons: tuple[TrackedPerson, ...] = ()
        self._events: list[Event] = []
        self._due: list[_Due] = []
        self._explained: list[tuple[Subject, Explainer, Taken]] = []

    def expect(self, frame: Frame, step: TrackStep, *, is_new: bool) -> list[GraphCall]:
        """Begin to describe a frame.

        Args:
            frame: The frame.
            step: Who is followed in it.
            is_new: Whether a shot or an epoch begins with it.

        Returns:
            What is to be judged, which `answer` is to be given the answers to.
        """
        self._frame, self._persons = frame, step.persons
        self._events = list(self.forget_all()) if is_new else []
        self._log.epoch = frame.epoch
        for track_id in step.lost:
            self._events += self._forget(track_id)
        for tracked in step.persons:
            self._remember(tracked, frame)
        self._due = []
        for tracked in step.persons:
            for reader in self._people.readers:
                self._ask(self._subjects[tracked.track_id], reader, tracked)
        if not self._scenes.is_empty:
            self._look_at_scene(frame)
        return [due.taken.call for due in self._due]

    def answer(self, answers: Answers) -> list[GraphCall]:
        """Take in what the graphs say.

        Args:
            answers: To the calls that `expect` asked for.

        Returns:
            What is to be explained, which `conclude` is to be given the answers to.
        """
        time = self._current_frame().time
        self._costs.update(answers.seconds)
        for tracked in self._persons:
            self._judge_pose_heads(tracked, time)
        for due, row in zip(self._due, answers.rows, strict=True):
            self._judge(due, row, time)
        for subject in self._seen():  # only now: an action that has just ended is not shown in this frame any more
            for state in subject.states.values():
                state.note_seen(time)
        self._explained = []
        if not self._pace.explains:
            return []
        for tracked in self._persons:
            for explainer in self._people.explainers:
                self._ask_why(self._subjects[tracked.track_id], explainer, tracked)
        if self._scene is not None:
            for explainer in self._scenes.explainers:
                self._ask_why(self._scene, explainer, None)
        return [taken.call for _, _, taken in self._explained]

    def conclude(self, answers: Answers) -> Perceived:
        """Describe the frame.

        Args:
            answers: To the calls that `answer` asked for.
        """
        frame = self._current_frame()
        self._costs.update(answers.seconds)
        for (subject, explainer, taken), row in zip(self._explained, answers.rows, strict=True):
            subject.called[explainer.graph.name] = frame.time
            self._note_reasons(subject, explainer.graph, row, taken)
        persons = tuple(
            describe_person(self._plan, self._choice, self._subjects[tracked.track_id], tracked, frame.time)
            for tracked in self._persons
        )
        scene, attention = describe_scene(self._scene, frame.time)
        self._frame, self._explained, self._due = None, [], []
        return Perceived(Observation(frame, persons, scene, attention), tuple(self._events))

    def forget_all(self) -> tuple[Event, ...]:
        """Forget all tracks and the scene; the actions that were in force end."""
        events = [event for track_id in list(self._subjects) for event in self._forget(track_id)]
        scene, self._scene = self._scene, None
        return (*events, *([] if scene is None else scene.close()))

    def _current_frame(self) -> Frame:
        if self._frame is None:
            raise AssertionError("no frame is being described")
        return self._frame

    def _seen(self) -> list[Subject]:
        """Who and what is in the frame."""
        scene = [] if self._scene is None else [self._scene]
        return [*(self._subjects[tracked.track_id] for tracked in self._persons), *scene]

    def _forget(self, track_id: int) -> list[Event]:
        subject = self._subjects.pop(track_id, None)
        return [] if subject is None else subject.close()

    def _remember(self, tracked: TrackedPerson, frame: Frame) -> None:
        """Keep what the frame shows of a person; what came before is forgotten where the track turns out to have been
        on someone else, or was not seen for long.
        """
        if not tracked.continues:
            self._events += self._forget(tracked.track_id)
        subject = self._subjects.get(tracked.track_id)
        if subject is None:
            gap = self._config.lost_seconds
            subject = new_subject(self._people, self._log, track_id=tracked.track_id, gap_seconds=gap)
            self._subjects[tracked.track_id] = subject
        samples = {key: self._sample(subject, key, tracked, frame) for key in self._people.clip_inputs}
        if not subject.add(frame.time, samples):
            self._events += subject.close()
            subject.states = new_states(self._people.rules, self._log, track_id=tracked.track_id)

    def _sample(self, subject: Subject, key: ClipInput, tracked: TrackedPerson, frame: Frame) -> Array:
        """What a frame adds to a clip of a person."""
        if key.meaning == "poses":
            return tracked.features
        if key.size is not None and key.padding is not None:
            picture, shown = person_picture(frame.image, tracked.box, key.size, padding=key.padding)
            subject.boxes[key] = shown
            return picture
        tensor = self._plan.pose.output("features")
        if tensor is None:
            raise AssertionError("a graph reads features that no graph gives")
        return tracked.more[tensor.name]

    def _look_at_scene(self, frame: Frame) -> None:
        """Keep what the frame shows as a whole, and ask what it is."""
        if self._scene is None:
            gap = self._config.lost_seconds
            self._scene = new_subject(self._scenes, self._log, track_id=None, gap_seconds=gap)
        samples: dict[ClipInput, Array] = {}
        for key in self._scenes.clip_inputs:
            if key.size is not None:
                samples[key], self._scene.boxes[key] = scene_picture(frame.image, key.size)
        if not self._scene.add(frame.time, samples):
            self._events += self._scene.close()
            self._scene.states = new_states(self._scenes.rules, self._log, track_id=None)
        for reader in self._scenes.readers:
            self._ask(self._scene, reader, None)

    def _every(self, graph: str, seconds: float) -> float:
        """The time between two calls of a graph of one subject."""
        return max(seconds, _PAUSE_FACTOR * self._costs.get(graph, 0.0) if self._live else 0.0) - ROUNDING

    def _ask(self, subject: Subject, reader: Reader, tracked: TrackedPerson | None) -> None:
        """Ask what a subject does, where it is its turn and enough of it is known and visible."""
        frame, graph = self._current_frame(), reader.graph
        every = _ALWAYS if reader.lifts else self._pace.clip_factor * self._config.clip_every_seconds
        if not subject.is_due(graph.name, frame.time, every=self._every(graph.name, every)):
            return
        taken = self._take(subject, reader, tracked, frame)
        if taken is None:
            return
        subject.taken[graph.name], subject.called[graph.name] = taken, frame.time
        limbs = None
        if reader.poses is not None:
            limbs = self._visible_limbs(subject, reader.poses, frame)
            if not any(limbs.values()):
                for head in graph.heads:
                    self._events += subject.states[head.name].pause(frame.time)
                return
        self._due.append(_Due(subject, reader, taken, limbs))

    def _take(self, subject: Subject, reader: Reader, tracked: TrackedPerson | None, frame: Frame) -> Taken | None:
        """What a reader is given now, or None while too little is known."""
        crop = None if tracked is None else tracked.crop_box
        if not reader.clips:
            picture, shown = self._picture(reader, tracked, frame)
            return Taken(GraphCall(reader.graph.name, (picture,)), frame.time, shown, crop)
        arrays = subject.clip(reader, least_share=_ANY_SHARE if reader.lifts else None)
        if arrays is None:
            return None
        share = subject.buffers[reader.clips[0]].known_share
        box = next((subject.boxes[key] for key in reader.clips if key in subject.boxes), None)
        return Taken(GraphCall(reader.graph.name, arrays), frame.time, box, crop, share)

    def _picture(self, reader: Reader, tracked: TrackedPerson | None, frame: Frame) -> tuple[Array, Float32]:
        size = picture_size(reader.graph.inputs[0])
        if tracked is None or reader.graph.crop is None:
            return scene_picture(frame.image, size)
        return person_picture(frame.image, tracked.box, size, padding=reader.graph.crop.padding)

    def _visible_limbs(self, subject: Subject, poses: ClipInput, frame: Frame) -> dict[str, bool]:
        """Which limbs are visible in what is known of a clip."""
        buffer = subject.buffers[poses]
        clip = buffer.clip()
        if clip is None:
            return {}
        height, width = frame.image.shape[:2]
        return visible_limbs(
            clip[-max(1, round(buffer.known_share * len(clip))) :],
            skeleton=self._plan.skeleton,
            threshold=self._plan.joint_confidence,
            width=width,
            height=height,
        )

    def _judge_pose_heads(self, tracked: TrackedPerson, time: float) -> None:
        """Take in what the pose graph says of a person besides the pose."""
        if not tracked.more:
            return
        subject, pose = self._subjects[tracked.track_id], self._plan.pose
        for head, raw in scores_of(pose, tracked.more):
            self._events += subject.states[head].update(time, raw)
        taken = Taken(GraphCall(pose.name, ()), time, tracked.crop_box, tracked.crop_box)
        subject.note_maps(self._choice.maps_of(pose), tracked.more, taken)

    def _judge(self, due: _Due, row: Row, time: float) -> None:
        """Take in what a reader says."""
        subject, graph = due.subject, due.reader.graph
        for head, raw in scores_of(graph, row):
            labels = next(spec.labels for spec in graph.heads if spec.name == head)
            possible = None if due.limbs is None else possible_actions(labels, due.limbs)
            state = subject.states[head]
            self._events += state.update(time, raw, possible=possible, known_share=due.taken.known_share)
        lifted = graph.output("joints_3d")
        if lifted is not None:
            subject.joints_3d = row[lifted.name]
        self._note_reasons(subject, graph, row, due.taken)

    def _ask_why(self, subject: Subject, explainer: Explainer, tracked: TrackedPerson | None) -> None:
        """Ask for an explanation every ``attention_every_seconds``, of what was judged last."""
        name, time = explainer.graph.name, self._current_frame().time
        if tracked is not None and explainer.graph.output("relevance") is not None and tracked.joint_maps is None:
            return
        if not subject.is_due(name, time, every=self._every(name, self._config.attention_every_seconds)):
            return
        taken = subject.taken.get(explainer.of.name)
        if taken is None and tracked is not None and explainer.of is self._plan.pose:
            reader = Reader(explainer.graph, (), None, lifts=False)
            taken = self._take(subject, reader, tracked, self._current_frame())
        if taken is not None:
            asked = replace(taken, call=GraphCall(name, taken.call.arrays))
            self._explained.append((subject, explainer, asked))

    def _note_reasons(self, subject: Subject, graph: GraphSpec, row: Row, taken: Taken) -> None:
        """Take in where a graph looked."""
        for head, relevance in relevance_of(graph, row):
            if graph.clip is not None:
                subject.weights[head] = joint_weights(relevance, stride_seconds=graph.clip.stride_seconds)
        subject.note_maps(self._choice.maps_of(graph), row, taken)
