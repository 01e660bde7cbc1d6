"""ONNX graph → the same graph with eight-bit convolutions, calibrated on real pictures.

Convolutions take 8-bit unsigned activations and 8-bit signed weights (a scale for each output channel), which
processors multiply two to four times as fast as floats; everything behind the last convolutions stays in float32
(softmax, soft-argmax and box decoding do not survive rounding), and so do those last convolutions themselves. After
"Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (Jacob et al., CVPR
2018), as ONNX Runtime's static quantisation does it.
"""

import contextlib
import hashlib
import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)

from edgeact.errors import BundleError

# The stem and the first two blocks stay float too: rounding them cost the default detector 2 points of average
# precision (lspet, validation, .735 → .714; with them in float .734), and saves little, as their few channels leave the
# 8-bit kernels half empty.
FIRST_IN_FLOAT = 6
# What lies between convolutions is quantised with them, so that a convolution's result need not become float and back.
_QUANTIZED_OPERATORS = ["Conv", "Add", "Resize", "Clip"]


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationPictures:
    """Training pictures whose activations give the ranges of eight-bit numbers; an empty set leaves its graph in
    float32.

    Attributes:
        scenes: ``(S, 256, 416, 3)`` uint8 RGB, what the detector sees.
        crops: ``(P, 160, 128, 3)`` uint8 RGB, what the pose graph sees.
    """

    scenes: np.ndarray
    crops: np.ndarray

    def described(self) -> dict[str, int | str]:
        """How many they are, and the sha256 of their bytes: says later which ones they were."""
        digest = hashlib.sha256(np.ascontiguousarray(self.scenes).tobytes())
        digest.update(np.ascontiguousarray(self.crops).tobytes())
        return {"scenes": len(self.scenes), "crops": len(self.crops), "sha256": digest.hexdigest()}


class _Pictures(CalibrationDataReader):
    """What `quantize_static` draws its calibration inputs from."""

    def __init__(self, name: str, pictures: Sequence[np.ndarray]) -> None:
        self._inputs: Iterator[dict[str, np.ndarray]] = iter([{name: picture[None]} for picture in pictures])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._inputs, None)


def first_convolutions(model: onnx.ModelProto) -> list[str]:
    """Names of the first `FIRST_IN_FLOAT` convolution nodes in the order of computation."""
    return [node.name for node in model.graph.node if node.op_type == "Conv"][:FIRST_IN_FLOAT]


def last_convolutions(model: onnx.ModelProto) -> list[str]:
    """Names of the convolution nodes that no other convolution follows: the heads, whose results are coordinates and
    scores.
    """
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    followed: dict[str, bool] = {}  # by tensor: whether a convolution uses it, directly or not
    for node in reversed(model.graph.node):  # ONNX keeps nodes in the order of computation
        for name in node.output:
            followed[name] = any(
                user.op_type == "Conv" or any(followed.get(o, False) for o in user.output)
                for user in users.get(name, [])
            )
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and not any(followed[name] for name in node.output)
    ]


def quantize_graph(path: Path, out: Path, pictures: Sequence[np.ndarray]) -> None:
    """Write a graph with eight-bit convolutions.

    Args:
        path: A float graph with one picture input (N, H, W, 3) uint8 RGB.
        out: File to write; may be ``path``.
        pictures: ``(H, W, 3)`` uint8 RGB, like those that the graph will see, none of them held out for measuring. Some
            dozens are enough; all their activations are in memory at once (50 MB for a picture of 416×256).

    Raises:
        BundleError: An activation is the same for every picture, so that it has no range.
    """
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # the quantiser advises, through the root logger, what is done here already
    try:
        # What the quantiser prints of its progress would stand among our own lines.
        with (
            tempfile.TemporaryDirectory(prefix="edgeact-quantize-") as folder,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            prepared, quantized = Path(folder) / "prepared.onnx", Path(folder) / "quantized.onnx"
            quant_pre_process(path, prepared, skip_symbolic_shape=True)
            model = onnx.load(prepared)
            quantize_static(
                prepared,
                quantized,
                _Pictures(model.graph.input[0].name, pictures),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_QUANTIZED_OPERATORS,
                per_channel=True,
                # Measured on the default pose graph, two persons, milliseconds and PCK@0.2 on validation persons
                # (lspet, stock_upright): float32 6.0, 49.7, 82.7   u8 × s8 3.7, 49.5, 82.8   u8 × 7 bits 3.8, 48.7,
                # 81.3   s8 × s8 6.5, 49.3, 83.0
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                # Ranges leave one value in 50,000 out at each end. With the extremes of a few hundred pictures, the
                # default detector's average precision (lspet, validation) is anywhere from .722 to .737, depending on
                # which pictures; with these .732 to .735.
                calibrate_method=CalibrationMethod.Percentile,
                nodes_to_exclude=[*first_convolutions(model), *last_convolutions(model)],
            )
            result = onnx.load(quantized)
    except ValueError as error:
        raise BundleError(
            f"{path.name} cannot be rounded to eight bits ({error}): is it trained? Leave it out of "
            "quantize.graphs to keep it in floats"
        ) from error
    finally:
        root.setLevel(level)
    result.producer_name, result.producer_version, result.doc_string = "edgeact", "", ""
    del result.metadata_props[:]
    onnx.checker.check_model(result)
    out.write_bytes(result.SerializeToString())
