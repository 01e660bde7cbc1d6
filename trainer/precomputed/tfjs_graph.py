"""Convert TensorFlow.js graph models (``model.json`` and its weight files) of convolutional networks to ONNX.

Supported are the operations of backbones and heads: convolutions with fused bias and activation, additions, and
bilinear resizing. Pre- and postprocessing is not converted: the caller names the first and last nodes of the subgraph.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeact.errors import SourceFormatError

_OPSET = 18
_ACTIVATIONS = ("Relu", "Relu6")
# Kernels of TensorFlow are (rows, columns, in, out), of depthwise convolutions (rows, columns, channels, 1).
_KERNEL_ORDER = {
    "_FusedConv2D": (3, 2, 0, 1),
    "FusedDepthwiseConv2dNative": (2, 3, 0, 1),
    "DepthwiseConv2dNative": (2, 3, 0, 1),
}


def convert_tfjs(model: Path, *, first: str, size: tuple[int, int], outputs: Mapping[str, str]) -> bytes:
    """Convert a subgraph of a TensorFlow.js graph model to ONNX.

    Args:
        model: ``model.json``; the files of weights that it names lie beside it.
        first: The node whose value is the subgraph's input ``image``: ``(N, 3, H, W)`` float32.
        size: Its width and height.
        outputs: Names of the subgraph's outputs, each with the node that computes it; ``(N, C, h, w)`` float32.

    Raises:
        SourceFormatError: The subgraph has unsupported operations, or nodes or weights are missing.
    """
    topology = _read_json(model)
    nodes = {node["name"]: node for node in topology["modelTopology"]["node"]}
    weights = _read_weights(model, topology["weightsManifest"])
    made: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {}
    for name in _order(nodes, first, list(outputs.values()), model):
        if name != first:
            made += _convert(nodes[name], weights, constants, model)
    made += [helper.make_node("Identity", [node], [name]) for name, node in outputs.items() if name != node]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], [first]), *made],
        model.stem,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, size[1], size[0]])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    return bytes(proto.SerializeToString())


def _read_json(model: Path) -> dict[str, Any]:
    try:
        topology = json.loads(model.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceFormatError(f"{model} cannot be read as JSON ({error}); unpack its package again") from error
    if not isinstance(topology, dict) or not {"modelTopology", "weightsManifest"} <= topology.keys():
        raise SourceFormatError(f"{model} is no TensorFlow.js graph model; unpack its package again")
    return topology


def _read_weights(model: Path, manifest: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Read every constant by name; half-precision constants become float32."""
    weights: dict[str, np.ndarray] = {}
    for group in manifest:
        stored = b"".join((model.parent / Path(path).name).read_bytes() for path in group["paths"])
        place = 0
        for entry in group["weights"]:
            kind = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
            number = int(np.prod(entry["shape"], dtype=int))
            if (kind.kind != "f" and "quantization" in entry) or place + number * kind.itemsize > len(stored):
                raise SourceFormatError(f"{model}: weights of {entry['name']!r} cannot be read; unpack it again")
            values = np.frombuffer(stored, kind, number, place).reshape(entry["shape"])
            weights[entry["name"]] = values.astype(np.float32) if kind.kind == "f" else values
            place += number * kind.itemsize
    return weights


def _order(nodes: Mapping[str, Mapping[str, Any]], first: str, wanted: Sequence[str], model: Path) -> list[str]:
    """Return the names of the nodes from ``first`` to ``wanted`` in topological order."""
    done: dict[str, None] = {}
    waiting = list(reversed(wanted))
    while waiting:
        name = waiting[-1]
        if name not in nodes:
            raise SourceFormatError(f"{model} has no node {name!r}; give another file, or name another node")
        node = nodes[name]
        needed = [] if name == first or node["op"] == "Const" else node.get("input", [])
        missing = [each for each in needed if each not in done]
        if missing:
            waiting += missing
            continue
        done[waiting.pop()] = None
    return [name for name in done if nodes[name]["op"] != "Const"]


def _convert(
    node: Mapping[str, Any], weights: Mapping[str, np.ndarray], constants: dict[str, np.ndarray], model: Path
) -> list[onnx.NodeProto]:
    """Convert one node to ONNX nodes, and add the constants that these need to ``constants``."""
    kind, name, inputs = node["op"], node["name"], node["input"]
    if kind == "AddV2":
        return [helper.make_node("Add", inputs, [name])]
    if kind == "ResizeBilinear" and node["attr"].get("half_pixel_centers", {}).get("b"):
        rows, columns = (int(side) for side in weights[inputs[1]])
        constants[f"{name}/sizes"] = np.array([rows, columns], np.int64)
        return [
            helper.make_node(
                "Resize",
                [inputs[0], "", "", f"{name}/sizes"],
                [name],
                mode="linear",
                coordinate_transformation_mode="half_pixel",
                axes=[2, 3],
            )
        ]
    if kind not in _KERNEL_ORDER:
        raise SourceFormatError(f"{model}: {name} is a {kind}, which is not converted; name a part without it")
    return _convolution(node, weights, constants)


def _convolution(
    node: Mapping[str, Any], weights: Mapping[str, np.ndarray], constants: dict[str, np.ndarray]
) -> list[onnx.NodeProto]:
    kind, name, inputs, attributes = node["op"], node["name"], node["input"], node["attr"]
    kernel = weights[inputs[1]].transpose(_KERNEL_ORDER[kind])
    constants[inputs[1]] = kernel
    taken = [*inputs[:2]]
    if len(inputs) > 2:
        constants[inputs[2]] = weights[inputs[2]].ravel()
        taken.append(inputs[2])
    stride = [int(step) for step in attributes["strides"]["list"]["i"][1:3]]
    padding = {"SAME": "SAME_UPPER", "VALID": "VALID"}[_text(attributes["padding"]["s"])]
    fused = [_text(said) for said in attributes.get("fused_ops", {}).get("list", {}).get("s", [])]
    activation = next((said for said in fused if said in _ACTIVATIONS), None)
    sum_name = name if activation is None else f"{name}/sum"
    convolution = helper.make_node(
        "Conv",
        taken,
        [sum_name],
        auto_pad=padding,
        strides=stride,
        group=kernel.shape[0] if "Depthwise" in kind else 1,
    )
    if activation == "Relu6":
        constants["zero"], constants["six"] = np.float32(0).reshape(()), np.float32(6).reshape(())
        return [convolution, helper.make_node("Clip", [sum_name, "zero", "six"], [name])]
    return [convolution] if activation is None else [convolution, helper.make_node("Relu", [sum_name], [name])]


def _text(said: str) -> str:
    return base64.b64decode(said).decode("ascii")
