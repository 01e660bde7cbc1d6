"""Which graph of a bundle does what here, and whether each is made for it: asked before the first frame, and by
``edgeact verify``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeact.bundle import Bundle, GraphSpec, Manifest, Meaning, TensorSpec
from edgeact.errors import BundleError
from edgeact.inference.tensors import show_shape

_LARGEST_SIDE = 4096  # of a picture that a graph takes; ours have 416 at most


@dataclass(frozen=True, slots=True)
class Roles:
    """The graphs that are run; without ``action`` persons have no actions, without ``explain`` these have no maps."""

    detector: GraphSpec
    pose: GraphSpec
    action: GraphSpec | None
    explain: GraphSpec | None


def assign_roles(bundle: Bundle) -> Roles:
    """Find each role's graph, and check that the manifest fits together.

    Raises:
        BundleError: The detector or the pose graph is missing, a graph would never be run, or a graph takes or gives
            something that does not fit the role, the labels, the skeleton, the clip, or (explain) the action graph;
            all faults are listed.
    """
    action = bundle.find_graph(scope="person", horizon="clip", produces="actions")
    roles = Roles(
        detector=require_graph(bundle, scope="scene", horizon="frame", produces="boxes"),
        pose=require_graph(bundle, scope="person", horizon="frame", produces="joints"),
        action=action,
        # What it explains are the scores of the action graph.
        explain=None if action is None else bundle.find_graph(scope="person", horizon="clip", produces="relevance"),
    )
    used = [graph for graph in (roles.detector, roles.pose, roles.action, roles.explain) if graph is not None]
    faults = [
        f"nothing would read graph {graph.name!r} ({graph.scope}/{graph.horizon})"
        for graph in bundle.manifest.graphs
        if graph not in used
    ]
    faults += _detector_faults(roles.detector) + _pose_faults(roles.pose, bundle.manifest)
    if roles.action is not None:
        faults += _clip_faults(roles.action, bundle.manifest)
    if roles.explain is not None and roles.explain is not roles.action:
        faults += _clip_faults(roles.explain, bundle.manifest)
    if faults:
        raise BundleError(f"{bundle.directory}: {'; '.join(faults)}; export the bundle again")
    return roles


def require_graph(
    bundle: Bundle, *, scope: Literal["scene", "person"], horizon: Literal["frame", "clip"], produces: Meaning
) -> GraphSpec:
    """The first graph of a bundle with this scope and horizon that has an output of this meaning.

    Raises:
        BundleError: The bundle has none.
    """
    spec = bundle.find_graph(scope=scope, horizon=horizon, produces=produces)
    if spec is None:
        known = (
            ", ".join(f"{graph.name} ({graph.scope}/{graph.horizon})" for graph in bundle.manifest.graphs)
            or "no graphs"
        )
        raise BundleError(
            f"{bundle.directory} has no {scope}/{horizon} graph that gives {produces}, without which no person "
            "can be followed "
            f"(it has {known}); use another bundle"
        )
    return spec


def _detector_faults(graph: GraphSpec) -> list[str]:
    if not (faults := _tensor_faults(graph, takes="image", gives=("boxes", "scores"))):
        batch = graph.inputs[0].shape[:1]
        faults += _picture_faults(graph, first=(1, "N"), may_vary=True)
        boxes = graph.output("boxes")
        count = boxes.shape[1:2] if boxes is not None else ()
        faults += _shape_faults(graph, "boxes", (*batch, None, 4)) + _shape_faults(graph, "scores", (*batch, *count))
    return faults


def _pose_faults(graph: GraphSpec, manifest: Manifest) -> list[str]:
    if not (faults := _tensor_faults(graph, takes="image", gives=("joints", "confidence"))):
        joints = len(manifest.joints)
        faults += _picture_faults(graph, first=("N",), may_vary=False)
        faults += _shape_faults(graph, "joints", ("N", joints, 2))
        faults += _shape_faults(graph, "confidence", ("N", joints))
        faults += _shape_faults(graph, "joint_maps", ("N", joints, None, None))
    return faults


def _clip_faults(graph: GraphSpec, manifest: Manifest) -> list[str]:
    """Of the action or the explain graph; both read the same clips, so they fit each other when they fit the clip."""
    gives: Meaning = "actions" if graph.output("actions") is not None else "relevance"
    if not (faults := _tensor_faults(graph, takes="features", gives=(gives,))):
        taken, length, joints = graph.inputs[0], manifest.clip.length, len(manifest.joints)
        # All persons of a frame are classified at once, but explained one by one.
        batch = "N" if gives == "actions" or taken.shape[:1] == ("N",) else 1
        faults += _mismatch(graph, taken, (batch, length, joints, 3), "float32")
        faults += _shape_faults(graph, "actions", (batch, len(manifest.labels)))
        faults += _shape_faults(graph, "relevance", (batch, length, joints))
    return faults


def _tensor_faults(graph: GraphSpec, *, takes: Meaning, gives: Sequence[Meaning]) -> list[str]:
    """Faults of names and meanings; where there are none the graph has one input and each output once."""
    faults = []
    if [tensor.meaning for tensor in graph.inputs] != [takes]:
        found = ", ".join(tensor.meaning for tensor in graph.inputs) or "nothing"
        faults.append(f"graph {graph.name!r} takes {found}, this edgeact gives it {takes}")
    meanings = [tensor.meaning for tensor in graph.outputs]
    faults += [f"graph {graph.name!r} gives no {meaning}" for meaning in gives if meaning not in meanings]
    if len(set(meanings)) < len(meanings) or len({tensor.name for tensor in graph.outputs}) < len(meanings):
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


def _shape_faults(graph: GraphSpec, meaning: Meaning, wanted: Sequence[int | str | None]) -> list[str]:
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
