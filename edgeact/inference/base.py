"""The interface of a backend."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Backend(Protocol):
    """Executes one graph. Safe to call from one thread at a time."""

    @property
    def provider(self) -> str:
        """Which device really executes the graph, e.g. ``CPUExecutionProvider``."""
        ...

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Execute the graph on named arrays and return its named outputs.

        Raises:
            BackendError: An input is missing, or has another shape or type than the graph takes.
        """
        ...

    def close(self) -> None:
        """Release the device's memory; calling it twice does no harm."""
        ...


def as_float32(array: Array) -> npt.NDArray[np.float32]:
    """The array as float32, without a copy where it is float32 already."""
    return np.asarray(array, dtype=np.float32)
