"""A graph of a bundle, addressed by what its tensors mean instead of what they are called."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec, OutputMeaning, TensorSpec
from edgeact.engine.base import Array, as_float32
from edgeact.engine.open import open_graph
from edgeact.engine.tensors import check_values
from edgeact.errors import BundleError
from edgeact.types import Float32


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What a graph gave: float32 arrays by meaning and action head, and all of them by the name of the tensor."""

    arrays: Mapping[tuple[str, str | None], Float32]
    named: Mapping[str, Float32] = field(default_factory=dict)

    def of(self, meaning: OutputMeaning, *, head: str | None = None) -> Float32:
        """The output with this meaning, of this head; the plan has seen to it that there is one."""
        return self.arrays[meaning, head]

    def find(self, meaning: OutputMeaning) -> Float32 | None:
        """The output with this meaning that belongs to no head, or None."""
        return self.arrays.get((meaning, None))


class Graph:
    """One opened graph; several threads may run it, one after the other.

    Args:
        bundle: Where the graph comes from.
        spec: One of the bundle's graphs.
        device: See `open_graph`.
        threads: Threads of one operator.

    Raises:
        BundleIntegrityError: The graph's file is not the one that the manifest describes.
        BackendError: The device is not available, or the graph cannot be loaded there.
    """

    def __init__(self, bundle: Bundle, spec: GraphSpec, *, device: str = "cpu", threads: int = 1) -> None:
        self.spec = spec
        self.input: TensorSpec = spec.inputs[0]
        self._lock = threading.Lock()
        self._backend = open_graph(bundle, spec, device=device, threads=threads)

    def run(self, *arrays: Array) -> Outputs:
        """Execute the graph.

        Args:
            arrays: Its inputs in the order of the manifest.

        Raises:
            BackendError: The graph failed, or gave what no network may give (see `check_values`).
        """
        inputs = {spec.name: array for spec, array in zip(self.spec.inputs, arrays, strict=True)}
        with self._lock:
            outputs = self._backend.run(inputs)
        check_values(self.spec, inputs, outputs)
        named = {spec.name: as_float32(outputs[spec.name]) for spec in self.spec.outputs}
        return Outputs({(spec.meaning, spec.head): named[spec.name] for spec in self.spec.outputs}, named)

    @property
    def takes_batches(self) -> bool:
        """Whether several inputs may be given at once."""
        return self.input.shape[0] == "N"

    @property
    def takes_any_size(self) -> bool:
        """Whether the graph takes pictures whose height and width are free."""
        shape = self.input.shape
        return len(shape) == 4 and isinstance(shape[1], str) and isinstance(shape[2], str)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the pictures that the graph takes.

        Raises:
            BundleError: The input is no batch of pictures of a fixed size.
        """
        shape = self.input.shape
        if len(shape) != 4 or isinstance(shape[1], str) or isinstance(shape[2], str):
            raise BundleError(f"graph {self.spec.name!r} takes {list(shape)}, not pictures of a fixed size")
        return int(shape[2]), int(shape[1])

    @property
    def provider(self) -> str:
        """What executes it, as the backend calls it."""
        return self._backend.provider

    def close(self) -> None:
        """Release the graph, also while another thread runs it; calling it twice does no harm."""
        self._backend.close()
