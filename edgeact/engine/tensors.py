"""Whether a graph is what its manifest says: names, shapes and types when it is loaded, values whenever it has run."""

from collections.abc import Mapping, Sequence

import numpy as np

from edgeact.bundle.manifest import GraphSpec, Meaning, TensorSpec, show_shape
from edgeact.engine.base import Array, TensorInfo
from edgeact.errors import BackendError, BundleError

_PROBABILITIES: frozenset[Meaning] = frozenset({"scores", "confidence", "actions"})
# A softmax in floats may add up to a little more than one; eight bits do not reach the outputs.
_TOLERANCE = 1e-3
# In pixels of the graph's picture, which has a few hundred. Beyond it, sums of squares leave float32.
_FARTHEST = 1e6


def fits(found: Sequence[int | None], wanted: Sequence[int | None]) -> bool:
    """Whether two shapes agree in every dimension that both state; None stands for one that may change."""
    return len(found) == len(wanted) and all(
        one is None or other is None or one == other for one, other in zip(found, wanted, strict=True)
    )


def check_tensors(graph: GraphSpec, inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo]) -> None:
    """Compare the inputs and outputs of a loaded graph (names, types, shapes) with those that the manifest states.

    Where the manifest lets a dimension change, the graph must let it change too; where it states a size, the graph may
    state the same or leave it open (what an output then really has is seen by `check_values`).

    Raises:
        BundleError: They differ; the message names the tensor.
    """
    for verb, specs, found in (("takes", graph.inputs, inputs), ("gives", graph.outputs, outputs)):
        by_name = {tensor.name: tensor for tensor in found}
        if by_name.keys() != {spec.name for spec in specs}:
            raise BundleError(
                f"{graph.file} {verb} {', '.join(by_name) or 'nothing'}, the manifest says "
                f"{', '.join(spec.name for spec in specs) or 'nothing'}; export the bundle again"
            )
        for spec in specs:
            tensor = by_name[spec.name]
            if tensor.dtype != spec.dtype or not _allows(tensor.shape, spec):
                raise BundleError(
                    f"{graph.file} {verb} {spec.name} as {show_shape(tensor.shape)} {tensor.dtype}, the manifest says "
                    f"{show_shape(spec.shape)} {spec.dtype}; export the bundle again"
                )


def _allows(shape: Sequence[int | None], spec: TensorSpec) -> bool:
    return len(shape) == len(spec.shape) and all(
        found is None or found == wanted for found, wanted in zip(shape, spec.shape, strict=True)
    )


def check_values(graph: GraphSpec, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> None:
    """Refuse what no network may give: a wrong graph must not look like an empty scene.

    All outputs are finite and have the shapes that follow from the inputs, probabilities are in 0..1, joints and boxes
    of persons lie within a million pixels, and these boxes have their corners in order. Boxes under the graph's own
    score are nobody's, and may be anything that is finite.

    Args:
        graph: What ran.
        inputs: What it was given, by name.
        outputs: What it gave, by name.

    Raises:
        BackendError: The graph gave something else; the message names graph, tensor and value.
    """
    sizes: dict[int | str, int] = {}
    for spec in graph.inputs:
        sizes.update(zip(spec.shape, inputs[spec.name].shape, strict=True))
    by_meaning: dict[Meaning, Array] = {}
    for spec in graph.outputs:
        array = outputs[spec.name]
        wanted = tuple(size if isinstance(size, int) else sizes.get(size) for size in spec.shape)
        if not fits(array.shape, wanted):
            raise _wrong(graph, f"{spec.name} of shape {list(array.shape)} instead of {show_shape(wanted)}")
        by_meaning.setdefault(spec.meaning, array)
        if array.size == 0:
            continue
        low, high = float(array.min()), float(array.max())  # both are NaN when anything is
        if not np.isfinite(low + high):
            raise _wrong(graph, f"{spec.name} that are not finite")
        if spec.meaning in _PROBABILITIES and not (low >= -_TOLERANCE and high <= 1.0 + _TOLERANCE):
            raise _wrong(graph, f"{spec.name} from {low:.4g} to {high:.4g}, which are no probabilities")
    places = by_meaning.get("joints")
    if "boxes" in by_meaning and "scores" in by_meaning:
        least_score = 0.0 if graph.detection is None else graph.detection.score
        places = by_meaning["boxes"][by_meaning["scores"] >= least_score]
        if (places[:, 2:] < places[:, :2]).any():
            raise _wrong(graph, "boxes of persons whose right or lower side comes before the left or upper one")
    if places is not None and places.size and float(np.abs(places).max()) > _FARTHEST:
        raise _wrong(graph, f"a place {float(np.abs(places).max()):.4g} pixels away, far outside any picture")


def _wrong(graph: GraphSpec, what: str) -> BackendError:
    return BackendError(f"graph {graph.name!r} gave {what}; its weights or its export are damaged: use another bundle")
