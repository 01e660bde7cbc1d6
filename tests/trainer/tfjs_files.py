"""Write tiny TensorFlow.js graph models: the graph as model.json, its weights as a binary file in half precision."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class TfNode:
    """A node with the constants that it takes after its other inputs."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    constants: tuple[np.ndarray, ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()


def convolution(
    name: str,
    of: str,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int = 1,
    padding: str = "SAME",
    activation: str | None = None,
) -> TfNode:
    """Describe a convolution with optional fused bias and activation.

    The kernel is ``(rows, columns, in, out)``. A name that contains "depthwise" makes a depthwise convolution, whose
    kernel is ``(rows, columns, channels, 1)``.
    """
    deep = "depthwise" in name
    if bias is None:
        kind = "DepthwiseConv2dNative" if deep else "_FusedConv2D"
    else:
        kind = "FusedDepthwiseConv2dNative" if deep else "_FusedConv2D"
    fused = ([] if bias is None else ["BiasAdd"]) + ([] if activation is None else [activation])
    attributes = (
        ("strides", {"list": {"i": ["1", str(stride), str(stride), "1"]}}),
        ("padding", {"s": _base64(padding)}),
        ("fused_ops", {"list": {"s": [_base64(said) for said in fused]}}),
    )
    return TfNode(name, kind, (of,), (kernel,) if bias is None else (kernel, bias), attributes)


def resize(name: str, of: str, rows: int, columns: int) -> TfNode:
    """Bilinear enlarging."""
    attributes = (("half_pixel_centers", {"b": True}), ("align_corners", {"b": False}))
    return TfNode(name, "ResizeBilinear", (of,), (np.array([rows, columns], np.int32),), attributes)


def write_tfjs(path: Path, *, first: str, nodes: Sequence[TfNode]) -> Path:
    """Write a graph model as ``model.json`` at ``path`` and its weights as a ``.bin`` file of the same name."""
    topology: list[dict[str, Any]] = [{"name": first, "op": "Placeholder"}]
    entries, stored = [], b""
    for node in nodes:
        names = [f"{node.name}/constant_{number}" for number in range(len(node.constants))]
        for name, values in zip(names, node.constants, strict=True):
            half = values.dtype == np.float32
            entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "dtype": str(values.dtype)}
            entries.append(entry | ({"quantization": {"dtype": "float16"}} if half else {}))
            stored += values.astype(np.float16).tobytes() if half else values.tobytes()
            topology.append({"name": name, "op": "Const"})
        inputs = [*node.inputs, *names]
        topology.append({"name": node.name, "op": node.kind, "input": inputs, "attr": dict(node.attributes)})
    path.with_suffix(".bin").write_bytes(stored)
    manifest = [{"paths": [path.with_suffix(".bin").name], "weights": entries}]
    path.write_text(json.dumps({"modelTopology": {"node": topology}, "weightsManifest": manifest}))
    return path


def _base64(said: str) -> str:
    return base64.b64encode(said.encode()).decode()
