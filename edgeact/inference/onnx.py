"""ONNX Runtime as a backend; a provider that was asked for is used or refused, never replaced in silence."""

from collections.abc import Mapping

import numpy as np
import onnxruntime

from edgeact.errors import BackendError
from edgeact.inference.base import Array

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
_DTYPES = {
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(float)": np.dtype(np.float32),
    "tensor(int64)": np.dtype(np.int64),
}


class OnnxBackend:
    """One ONNX graph in ONNX Runtime on one device.

    Args:
        content: The bytes of the ``.onnx`` file.
        name: What to call the graph in messages.
        device: ``cpu``, ``cuda`` or ``tensorrt``.
        threads: Threads within one operator; more than the cores that are free makes everything slower.

    Raises:
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
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Idle threads that spin would take the cores that decoding and encoding need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # On processors without 8-bit dot products (VNNI) the quick kernel of 8-bit graphs can overflow; this takes the
        # exact one there.
        options.add_session_config_entry("session.x64quantprecision", "1")
        self._name = name
        try:
            self._session: onnxruntime.InferenceSession | None = onnxruntime.InferenceSession(
                content, options, providers=[provider]
            )
        except Exception as error:
            what = " ".join(str(error).split())
            raise BackendError(
                f"graph {name!r} cannot be loaded on {device!r} ({what}); export the bundle again"
            ) from error
        if self._session.get_providers()[0] != provider:
            raise BackendError(
                f"graph {name!r} was asked to run on {provider} but would run on {self._session.get_providers()[0]}"
            )
        self._inputs = {node.name: (node.shape, _DTYPES.get(node.type)) for node in self._session.get_inputs()}
        self._outputs = [node.name for node in self._session.get_outputs()]

    @property
    def provider(self) -> str:
        """The execution provider that ONNX Runtime reports."""
        return str(self._open().get_providers()[0])

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Execute the graph; see `Backend.run`."""
        session = self._open()
        if inputs.keys() != self._inputs.keys():
            raise BackendError(f"graph {self._name!r} takes {sorted(self._inputs)}, was given {sorted(inputs)}")
        for key, array in inputs.items():
            shape, dtype = self._inputs[key]
            fits = len(shape) == array.ndim and all(
                not isinstance(s, int) or s == a for s, a in zip(shape, array.shape, strict=True)
            )
            if not fits or (dtype is not None and array.dtype != dtype):
                raise BackendError(
                    f"graph {self._name!r} takes {key} {shape} {dtype}, was given {list(array.shape)} {array.dtype}"
                )
        return dict(zip(self._outputs, session.run(self._outputs, dict(inputs)), strict=True))

    def close(self) -> None:
        """Release the session."""
        self._session = None

    def _open(self) -> onnxruntime.InferenceSession:
        if self._session is None:
            raise BackendError(f"graph {self._name!r} was closed")
        return self._session
