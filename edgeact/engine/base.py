"""The interface of a backend."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a loaded graph says of one input or output.

    Attributes:
        name: Its name.
        shape: None where a dimension may change.
        dtype: As NumPy calls it, or the backend's own word for a type that bundles do not use.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Backend(Protocol):
    """Executes one graph. Safe to call from one thread at a time; `close` from any."""

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """What the graph takes."""
        ...

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """What the graph gives."""
        ...

    @property
    def provider(self) -> str:
        """Which device really executes the graph, e.g. ``CPUExecutionProvider``."""
        ...

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Execute the graph on named arrays and return its named outputs.

        Raises:
            BackendError: An input is missing, or has another shape or type than the graph takes; the graph failed; or
                it was closed while it ran.
        """
        ...

    def close(self) -> None:
        """Release the device's memory; calling it twice does no harm.

        A run in another thread ends with an error after the operator that it is at.
        """
        ...


def as_float32(array: Array) -> npt.NDArray[np.float32]:
    """The array as float32, without a copy where it is float32 already."""
    return np.asarray(array, dtype=np.float32)
