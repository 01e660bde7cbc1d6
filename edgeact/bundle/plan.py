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
    Horizon,
    Manifest,
    Meaning,
    OutputMeaning,
    Scope,
    SkeletonSpec,
    TensorSpec,
    show_shape,
)
from edgeact.errors import BundleError
from edgeact.skeleton import Skeleton

_LARGEST_SIDE = 4096  # of a picture that a graph takes; ours have 416 at most


@dataclass(frozen=True, slots=True)
class Plan:
    """Which graph is called when, with the numbers that go with the calls.

    Attributes:
        detector: Called first, on the whole picture: finds persons.
        pose: Called second, on the crops of all persons of a frame: finds joints.
        classifiers: Called third, on the clips of the persons whose turn it is: each gives the scores of its heads.
        explainers: Called last, on one person's clip: each says how much every joint speaks for a head's decision.
        detection: Of the detector.
        crop: Of the pose graph.
        skeleton_spec: Of the pose graph.
        clip: That classifiers and explainers read; None without any.
    """

    detector: GraphSpec
    pose: GraphSpec
    classifiers: tuple[GraphSpec, ...]
    explainers: tuple[GraphSpec, ...]
    detection: DetectionSpec
    crop: CropSpec
    skeleton_spec: SkeletonSpec
    clip: ClipSpec | None

    @property
    def calls(self) -> tuple[GraphSpec, ...]:
        """All graphs in the order in which they are called, each once."""
        return tuple(dict.fromkeys((self.detector, self.pose, *self.classifiers, *self.explainers)))

    @property
    def heads(self) -> tuple[HeadSpec, ...]:
        """All action heads; the first is the one that is shown and written as a person's action."""
        return tuple(head for graph in self.classifiers for head in graph.heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the first action head; empty where the bundle has no action head."""
        return self.heads[0].labels if self.heads else ()

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton that poses follow."""
        return self.skeleton_spec.skeleton

    @property
    def joint_confidence(self) -> float:
        """Joints under this are not drawn, and count as not seen."""
        return self.skeleton_spec.confidence


def make_plan(manifest: Manifest, *, where: str) -> Plan:
    """Place every graph of a manifest.

    Args:
        manifest: Of the bundle.
        where: What to call the bundle in messages.

    Raises:
        BundleError: The detector or the pose graph is missing, a graph or an output would never be read, or a graph
            takes or gives something that does not fit its place, its labels, its skeleton or its clip; all faults are
            listed.
    """
    detector = _require(manifest, scope="scene", horizon="frame", gives="boxes", where=where)
    pose = _require(manifest, scope="person", horizon="frame", gives="joints", where=where)
    clips = [graph for graph in manifest.graphs if graph.scope == "person" and graph.horizon == "clip"]
    classifiers = [graph for graph in clips if graph.output("actions") is not None]
    heads = {head.name for graph in classifiers for head in graph.heads}
    explainers = [graph for graph in clips if (found := graph.output("relevance")) is not None and found.head in heads]
    used = [detector, pose, *classifiers, *explainers]
    faults = [
        f"nothing would read graph {graph.name!r} ({graph.scope}/{graph.horizon})"
        for graph in manifest.graphs
        if not any(graph is other for other in used)
    ]
    faults += _detector_faults(detector) + _pose_faults(pose)
    for graph in dict.fromkeys((*classifiers, *explainers)):
        faults += _clip_faults(graph, pose)
    lengths = dict.fromkeys(graph.clip for graph in (*classifiers, *explainers) if graph.clip is not None)
    if len(lengths) > 1:
        names = ", ".join(f"{graph.name!r}" for graph in (*classifiers, *explainers))
        faults.append(f"graphs {names} read clips of different lengths or strides")
    if faults or detector.detection is None or pose.crop is None or pose.skeleton is None:
        raise BundleError(f"{where}: {'; '.join(faults)}; export the bundle again")
    return Plan(
        detector=detector,
        pose=pose,
        classifiers=tuple(classifiers),
        explainers=tuple(explainers),
        detection=detector.detection,
        crop=pose.crop,
        skeleton_spec=pose.skeleton,
        clip=next(iter(lengths), None),
    )


def _require(manifest: Manifest, *, scope: Scope, horizon: Horizon, gives: OutputMeaning, where: str) -> GraphSpec:
    for graph in manifest.graphs:
        if graph.scope == scope and graph.horizon == horizon and graph.output(gives) is not None:
            return graph
    known = ", ".join(f"{graph.name} ({graph.scope}/{graph.horizon})" for graph in manifest.graphs) or "no graphs"
    raise BundleError(
        f"{where} has no {scope}/{horizon} graph that gives {gives}, without which no person can be followed (it has "
        f"{known}); use another bundle"
    )


def _detector_faults(graph: GraphSpec) -> list[str]:
    if faults := _tensor_faults(graph, takes=("picture",), gives=("boxes", "scores")):
        return faults
    batch = graph.inputs[0].shape[:1]
    faults = _picture_faults(graph, first=(1, "N"), may_vary=True)
    boxes = graph.output("boxes")
    count = boxes.shape[1:2] if boxes is not None else ()
    faults += _shape_faults(graph, "boxes", (*batch, None, 4)) + _shape_faults(graph, "scores", (*batch, *count))
    if graph.detection is None:
        faults.append(f"graph {graph.name!r} gives boxes and says nothing of their scores (detection)")
    elif graph.detection.pixels is None and any(isinstance(size, str) for size in graph.inputs[0].shape[1:3]):
        faults.append(
            f"graph {graph.name!r} takes pictures of any size, and its detection has no pixels that say how large to "
            "make them"
        )
    return faults


def _pose_faults(graph: GraphSpec) -> list[str]:
    optional: tuple[Meaning, ...] = ("joint_maps", "joints_3d")
    if faults := _tensor_faults(graph, takes=("picture",), gives=("joints", "confidence"), optional=optional):
        return faults
    if graph.skeleton is None or graph.crop is None:
        return [f"graph {graph.name!r} gives joints and does not say of which skeleton, or in which crop"]
    joints = len(graph.skeleton.joints)
    faults = _picture_faults(graph, first=("N",), may_vary=False)
    faults += _shape_faults(graph, "joints", ("N", joints, 2))
    faults += _shape_faults(graph, "joints_3d", ("N", joints, 3))
    faults += _shape_faults(graph, "confidence", ("N", joints))
    return faults + _shape_faults(graph, "joint_maps", ("N", joints, None, None))


def _clip_faults(graph: GraphSpec, pose: GraphSpec) -> list[str]:
    """What is wrong with a graph that classifies clips of joints, or explains such a classification."""
    gives: tuple[OutputMeaning, ...] = tuple(
        meaning for meaning in ("actions", "relevance") if graph.output(meaning) is not None
    )
    if faults := _tensor_faults(graph, takes=("poses",), gives=gives, several="actions"):
        return faults
    if graph.clip is None or graph.skeleton is None:
        return [f"graph {graph.name!r} reads clips of poses and does not say how long, or of which skeleton"]
    if pose.skeleton is not None and graph.skeleton.joints != pose.skeleton.joints:
        return [f"graph {graph.name!r} reads the joints of {graph.skeleton.name!r}, not those that {pose.name!r} gives"]
    taken, length, joints = graph.inputs[0], graph.clip.length, len(graph.skeleton.joints)
    # All persons of a frame are classified at once, but explained one by one.
    batch = "N" if "actions" in gives or taken.shape[:1] == ("N",) else 1
    faults = _mismatch(graph, taken, (batch, length, joints, 3), "float32")
    faults += _shape_faults(graph, "relevance", (batch, length, joints))
    return faults + _head_faults(graph, batch)


def _head_faults(graph: GraphSpec, batch: int | str) -> list[str]:
    """Whether each action head has its scores, as many as it has labels."""
    faults = []
    scores = {tensor.head: tensor for tensor in graph.outputs if tensor.meaning == "actions"}
    for head in graph.heads:
        if head.name not in scores:
            faults.append(f"graph {graph.name!r} gives no actions of its head {head.name!r}")
            continue
        faults += _mismatch(graph, scores.pop(head.name), (batch, len(head.labels)), "float32")
        if head.multi_label:
            faults.append(f"head {head.name!r} of graph {graph.name!r} is multi-label, which is not read yet")
        elif head.other_label is None:
            faults.append(f"head {head.name!r} of graph {graph.name!r} has no other_label, which its place needs")
    faults += [f"graph {graph.name!r} gives actions of {name!r}, which is none of its heads" for name in scores]
    return faults


def _tensor_faults(
    graph: GraphSpec,
    *,
    takes: tuple[Meaning, ...],
    gives: Sequence[Meaning],
    optional: Sequence[Meaning] = (),
    several: Meaning | None = None,
) -> list[str]:
    """Faults of names and meanings; where there are none the graph has one input and each output is read.

    Args:
        graph: To be looked at.
        takes: The meanings of its inputs.
        gives: Outputs that it must have.
        optional: Outputs that it may have.
        several: The meaning that several outputs may share, told apart by their heads.
    """
    faults = []
    if graph.takes() != takes:
        found = ", ".join(graph.takes()) or "nothing"
        faults.append(f"graph {graph.name!r} takes {found}, this edgeact gives it {', '.join(takes)}")
    meanings = [tensor.meaning for tensor in graph.outputs]
    faults += [f"graph {graph.name!r} gives no {meaning}" for meaning in gives if meaning not in meanings]
    faults += [
        f"nothing would read {meaning} of graph {graph.name!r}"
        for meaning in dict.fromkeys(meanings)
        if meaning not in gives and meaning not in optional
    ]
    distinct = {(tensor.meaning, tensor.head if tensor.meaning == several else None) for tensor in graph.outputs}
    if len(distinct) < len(meanings) or len({tensor.name for tensor in graph.outputs}) < len(meanings):
        faults.append(f"graph {graph.name!r} gives the same twice: {', '.join(meanings)}")
    return faults


def _picture_faults(graph: GraphSpec, *, first: Sequence[int | str], may_vary: bool) -> list[str]:
    """Faults of a picture ``(first, height, width, 3)`` as input."""
    shape, dtype = graph.inputs[0].shape, graph.inputs[0].dtype
    sides = ("H", "W") if may_vary else ()
    fits = (
        len(shape) == 4
        and shape[0] in first
        and all(size in sides or (isinstance(size, int) and size <= _LARGEST_SIDE) for size in shape[1:3])
        and shape[3] == 3
        and dtype == "uint8"
    )
    if fits:
        return []
    batch = " or ".join(str(size) for size in first)
    return [
        f"graph {graph.name!r} takes {show_shape(shape)} {dtype}, this edgeact gives it uint8 pictures "
        f"[{batch}, height, width, 3] with sides up to {_LARGEST_SIDE}"
    ]


def _shape_faults(graph: GraphSpec, meaning: OutputMeaning, wanted: Sequence[int | str | None]) -> list[str]:
    """Faults of an output, if the graph has it."""
    tensor = graph.output(meaning)
    return [] if tensor is None else _mismatch(graph, tensor, wanted, "float32")


def _mismatch(graph: GraphSpec, tensor: TensorSpec, wanted: Sequence[int | str | None], dtype: str) -> list[str]:
    """None in ``wanted`` stands for any size that does not change."""
    fits = len(tensor.shape) == len(wanted) and all(
        isinstance(found, int) if size is None else found == size
        for found, size in zip(tensor.shape, wanted, strict=True)
    )
    if fits and tensor.dtype == dtype:
        return []
    return [
        f"{tensor.name} of graph {graph.name!r} is {show_shape(tensor.shape)} {tensor.dtype}, this edgeact expects "
        f"{show_shape(wanted)} {dtype}"
    ]
