"""ONNX Runtime as a backend; a provider that was asked for is used or refused, never replaced in silence."""

import os
import re
from collections.abc import Mapping

import onnxruntime

from edgeact.bundle.manifest import show_shape
from edgeact.engine.base import Array, TensorInfo
from edgeact.engine.onnx_file import OnnxFile, read_onnx_file
from edgeact.engine.tensors import fits
from edgeact.errors import BackendError

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
_DTYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32", "tensor(int64)": "int64"}
_LARGEST_CONSTANT = 64 * 2**20
_LONGEST_REASON = 500  # characters; ONNX Runtime lists whole stacks

# How ONNX Runtime says, since 1.18 at least, that a file is of a later version of ONNX, or has an operator it lacks.
_TOO_NEW = re.compile(r"Unsupported model IR version|[Oo]pset \d+ is under development")
_NO_OPERATOR = re.compile(r"is not a registered function/op|No Op registered for|Could not find an implementation for")
_ORT_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")


class OnnxBackend:
    """One ONNX graph in ONNX Runtime on one device.

    Args:
        content: The bytes of the ``.onnx`` file.
        name: What to call the graph in messages.
        device: ``cpu``, ``cuda`` or ``tensorrt``.
        threads: Threads within one operator; more than the cores that are free makes everything slower.

    Raises:
        BundleError: The bytes are no ONNX file, or not all of the graph.
        BackendError: The device is unknown or not available here, or the graph cannot be loaded.
    """

    def __init__(self, content: bytes, *, name: str, device: str = "cpu", threads: int = 1) -> None:
        provider = _PROVIDERS.get(device)
        if provider is None:
            raise BackendError(f"device {device!r} is unknown; use one of {', '.join(_PROVIDERS)}")
        available = onnxruntime.get_available_providers()
        if provider not in available:
            raise BackendError(
                f"device {device!r} needs {provider}, which this onnxruntime does not have (it has "
                f"{', '.join(available)}); "
                "install onnxruntime-gpu or choose --device cpu"
            )
        written_for = read_onnx_file(content, name=name)
        self._name = name
        self._run_options = onnxruntime.RunOptions()
        try:
            self._session: onnxruntime.InferenceSession | None = onnxruntime.InferenceSession(
                content, _session_options(threads), providers=[provider]
            )
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise _loading_error(name, device, written_for, error) from error
        if self._session.get_providers()[0] != provider:
            raise BackendError(
                f"graph {name!r} was asked to run on {provider} but would run on {self._session.get_providers()[0]}"
            )
        self._inputs = tuple(_tensor_info(node) for node in self._session.get_inputs())
        self._outputs = tuple(_tensor_info(node) for node in self._session.get_outputs())
        self._output_names = [tensor.name for tensor in self._outputs]

    @property
    def provider(self) -> str:
        """The execution provider that ONNX Runtime reports."""
        return str(self._open().get_providers()[0])

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """What the graph takes."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """What the graph gives."""
        return self._outputs

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Execute the graph; see `Backend.run`."""
        session = self._open()
        if inputs.keys() != {tensor.name for tensor in self._inputs}:
            names = sorted(tensor.name for tensor in self._inputs)
            raise BackendError(f"graph {self._name!r} takes {names}, was given {sorted(inputs)}")
        for tensor in self._inputs:
            array = inputs[tensor.name]
            if not fits(array.shape, tensor.shape) or array.dtype != tensor.dtype:
                raise BackendError(
                    f"graph {self._name!r} takes {tensor.name} {show_shape(tensor.shape)} {tensor.dtype}, was given "
                    f"{list(array.shape)} {array.dtype}"
                )
        try:
            outputs = session.run(self._output_names, dict(inputs), self._run_options)
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            if self._session is None:
                raise BackendError(f"graph {self._name!r} was closed while it ran") from error
            raise BackendError(
                f"graph {self._name!r} failed while it ran ({_one_line(error)}); free memory or use another bundle"
            ) from error
        return dict(zip(self._output_names, outputs, strict=True))

    def close(self) -> None:
        """Release the session; a run in another thread ends after the operator that it is at."""
        self._session = None
        self._run_options.terminate = True

    def _open(self) -> onnxruntime.InferenceSession:
        session = self._session
        if session is None:
            raise BackendError(f"graph {self._name!r} was closed")
        return session


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is an error is raised, and said once
    entries = {
        # Idle threads that spin would take the cores that decoding and encoding need.
        "session.intra_op.allow_spinning": "0",
        # On processors without 8-bit dot products (VNNI) the quick kernel of 8-bit graphs can overflow; this takes the
        # exact one there.
        "session.x64quantprecision": "1",
        # `read_onnx_file` refuses tensors in other files. Should it ever miss one, the file is looked for where none
        # can be, not in the current folder. (Versions that do not know an entry ignore it.)
        "session.model_external_initializers_file_folder_path": os.devnull,
        "session.load_model_format": "ONNX",
        # What is calculated once, at loading, cannot be stopped, so it may not become large.
        "optimization.constant_folding_max_output_size_in_bytes": str(_LARGEST_CONSTANT),
    }
    for key, value in entries.items():
        options.add_session_config_entry(key, value)
    return options


def _tensor_info(node: onnxruntime.NodeArg) -> TensorInfo:
    # A dimension that may change is a name or None.
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return TensorInfo(node.name, shape, _DTYPES.get(node.type, node.type))


def _loading_error(name: str, device: str, written_for: OnnxFile, error: Exception) -> BackendError:
    """The error to raise when ONNX Runtime cannot load a graph: too new for it, with operators it lacks, or other."""
    what, version = _one_line(error), onnxruntime.__version__
    opsets = ", ".join(f"{domain} {number}" for domain, number in sorted(written_for.opsets.items()))
    if _TOO_NEW.search(what):
        return BackendError(
            f"graph {name!r} needs a newer onnxruntime than {version}: it has IR version {written_for.ir_version} and "
            f"opset {opsets[:_LONGEST_REASON] or 'none'}; update onnxruntime, or export the bundle for an older opset"
        )
    if _NO_OPERATOR.search(what):
        return BackendError(
            f"graph {name!r} has an operator that onnxruntime {version} does not run on {device!r} ({what}); update "
            "onnxruntime, or export the bundle with standard operators"
        )
    return BackendError(f"graph {name!r} cannot be loaded on {device!r} ({what}); export the bundle again")


def _one_line(error: Exception) -> str:
    """What ONNX Runtime says, without its own error codes and places in its source."""
    text = _ORT_PREFIX.sub("", " ".join(str(error).split()))
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST_REASON])
