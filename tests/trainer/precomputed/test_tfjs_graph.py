"""Converted TensorFlow.js graph models compute what PyTorch computes; errors name what cannot be converted."""

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from edgeact.errors import SourceFormatError
from tests.trainer.tfjs_files import TfNode, convolution, resize, write_tfjs
from trainer.precomputed.tfjs_graph import convert_tfjs

RNG = np.random.default_rng(0)


def half(*shape: int) -> np.ndarray:
    """Random values that half precision holds exactly."""
    return RNG.normal(size=shape).astype(np.float16).astype(np.float32)


def run(model: bytes, image: np.ndarray) -> np.ndarray:
    (found,) = ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"image": image})
    return np.asarray(found)


def same_padding(values: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
    """TensorFlow's SAME: as many cells as ``ceil(side / stride)``, what is odd of the border below and on the right."""
    sides = []
    for side in (values.shape[3], values.shape[2]):
        missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        sides += [missing // 2, missing - missing // 2]
    return functional.pad(values, sides)


@given(st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]), st.sampled_from(["Relu", "Relu6", None]), st.booleans())
def test_a_convolution_gives_what_pytorch_gives(
    tmp_path_factory: pytest.TempPathFactory, side: int, stride: int, activation: str | None, deep: bool
) -> None:
    folder = tmp_path_factory.mktemp("net")
    kernel, bias = half(side, side, 3, 1 if deep else 4), half(3 if deep else 4)
    name = "depthwise" if deep else "plain"
    node = convolution(name, "in", kernel, bias, stride=stride, activation=activation)
    model = convert_tfjs(
        write_tfjs(folder / "m.json", first="in", nodes=[node]), first="in", size=(12, 10), outputs={"o": name}
    )
    image = half(2, 3, 10, 12)
    order = (2, 3, 0, 1) if deep else (3, 2, 0, 1)
    weight = torch.from_numpy(kernel.transpose(order).copy())
    seen = same_padding(torch.from_numpy(image), side, stride)
    wanted = functional.conv2d(seen, weight, torch.from_numpy(bias), stride=stride, groups=3 if deep else 1)
    wanted = {"Relu": wanted.relu(), "Relu6": wanted.clamp(0, 6), None: wanted}[activation]
    assert np.allclose(run(model, image), wanted.numpy(), atol=1e-4)


def test_sums_and_enlarging_give_what_pytorch_gives(tmp_path: Path) -> None:
    kernel = half(2, 2, 3, 3)
    nodes = [
        convolution("small", "in", kernel, stride=2, padding="VALID"),
        resize("large", "small", 8, 12),
        TfNode("sum", "AddV2", ("large", "in")),
        TfNode("not wanted", "ArgMax", ("sum",)),
    ]
    path = write_tfjs(tmp_path / "m.json", first="in", nodes=nodes)
    model = convert_tfjs(path, first="in", size=(12, 8), outputs={"sum": "sum"})
    image = torch.from_numpy(half(1, 3, 8, 12))
    small = functional.conv2d(image, torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()), stride=2)
    wanted = functional.interpolate(small, (8, 12), mode="bilinear", align_corners=False) + image
    assert np.allclose(run(model, image.numpy()), wanted.numpy(), atol=1e-4)


def test_what_cannot_be_converted_is_named(tmp_path: Path) -> None:
    nodes = [convolution("plain", "in", half(1, 1, 3, 3)), TfNode("mean", "Mean", ("plain",))]
    path = write_tfjs(tmp_path / "m.json", first="in", nodes=nodes)

    def convert(output: str) -> bytes:
        return convert_tfjs(path, first="in", size=(8, 8), outputs={"o": output})

    with pytest.raises(SourceFormatError, match=r"m\.json: mean is a Mean"):
        convert("mean")
    with pytest.raises(SourceFormatError, match="no node 'median'"):
        convert("median")
    path.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(SourceFormatError, match="weights of 'plain/constant_0' cannot be read"):
        convert("plain")
    path.write_text(json.dumps({"modelTopology": {}}))
    with pytest.raises(SourceFormatError, match=r"no TensorFlow\.js graph model"):
        convert("plain")
    path.write_text("{")
    with pytest.raises(SourceFormatError, match="cannot be read as JSON"):
        convert("plain")
