"""Checks a bundle as the machine that will run it: hashes, loading, and one run of every graph on a grey input."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.bundle import MANIFEST_NAME, Bundle, FreeDimension, GraphSpec, TensorSpec, load_bundle
from edgeact.errors import BundleError, EdgeactError
from edgeact.inference.base import Array
from edgeact.inference.select import open_graph

_CARD_NAME = "MODEL_CARD.md"
_FREE_SIZES: dict[FreeDimension, int] = {"N": 1, "H": 256, "W": 416}  # pictures' sides are multiples of 32


@dataclass(frozen=True, slots=True)
class GraphCheck:
    """What came of one graph; ``fault`` is None when all is well, ``seconds`` the second run's time on one input."""

    graph: GraphSpec
    size: int
    provider: str
    seconds: float
    fault: EdgeactError | None


def verify_bundle(directory: Path | None = None, *, device: str = "cpu") -> tuple[Bundle, list[GraphCheck], list[str]]:
    """Check every graph of a bundle.

    Returns:
        The bundle, a check a graph, and the names of files that the manifest does not know.

    Raises:
        BundleError: The manifest cannot be used at all.
    """
    bundle = load_bundle(directory)
    known = {MANIFEST_NAME, _CARD_NAME, *(graph.file for graph in bundle.manifest.graphs)}
    unknown = sorted(path.name for path in bundle.directory.iterdir() if path.name not in known)
    return bundle, [_check(bundle, graph, device) for graph in bundle.manifest.graphs], unknown


def _check(bundle: Bundle, graph: GraphSpec, device: str) -> GraphCheck:
    path = bundle.directory / graph.file
    size = path.stat().st_size if path.is_file() else 0
    try:
        backend = open_graph(bundle, graph, device=device)
        inputs = {tensor.name: _grey(tensor) for tensor in graph.inputs}
        backend.run(inputs)  # the first run also allocates
        began = time.perf_counter()
        outputs = backend.run(inputs)
        seconds = time.perf_counter() - began
        _compare(graph, outputs)
        provider = backend.provider
        backend.close()
    except EdgeactError as error:
        return GraphCheck(graph, size, "–", 0.0, error)
    return GraphCheck(graph, size, provider, seconds, None)


def _grey(tensor: TensorSpec) -> Array:
    shape = [size if isinstance(size, int) else _FREE_SIZES[size] for size in tensor.shape]
    return np.full(shape, 114 if tensor.dtype == "uint8" else 0, dtype=tensor.dtype)


def _compare(graph: GraphSpec, outputs: dict[str, Array]) -> None:
    for tensor in graph.outputs:
        if tensor.name not in outputs:
            raise BundleError(
                f"{graph.file} has no output {tensor.name!r}, which the manifest names; export the bundle again"
            )
        array = outputs[tensor.name]
        fits = array.ndim == len(tensor.shape) and all(
            isinstance(size, str) or size == found for size, found in zip(tensor.shape, array.shape, strict=True)
        )
        if not fits or array.dtype != tensor.dtype:
            raise BundleError(
                f"{graph.file} gives {tensor.name} as {list(array.shape)} {array.dtype}, "
                f"the manifest says {list(tensor.shape)} {tensor.dtype}; export the bundle again"
            )
