"""The graphs that judge persons, or the scene, and what each of them has to be given."""

from collections.abc import Iterable
from dataclasses import dataclass

from edgeact.bundle.manifest import ClipSpec, GraphSpec, HeadSpec, InputMeaning, Scope
from edgeact.bundle.plan import Explainer, Plan
from edgeact.config import PipelineConfig
from edgeact.perception.actions import ActionRules
from edgeact.perception.map_choice import MapChoice
from edgeact.perception.pictures import picture_size


@dataclass(frozen=True, slots=True)
class ClipInput:
    """Of which samples a clip is made; graphs for which this is the same share a buffer.

    Attributes:
        meaning: What a sample is: a pose, features or a picture.
        clip: How many samples, how far apart.
        size: Of pictures: width and height.
        padding: Of pictures of persons: how they are cut out.
    """

    meaning: InputMeaning
    clip: ClipSpec
    size: tuple[int, int] | None = None
    padding: float | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A graph that judges actions or lifts joints.

    Attributes:
        graph: The graph.
        clips: The samples of each of its inputs; empty where it reads one picture.
        poses: The poses by which it is decided what of a person is visible enough to be judged; None where the graph
            reads pictures, and sees for itself.
        lifts: Whether it gives joints in 3D.
    """

    graph: GraphSpec
    clips: tuple[ClipInput, ...]
    poses: ClipInput | None
    lifts: bool


class Readers:
    """All readers of one scope, their explainers, and the rules of their heads.

    Args:
        plan: Of the bundle.
        config: Of the pipeline.
        scope: ``person`` or ``scene``.
        choice: Which maps are wanted; explainers that say nothing of them are left out.

    Attributes:
        readers: In the order of the plan.
        explainers: Those that are called.
        rules: Of every action head, also of those that the pose graph has; in the order of the manifest.
        clip_inputs: All samples that have to be kept.
    """

    def __init__(self, plan: Plan, config: PipelineConfig, scope: Scope, choice: MapChoice) -> None:
        self.readers = tuple(_reader(graph) for graph in plan.readers_of(scope))
        self.explainers: tuple[Explainer, ...] = tuple(
            explainer
            for explainer in plan.explainers
            if explainer.graph.scope == scope and choice.wants_any_of(explainer.graph)
        )
        heads = plan.heads if scope == "person" else plan.scene_heads
        self.rules = tuple(_rules(head, config) for head in heads)
        self.clip_inputs = tuple(dict.fromkeys(_all_inputs(self.readers)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be judged."""
        return not self.readers and not self.rules


def _reader(graph: GraphSpec) -> Reader:
    lifts = not graph.heads
    if graph.horizon == "frame" or graph.clip is None:
        return Reader(graph, (), None, lifts)
    clips = []
    for tensor in graph.inputs:
        if tensor.meaning == "pictures":
            padding = None if graph.crop is None else graph.crop.padding
            clips.append(ClipInput("pictures", graph.clip, picture_size(tensor), padding))
        elif tensor.meaning == "poses":
            clips.append(ClipInput("poses", graph.clip))
        else:
            clips.append(ClipInput("features", graph.clip))
    sees = "pictures" in graph.takes()
    return Reader(graph, tuple(clips), None if sees or lifts else ClipInput("poses", graph.clip), lifts)


def _all_inputs(readers: Iterable[Reader]) -> Iterable[ClipInput]:
    for reader in readers:
        yield from reader.clips
        if reader.poses is not None:
            yield reader.poses


def _rules(head: HeadSpec, config: PipelineConfig) -> ActionRules:
    return ActionRules(
        head=head.name,
        labels=head.labels,
        other_label=head.other_label,
        start_score=head.score,
        smoothing_seconds=config.smoothing_seconds,
        minimum_seconds=config.minimum_event_seconds,
        has_events=head.events,
        label_scores=head.label_scores,
        multi_label=head.multi_label,
    )
