"""Which backend executes a graph on which device."""

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec
from edgeact.engine.base import Backend
from edgeact.engine.onnx import OnnxBackend
from edgeact.engine.tensors import check_tensors
from edgeact.errors import BackendError, BundleError

DEVICES = ("cpu", "cuda", "tensorrt")


def open_graph(bundle: Bundle, graph: GraphSpec, *, device: str = "cpu", threads: int = 1) -> Backend:
    """Check a graph's hash, load it on a device, and check that it takes and gives what the manifest says.

    Raises:
        BundleIntegrityError: The graph's file is not the one that the manifest describes.
        BundleError: It keeps tensors in other files, or its inputs or outputs are not those of the manifest.
        BackendError: The device is not available, or the graph cannot be loaded there.
    """
    if device == "tensorrt" and graph.precision == "int8":
        # Its eight-bit numbers have a zero point, and TensorRT takes only symmetric ones.
        raise BackendError(
            f"graph {graph.name!r} has eight-bit convolutions for processors, which TensorRT does not take; use "
            "--device cuda, or a bundle of float32 graphs, such as those that ship with edgeact"
        )
    backend = OnnxBackend(bundle.read_graph(graph), name=graph.name, device=device, threads=threads)
    try:
        check_tensors(graph, backend.inputs, backend.outputs)
    except BundleError:
        backend.close()
        raise
    return backend
