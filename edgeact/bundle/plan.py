"""The plan: from a manifest to the calls that are made for each frame, worked out once, when a bundle is loaded.

What cannot be placed is an error that names the graph, in ``edgeact verify`` and in the runtime alike: a graph, or an
output, that nothing would read is never passed over in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edgeact.bundle.manifest import (
    ClipSpec,
    CropSpec,
    DetectionSpec,
    GraphSpec,
    HeadSpec,
    Manifest,
    Meaning,
    Scope,
    SkeletonSpec,
)
from edgeact.bundle.plan_faults import (
    detector_faults,
    explainer_faults,
    map_name_faults,
    pose_faults,
    reader_faults,
    takes_what_there_is,
)
from edgeact.errors import BundleError
from edgeact.skeleton import Skeleton

# The attention map that is made of the pose graph's joint maps, and of the relevance of each joint where a graph says.
JOINT_MAP = "joints"
# Outputs that are maps by themselves, each known by the name of its tensor.
MAP_MEANINGS: tuple[Meaning, ...] = ("attention", "human_map")
_EXPLAINING: tuple[Meaning, ...] = ("relevance", *MAP_MEANINGS)


@dataclass(frozen=True, slots=True)
class PersonCalls:
    """How persons are found and followed.

    Attributes:
        detectors: Called first, on the whole picture: each finds persons, and what they find is joined
            (`edgeact.perception.detect.join_looks`).
        pose: Called second, on the crops of all persons of a frame: finds joints, and may say more of each person.
        detection: Of the detectors; `pixels` are the first one's.
        crop: Of the pose graph.
        skeleton_spec: Of the pose graph.
    """

    detectors: tuple[GraphSpec, ...]
    pose: GraphSpec
    detection: DetectionSpec
    crop: CropSpec
    skeleton_spec: SkeletonSpec


@dataclass(frozen=True, slots=True)
class Explainer:
    """A graph that says where another one looked.

    Attributes:
        graph: The one that is called.
        of: The one that it explains; both read the same.
    """

    graph: GraphSpec
    of: GraphSpec


@dataclass(frozen=True, slots=True)
class Plan:
    """Which graph is called when, with the numbers that go with the calls.

    Attributes:
        persons: The first two calls; None where no graph looks at single persons.
        readers: Called third, on pictures or clips of the persons and of the scene whose turn it is. Each gives the
            scores of its action heads, or lifts joints into 3D.
        explainers: Called last: each says where another graph looked.
        manifest_heads: Every action head with the scope of its graph, in the order of the manifest.
        maps: Names of the attention maps that the bundle offers; the first is the one that is shown by default.
    """

    persons: PersonCalls | None
    readers: tuple[GraphSpec, ...]
    explainers: tuple[Explainer, ...]
    manifest_heads: tuple[tuple[Scope, HeadSpec], ...]
    maps: tuple[str, ...]

    @property
    def calls(self) -> tuple[GraphSpec, ...]:
        """All graphs in the order in which they are called, each once."""
        first = () if self.persons is None else (*self.persons.detectors, self.persons.pose)
        return (*first, *self.readers, *(explainer.graph for explainer in self.explainers))

    @property
    def heads(self) -> tuple[HeadSpec, ...]:
        """The action heads of persons; the first is the one that is shown and written as a person's action."""
        return tuple(head for scope, head in self.manifest_heads if scope == "person")

    @property
    def scene_heads(self) -> tuple[HeadSpec, ...]:
        """The action heads of the scene as a whole; the first is the one that is shown."""
        return tuple(head for scope, head in self.manifest_heads if scope == "scene")

    @property
    def classifiers(self) -> tuple[GraphSpec, ...]:
        """The readers that judge actions; a lifter is none of them."""
        return tuple(graph for graph in self.readers if graph.heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the first action head, a person's where there is one; empty without any."""
        heads = self.heads or self.scene_heads
        return heads[0].labels if heads else ()

    @property
    def clip(self) -> ClipSpec | None:
        """The clip that the graph of the first action head of persons reads; None where it reads none."""
        heads = self.heads
        return next((graph.clip for graph in self.readers if heads and heads[0] in graph.heads), None)

    @property
    def detectors(self) -> tuple[GraphSpec, ...]:
        """The graphs that find persons, one or more."""
        return self._followed.detectors

    @property
    def pose(self) -> GraphSpec:
        """The graph that finds joints."""
        return self._followed.pose

    @property
    def detection(self) -> DetectionSpec:
        """Numbers of the detectors, which share their score and IoU; the pixels are the first one's."""
        return self._followed.detection

    @property
    def crop(self) -> CropSpec:
        """How persons are cut out for the pose graph."""
        return self._followed.crop

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton that poses follow."""
        return self._followed.skeleton_spec.skeleton

    @property
    def joint_confidence(self) -> float:
        """Joints under this are not drawn, and count as not seen."""
        return self._followed.skeleton_spec.confidence

    @property
    def _followed(self) -> PersonCalls:
        if self.persons is None:
            raise BundleError(
                "the bundle judges scenes and follows no persons; use a bundle with a detector and a pose"
            )
        return self.persons

    def readers_of(self, scope: Scope) -> tuple[GraphSpec, ...]:
        """The readers of persons, or of the scene."""
        return tuple(graph for graph in self.readers if graph.scope == scope)


def make_plan(manifest: Manifest, *, where: str) -> Plan:
    """Place every graph of a manifest.

    Args:
        manifest: Of the bundle.
        where: What to call the bundle in messages.

    Raises:
        BundleError: Graphs look at persons and the detector or the pose graph is missing, a graph or an output would
            never be read, or a graph takes or gives something that does not fit its place, its labels, its skeleton or
            its clip; all faults are listed.
    """
    detectors = _frame_graphs(manifest, "scene", "boxes")
    pose = next(iter(_frame_graphs(manifest, "person", "joints")), None)
    looks_at_persons = bool(detectors) or any(graph.scope == "person" for graph in manifest.graphs)
    if not detectors and (looks_at_persons or not manifest.graphs):
        raise _missing(manifest, where, "scene/frame graph that gives boxes")
    if pose is None and looks_at_persons:
        raise _missing(manifest, where, "person/frame graph that gives joints")
    left = [graph for graph in manifest.graphs if graph not in detectors and graph is not pose]
    readers = [graph for graph in left if _reads(graph) and takes_what_there_is(graph)]
    bases = [*([] if pose is None else [pose]), *readers]
    explainers = [
        Explainer(graph, of) for graph in left if not _reads(graph) and (of := _explained(graph, bases)) is not None
    ]
    used = [*readers, *(explainer.graph for explainer in explainers)]
    faults = [
        f"nothing would read graph {graph.name!r} ({graph.scope}/{graph.horizon})"
        for graph in left
        if not any(graph is other for other in used)
    ]
    if detectors and pose is not None:
        reads_features = any("features" in reader.takes() for reader in readers)
        faults += detector_faults(detectors) + pose_faults(pose, reads_features=reads_features)
    for graph in readers:
        faults += reader_faults(graph, pose)
    for explainer in explainers:
        faults += explainer_faults(explainer.graph, explainer.of, pose)
    if sum(graph.output("joints_3d") is not None for graph in bases) > 1:
        faults.append("two graphs give joints_3d, of which one is read")
    faults += map_name_faults(manifest.graphs, reserved=JOINT_MAP)
    persons = None
    if detectors and pose is not None:
        persons = _person_calls(detectors, pose)
    if faults or (persons is None and looks_at_persons):
        raise BundleError(f"{where}: {'; '.join(faults)}; export the bundle again")
    return Plan(
        persons=persons,
        readers=tuple(readers),
        explainers=tuple(explainers),
        manifest_heads=tuple((graph.scope, head) for graph in manifest.graphs for head in graph.heads),
        maps=_map_names(pose, [*bases, *(explainer.graph for explainer in explainers)]),
    )


def _person_calls(detectors: tuple[GraphSpec, ...], pose: GraphSpec) -> PersonCalls | None:
    """How persons are followed; None where the graphs lack numbers, which is then a fault of theirs."""
    detection = detectors[0].detection
    if detection is None or pose.crop is None or pose.skeleton is None:
        return None
    return PersonCalls(detectors, pose, detection, pose.crop, pose.skeleton)


def _frame_graphs(manifest: Manifest, scope: Scope, gives: Meaning) -> tuple[GraphSpec, ...]:
    """The frame graphs of a scope that give something."""
    return tuple(
        graph
        for graph in manifest.graphs
        if graph.scope == scope and graph.horizon == "frame" and gives in _meanings(graph)
    )


def _missing(manifest: Manifest, where: str, what: str) -> BundleError:
    known = ", ".join(f"{graph.name} ({graph.scope}/{graph.horizon})" for graph in manifest.graphs) or "no graphs"
    return BundleError(
        f"{where} has no {what}, without which no person can be followed (it has {known}); use another bundle"
    )


def _meanings(graph: GraphSpec) -> frozenset[Meaning]:
    return frozenset(tensor.meaning for tensor in graph.outputs)


def _reads(graph: GraphSpec) -> bool:
    """Whether a graph judges actions, or lifts the joints of clips."""
    lifts = graph.scope == "person" and graph.horizon == "clip" and "joints_3d" in _meanings(graph)
    return "actions" in _meanings(graph) or lifts


def _explained(graph: GraphSpec, bases: Sequence[GraphSpec]) -> GraphSpec | None:
    """Which graph another one explains: the first that looks at the same and has the heads that it names."""
    heads = {tensor.head for tensor in graph.outputs if tensor.head is not None}
    if not _meanings(graph) & set(_EXPLAINING):
        return None
    for base in bases:
        looks_alike = (base.scope, base.horizon, base.takes()) == (graph.scope, graph.horizon, graph.takes())
        if looks_alike and heads <= {head.name for head in base.heads}:
            return base
    return None


def _map_names(pose: GraphSpec | None, graphs: Sequence[GraphSpec]) -> tuple[str, ...]:
    """Names of all maps: first that of the joints, then those that speak for an action, then those of people."""
    joint_map = (JOINT_MAP,) if pose is not None and pose.output("joint_maps") is not None else ()
    tensors = [tensor for graph in graphs for tensor in graph.outputs]
    return (*joint_map, *(tensor.name for meaning in MAP_MEANINGS for tensor in tensors if tensor.meaning == meaning))
