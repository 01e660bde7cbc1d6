"""Graphs for tests, written in ONNX's text form."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper, parser


def build_model(text: str, constants: Mapping[str, npt.NDArray[np.generic] | np.generic]) -> bytes:
    """A graph in ONNX's text form, with constants by name, as the bytes of a file."""
    model = parser.parse_model('<ir_version: 10, opset_import: ["": 18]>\n' + text)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
