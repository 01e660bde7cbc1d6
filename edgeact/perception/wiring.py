"""A graph of the bundle, addressed by what its tensors mean instead of what they are called."""

from edgeact.bundle import Bundle, GraphSpec, Meaning, TensorSpec
from edgeact.errors import BundleError
from edgeact.inference.base import Array, as_float32
from edgeact.inference.select import open_graph
from edgeact.inference.tensors import check_values
from edgeact.types import Float32


class WiredGraph:
    """One opened graph with one input.

    Args:
        bundle: Where the graph comes from.
        spec: One of the bundle's graphs.
        takes: The meaning that its input must have.
        device: See `open_graph`.
        threads: Threads of one operator.

    Raises:
        BundleError: The graph has another input than ``takes``.
        BundleIntegrityError: The graph's file is not the one that the manifest describes.
        BackendError: The device is not available, or the graph cannot be loaded there.
    """

    def __init__(
        self, bundle: Bundle, spec: GraphSpec, *, takes: Meaning, device: str = "cpu", threads: int = 1
    ) -> None:
        if [tensor.meaning for tensor in spec.inputs] != [takes]:
            found = ", ".join(tensor.meaning for tensor in spec.inputs) or "nothing"
            raise BundleError(
                f"graph {spec.name!r} in {bundle.directory} takes {found}, this edgeact gives it {takes}; use "
                "another bundle"
            )
        self.input: TensorSpec = spec.inputs[0]
        self._names: dict[Meaning, str] = {}
        for tensor in spec.outputs:
            self._names.setdefault(tensor.meaning, tensor.name)
        self._spec = spec
        self._least_score = bundle.manifest.calibration.detection_score
        self._backend = open_graph(bundle, spec, device=device, threads=threads)

    def run(self, array: Array) -> dict[Meaning, Float32]:
        """Execute the graph; the outputs by meaning, as float32.

        Raises:
            BackendError: The graph failed, or gave what no network may give (see `check_values`).
        """
        inputs = {self.input.name: array}
        outputs = self._backend.run(inputs)
        check_values(self._spec, inputs, outputs, least_score=self._least_score)
        return {meaning: as_float32(outputs[name]) for meaning, name in self._names.items()}

    @property
    def takes_any_size(self) -> bool:
        """Whether the graph takes uint8 RGB pictures whose height and width are free."""
        shape = self.input.shape
        is_picture = self.input.dtype == "uint8" and len(shape) == 4 and shape[3] == 3
        return is_picture and isinstance(shape[1], str) and isinstance(shape[2], str)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the pictures that the graph takes.

        Raises:
            BundleError: The input is no batch of uint8 RGB pictures of a fixed size.
        """
        shape = self.input.shape
        is_picture = self.input.dtype == "uint8" and len(shape) == 4 and shape[3] == 3
        if not is_picture or isinstance(shape[1], str) or isinstance(shape[2], str):
            raise BundleError(
                f"graph {self._spec.name!r} takes {list(shape)} {self.input.dtype}, not uint8 pictures (N, "
                "height, width, 3)"
            )
        return int(shape[2]), int(shape[1])

    def close(self) -> None:
        """Release the graph, also while another thread runs it; calling it twice does no harm."""
        self._backend.close()
