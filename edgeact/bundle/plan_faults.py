"""What is wrong with a graph for the place that the plan gives it: inputs, outputs, shapes, heads, clips."""

from collections import Counter
from collections.abc import Sequence

from edgeact.bundle.manifest import GraphSpec, HeadSpec, Meaning, OutputMeaning, TensorSpec, show_shape

_LARGEST_SIDE = 4096  # of a picture that a graph takes; ours have 416 at most
_MOST_DETECTORS = 3  # of a frame: each is a look at it, and costs one
_PARTS = 3  # head, right hand, left hand
# Outputs of which a graph may have several that share a meaning: heads tell scores apart, names tell maps apart.
_MAPS: tuple[Meaning, ...] = ("attention", "human_map")


def takes_what_there_is(graph: GraphSpec) -> bool:
    """Whether the inputs of a graph are what a graph of its scope and horizon can be given."""
    taken = graph.takes()
    if graph.horizon == "frame":
        return taken == ("picture",)
    if graph.scope == "scene":
        return taken == ("pictures",)
    return 0 < len(taken) == len(set(taken)) and set(taken) <= {"pictures", "poses", "features"}


def detector_faults(graphs: Sequence[GraphSpec]) -> list[str]:
    """Faults of the graphs that find persons, and of what they must share."""
    faults = [fault for graph in graphs for fault in _detector_faults(graph)]
    if len(graphs) > _MOST_DETECTORS:
        faults.append(f"{len(graphs)} graphs give boxes; {_MOST_DETECTORS} at most are joined")
    numbers = {(graph.detection.score, graph.detection.iou) for graph in graphs if graph.detection is not None}
    if len(numbers) > 1:
        names = " and ".join(repr(graph.name) for graph in graphs)
        faults.append(f"graphs {names} find persons together, and their scores or IoUs (detection) differ")
    return faults


def _detector_faults(graph: GraphSpec) -> list[str]:
    if faults := _tensor_faults(graph, takes=("picture",), gives=("boxes", "scores")):
        return faults
    batch = graph.inputs[0].shape[:1]
    faults = _picture_faults(graph, graph.inputs[0], first=(1, "N"), may_vary=True)
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


def pose_faults(graph: GraphSpec, *, reads_features: bool) -> list[str]:
    """Faults of the graph that finds joints.

    Args:
        graph: To be looked at.
        reads_features: Whether another graph reads what it gives as features.
    """
    optional: list[Meaning] = ["joint_maps", "joints_3d", "actions", "part_boxes", *_MAPS]
    if reads_features:
        optional.append("features")
    if faults := _tensor_faults(graph, takes=("picture",), gives=("joints", "confidence"), optional=optional):
        return faults
    if graph.skeleton is None or graph.crop is None:
        return [f"graph {graph.name!r} gives joints and does not say of which skeleton, or in which crop"]
    joints = len(graph.skeleton.joints)
    faults = _picture_faults(graph, graph.inputs[0], first=("N",), may_vary=False)
    faults += _shape_faults(graph, "joints", ("N", joints, 2))
    faults += _shape_faults(graph, "joints_3d", ("N", joints, 3))
    faults += _shape_faults(graph, "confidence", ("N", joints))
    faults += _shape_faults(graph, "part_boxes", ("N", _PARTS, 4))
    faults += _map_shape_faults(graph, ("N", None, None)) + head_faults(graph, "N")
    return faults + _shape_faults(graph, "joint_maps", ("N", joints, None, None))


def reader_faults(graph: GraphSpec, pose: GraphSpec | None) -> list[str]:
    """Faults of a graph that judges actions, or lifts joints, of persons or of the scene."""
    lifts = "actions" not in {tensor.meaning for tensor in graph.outputs}
    optional: list[Meaning] = [*_MAPS, "joints_3d"] if graph.scope == "person" else [*_MAPS]
    if "poses" in graph.takes():
        optional.append("relevance")
    gives: tuple[Meaning, ...] = ("joints_3d",) if lifts else ("actions",)
    if faults := _tensor_faults(graph, takes=graph.takes(), gives=gives, optional=optional):
        return faults
    if faults := _input_faults(graph, pose):
        return faults
    return _output_faults(graph, pose) + head_faults(graph, graph.inputs[0].shape[0])


def explainer_faults(graph: GraphSpec, of: GraphSpec, pose: GraphSpec | None) -> list[str]:
    """Faults of a graph that explains another one."""
    if faults := _tensor_faults(graph, takes=graph.takes(), gives=(), optional=("relevance", *_MAPS)):
        return faults
    if graph.heads:
        return [f"graph {graph.name!r} has heads and gives no actions"]
    if faults := _input_faults(graph, pose):
        return faults
    if graph.clip != of.clip:
        return [f"graphs {of.name!r}, {graph.name!r} read clips of different lengths or strides"]
    if graph.crop != of.crop:
        return [f"graphs {of.name!r}, {graph.name!r} cut persons out differently"]
    if [tensor.shape[1:] for tensor in graph.inputs] != [tensor.shape[1:] for tensor in of.inputs]:
        return [f"graphs {of.name!r}, {graph.name!r} take different shapes"]
    return _output_faults(graph, pose)


def map_name_faults(graphs: Sequence[GraphSpec], *, reserved: str) -> list[str]:
    """Attention maps are chosen by name, so each name is there once."""
    names = [tensor.name for graph in graphs for tensor in graph.outputs if tensor.meaning in _MAPS]
    faults = [f"two maps are called {name!r}" for name, count in Counter(names).items() if count > 1]
    words = {reserved, "first", "all", "none"}  # what --attention takes beside the names
    return faults + [f"no map may be called {name!r}, which has a meaning of its own" for name in words & set(names)]


def head_faults(graph: GraphSpec, batch: int | str) -> list[str]:
    """Whether each action head has its scores, as many as it has labels."""
    faults = []
    scores = {tensor.head: tensor for tensor in graph.outputs if tensor.meaning == "actions"}
    for head in graph.heads:
        if head.name not in scores:
            faults.append(f"graph {graph.name!r} gives no actions of its head {head.name!r}")
            continue
        faults += _mismatch(graph, scores.pop(head.name), (batch, len(head.labels)), "float32")
    return faults + [f"graph {graph.name!r} gives actions of {name!r}, which is none of its heads" for name in scores]


def _input_faults(graph: GraphSpec, pose: GraphSpec | None) -> list[str]:
    """What is wrong with the inputs of a reader or an explainer."""
    if graph.horizon == "clip" and graph.clip is None:
        return [f"graph {graph.name!r} reads clips of {' and '.join(graph.takes())} and does not say how long"]
    if graph.scope == "person" and {"picture", "pictures"} & set(graph.takes()) and graph.crop is None:
        return [f"graph {graph.name!r} takes pictures of persons and does not say in which crop"]
    faults = []
    for tensor in graph.inputs:
        faults += _one_input_faults(graph, tensor, pose)
    if len({tensor.shape[:1] for tensor in graph.inputs}) > 1:
        faults.append(f"graph {graph.name!r} takes inputs of different batches")
    return faults


def _one_input_faults(graph: GraphSpec, tensor: TensorSpec, pose: GraphSpec | None) -> list[str]:
    moments = () if graph.clip is None else (graph.clip.length,)
    # All persons of a frame are judged at once by their poses; pictures may be too large for that.
    gives_actions = any(output.meaning == "actions" for output in graph.outputs)
    firsts: tuple[int | str, ...] = ("N",) if gives_actions and tensor.meaning == "poses" else (1, "N")
    batch = tensor.shape[0] if tensor.shape[:1] and tensor.shape[0] in firsts else firsts[0]
    if tensor.meaning in ("picture", "pictures"):
        return _picture_faults(graph, tensor, first=firsts, may_vary=False)
    if tensor.meaning == "poses":
        if graph.skeleton is None:
            return [f"graph {graph.name!r} reads clips of poses and does not say how long, or of which skeleton"]
        if pose is not None and pose.skeleton is not None and graph.skeleton.joints != pose.skeleton.joints:
            return [
                f"graph {graph.name!r} reads the joints of {graph.skeleton.name!r}, not those that {pose.name!r} gives"
            ]
        return _mismatch(graph, tensor, (batch, *moments, len(graph.skeleton.joints), 3), "float32")
    features = None if pose is None else pose.output("features")
    if features is None:
        return [f"graph {graph.name!r} takes features, which no person/frame graph gives"]
    return _mismatch(graph, tensor, (batch, *moments, *features.shape[1:]), "float32")


def _output_faults(graph: GraphSpec, pose: GraphSpec | None) -> list[str]:
    """What is wrong with maps, relevance and lifted joints."""
    batch = graph.inputs[0].shape[0]
    moments = () if graph.clip is None else (graph.clip.length,)
    joints = 0 if pose is None or pose.skeleton is None else len(pose.skeleton.joints)
    faults = _map_shape_faults(graph, (batch, *moments, None, None))
    faults += _shape_faults(graph, "relevance", (batch, *moments, joints))
    return faults + _shape_faults(graph, "joints_3d", (batch, joints, 3))


def _tensor_faults(
    graph: GraphSpec, *, takes: tuple[Meaning, ...], gives: Sequence[Meaning], optional: Sequence[Meaning] = ()
) -> list[str]:
    """Faults of names and meanings; where there are none each output is read.

    Args:
        graph: To be looked at.
        takes: The meanings of its inputs.
        gives: Outputs that it must have.
        optional: Outputs that it may have.
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
    distinct = {_told_apart_by(tensor) for tensor in graph.outputs}
    if len(distinct) < len(meanings) or len({tensor.name for tensor in graph.outputs}) < len(meanings):
        faults.append(f"graph {graph.name!r} gives the same twice: {', '.join(meanings)}")
    return faults


def _told_apart_by(tensor: TensorSpec) -> tuple[str, ...]:
    if tensor.meaning in _MAPS:
        return (tensor.meaning, tensor.name)
    return (tensor.meaning, tensor.head or "") if tensor.meaning in ("actions", "relevance") else (tensor.meaning,)


def _picture_faults(graph: GraphSpec, tensor: TensorSpec, *, first: Sequence[int | str], may_vary: bool) -> list[str]:
    """Faults of a picture ``(first, height, width, 3)``, or a clip of them ``(first, T, height, width, 3)``."""
    shape, dtype = tensor.shape, tensor.dtype
    moments = (graph.clip.length,) if tensor.meaning == "pictures" and graph.clip is not None else ()
    sides = ("H", "W") if may_vary else ()
    fits = (
        len(shape) == 4 + len(moments)
        and shape[0] in first
        and shape[1:-3] == moments
        and all(size in sides or (isinstance(size, int) and size <= _LARGEST_SIDE) for size in shape[-3:-1])
        and shape[-1] == 3
        and dtype == "uint8"
    )
    if fits:
        return []
    batch = " or ".join(str(size) for size in first)
    length = "".join(f"{moment}, " for moment in moments)
    return [
        f"graph {graph.name!r} takes {show_shape(shape)} {dtype}, this edgeact gives it uint8 pictures "
        f"[{batch}, {length}height, width, 3] with sides up to {_LARGEST_SIDE}"
    ]


def _map_shape_faults(graph: GraphSpec, wanted: Sequence[int | str | None]) -> list[str]:
    """Faults of all attention maps; of those that name a head, whether the graph that they explain has it is seen to
    by whoever placed the graph.
    """
    faults = []
    for tensor in graph.outputs:
        if tensor.meaning in _MAPS:
            faults += _mismatch(graph, tensor, wanted, "float32")
            heads: tuple[HeadSpec, ...] = graph.heads
            if heads and tensor.head is not None and tensor.head not in {head.name for head in heads}:
                faults.append(f"{tensor.name} of graph {graph.name!r} speaks for {tensor.head!r}, none of its heads")
    return faults


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
