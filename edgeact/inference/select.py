"""Which backend executes a graph on which device."""

from edgeact.bundle import Bundle, GraphSpec
from edgeact.errors import BackendError
from edgeact.inference.base import Backend
from edgeact.inference.onnx import OnnxBackend

DEVICES = ("cpu", "cuda", "tensorrt")


def open_graph(bundle: Bundle, graph: GraphSpec, *, device: str = "cpu", threads: int = 1) -> Backend:
    """Check a graph's hash and load it on a device.

    Raises:
        BundleIntegrityError: The graph's file is not the one that the manifest describes.
        BackendError: The device is not available, or the graph cannot be loaded there.
    """
    if device == "tensorrt" and graph.precision == "int8":
        # Its eight-bit numbers have a zero point, and TensorRT takes only symmetric ones.
        raise BackendError(
            f"graph {graph.name!r} has eight-bit convolutions for processors, which TensorRT does not take; use "
            "--device cuda, "
            "or a bundle whose recipe says quantize.graphs = []"
        )
    return OnnxBackend(bundle.read_graph(graph), name=graph.name, device=device, threads=threads)
