"""A real bundle of tiny ONNX graphs for a toy world, in which a person is a bright upright rectangle on a dark ground.

- detector: a box around each bright rectangle (`tests.tiny_detector`).
- pose: mean and spread of the brightness in the crop place a standing figure; the confidence falls to 0 where nothing
  is bright.
- action: ``walk`` for moving sideways, ``jump`` for moving up or down, ``other`` for neither, plus a fixed random
  linear map of all features.
- explain: how fast each joint moves.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper, parser

from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.skeleton import BODY_21
from tests.tiny_detector import build_detector
from tests.toy_graph import build_model

LABELS = ("walk", "jump", "other")
CLIP_LENGTH, CLIP_STRIDE = 32, 1 / 15
GROUND, BRIGHT = 40, 255

# Where the joints of BODY_21 lie in the rectangle, from its centre (0, 0) to its edges (±1): a figure that faces the
# camera.
FIGURE = np.array(
    [
        [0.0, -0.8], [0.1, -0.85], [-0.1, -0.85], [0.2, -0.82], [-0.2, -0.82], [0.5, -0.55], [-0.5, -0.55],
        [0.8, -0.25], [-0.8, -0.25],
        [1.0, 0.0], [-1.0, 0.0], [0.35, 0.05], [-0.35, 0.05], [0.4, 0.5], [-0.4, 0.5], [0.45, 1.0], [-0.45, 1.0],
        [0.0, -1.0], [0.0, -0.65], [0.0, -0.55], [0.0, 0.05],
    ],
    np.float32,
)  # fmt: skip
FIGURE_CONFIDENCE = 0.9


def tiny_picture(width: int, height: int, boxes: Sequence[Sequence[float]]) -> npt.NDArray[np.uint8]:
    """A frame ``(height, width, 3)`` of the toy world with a person in each box (x_min, y_min, x_max, y_max in
    pixels).
    """
    image = np.full((height, width, 3), GROUND, np.uint8)
    for x_min, y_min, x_max, y_max in boxes:
        image[max(round(y_min), 0) : max(round(y_max), 0), max(round(x_min), 0) : max(round(x_max), 0)] = BRIGHT
    return image


def _pose() -> bytes:
    text = """pose (uint8[N,160,128,3] image)
        => (float[N,21,2] joints, float[N,21] confidence, float[N,21,40,32] joint_maps) {
        pixels = Cast<to = 1>(image)
        grey = ReduceMean<keepdims = 0>(pixels, i3)
        above = Sub(grey, f150)
        scaled = Div(above, f50)
        bright = Clip(scaled, f0, f1)
        share = ReduceMean<keepdims = 1>(bright, i12)
        floored = Max(share, small)
        weight = Div(bright, floored)
        x_weighted = Mul(weight, columns)
        y_weighted = Mul(weight, rows)
        x_mean = ReduceMean<keepdims = 1>(x_weighted, i12)
        y_mean = ReduceMean<keepdims = 1>(y_weighted, i12)
        x_away = Sub(columns, x_mean)
        y_away = Sub(rows, y_mean)
        x_square = Mul(x_away, x_away)
        y_square = Mul(y_away, y_away)
        x_spread = Mul(weight, x_square)
        y_spread = Mul(weight, y_square)
        x_variance = ReduceMean<keepdims = 1>(x_spread, i12)
        y_variance = ReduceMean<keepdims = 1>(y_spread, i12)
        x_uniform = Mul(x_variance, f3)
        y_uniform = Mul(y_variance, f3)
        x_half = Sqrt(x_uniform)
        y_half = Sqrt(y_uniform)
        mean = Concat<axis = 2>(x_mean, y_mean)
        half = Concat<axis = 2>(x_half, y_half)
        offset = Mul(figure, half)
        joints = Add(mean, offset)
        doubtful = Sub(share, f0_05)
        certain = Div(doubtful, f0_05)
        certainty = Clip(certain, f0, f1)
        certainty_flat = Squeeze(certainty, i2)
        confidence = Mul(certainty_flat, best)
        in_cells = Div(joints, f4)
        x_cell, y_cell = Split<axis = 2, num_outputs = 2>(in_cells)
        x_cells = Sub(x_cell, map_columns)
        y_cells = Sub(y_cell, map_rows)
        x_cost = Mul(x_cells, x_cells)
        y_cost = Mul(y_cells, y_cells)
        x_log = Neg(x_cost)
        y_log = Neg(y_cost)
        x_peak = Softmax<axis = 2>(x_log)
        y_peak = Softmax<axis = 2>(y_log)
        x_row = Unsqueeze(x_peak, i2)
        y_column = Unsqueeze(y_peak, i3)
        joint_maps = Mul(y_column, x_row)
    }"""
    return build_model(
        text,
        {
            "i2": np.array([2], np.int64),
            "i3": np.array([3], np.int64),
            "i12": np.array([1, 2], np.int64),
            "f0": np.float32(0),
            "f1": np.float32(1),
            "f3": np.float32(3),
            "f4": np.float32(4),
            "f50": np.float32(50),
            "f150": np.float32(150),
            "f0_05": np.float32(0.05),
            "small": np.float32(1e-6),
            "columns": np.arange(128, dtype=np.float32)[None, None, :],
            "rows": np.arange(160, dtype=np.float32)[None, :, None],
            "figure": FIGURE[None],
            "best": np.full((1, 21), FIGURE_CONFIDENCE, np.float32),
            "map_columns": np.arange(32, dtype=np.float32)[None, None, :],
            "map_rows": np.arange(40, dtype=np.float32)[None, None, :],
        },
    )


# Joints less the clip's mean place, over the clip's mean height: (N, T, 21, 2).
_NORMALISE = """
        places = Slice(features, i0, i2, i3)
        centre = ReduceMean<keepdims = 1>(places, i12)
        centred = Sub(places, centre)
        top = Slice(places, i17, i18, i2)
        foot = Slice(places, i15, i16, i2)
        upright = Sub(foot, top)
        tall = Slice(upright, i1, i2, i3)
        size = ReduceMean<keepdims = 1>(tall, i12)
        safe = Max(size, f1)
        normal = Div(centred, safe)
"""
_NORMALISE_CONSTANTS: dict[str, npt.NDArray[np.generic]] = {
    **{f"i{n}": np.array([n], np.int64) for n in (0, 1, 2, 3, 15, 16, 17, 18)},
    "i12": np.array([1, 2], np.int64),
    "f1": np.float32(1),
}


def _action() -> bytes:
    text = (
        "action (float[N,32,21,3] features) => (float[N,3] actions) {"
        + _NORMALISE
        + """
        first = Slice(normal, i0, i1, i1)
        last = Slice(normal, i31, i32, i1)
        moved = Sub(last, first)
        way = ReduceMean<keepdims = 0>(moved, i12)
        far = Abs(way)
        evidence = MatMul(far, move_weights)
        flat = Reshape(normal, flat_shape)
        detail = MatMul(flat, detail_weights)
        both = Add(evidence, detail)
        logits = Add(both, bias)
        actions = Softmax<axis = 1>(logits)
    }"""
    )
    rng = np.random.default_rng(0)
    return build_model(
        text,
        _NORMALISE_CONSTANTS
        | {
            "i31": np.array([31], np.int64),
            "i32": np.array([32], np.int64),
            "move_weights": np.array([[12, 0, 0], [0, 12, 0]], np.float32),
            "flat_shape": np.array([-1, CLIP_LENGTH * 21 * 2], np.int64),
            "detail_weights": rng.normal(0, 0.002, (CLIP_LENGTH * 21 * 2, 3)).astype(np.float32),
            "bias": np.array([0, 0, 3], np.float32),
        },
    )


def _explain() -> bytes:
    text = (
        "explain (float[1,32,21,3] features) => (float[1,32,21] relevance) {"
        + _NORMALISE
        + """
        earlier = Slice(normal, i0, i31, i1)
        later = Slice(normal, i1, i32, i1)
        step = Sub(later, earlier)
        speed = ReduceL2<keepdims = 0>(step, i3)
        relevance = Pad(speed, pads)
    }"""
    )
    constants = _NORMALISE_CONSTANTS | {
        "i31": np.array([31], np.int64),
        "i32": np.array([32], np.int64),
        "pads": np.array([0, 1, 0, 0, 0, 0], np.int64),
    }
    return build_model(text, constants)


Tensor = dict[str, object]


def _tensor(name: str, shape: Sequence[int | str], *, meaning: str = "", head: str | None = None) -> Tensor:
    return {"name": name, "meaning": meaning or name, "shape": list(shape), "dtype": "float32", "head": head}


def _picture(shape: Sequence[int | str]) -> Tensor:
    return {"name": "image", "meaning": "picture", "shape": list(shape), "dtype": "uint8"}


SKELETON: dict[str, object] = {"name": BODY_21.name, "joints": list(BODY_21.joints), "confidence": 0.3}
CLIP: dict[str, object] = {"length": CLIP_LENGTH, "stride_seconds": CLIP_STRIDE}
HEAD: dict[str, object] = {"name": "action", "labels": list(LABELS), "other_label": "other", "score": 0.6}


def build_tiny_bundle(
    directory: Path, *, omit: Sequence[str] = (), free_size: bool = False, detection_pixels: Sequence[int] | None = None
) -> Path:
    """Write the bundle of the toy world and return its folder.

    Args:
        directory: Where the bundle goes; made if need be.
        omit: Graphs to leave out, of ``detector``, ``pose``, ``action``, ``explain``.
        free_size: The detector takes pictures of any height and width instead of 256×416.
        detection_pixels: The most pixels of each picture that a detector of free size is given, for the manifest.
    """
    directory.mkdir(parents=True, exist_ok=True)
    height, width = ("H", "W") if free_size else (256, 416)
    poses = ["N", CLIP_LENGTH, 21, 3]
    detection = {"score": 0.5, "iou": 0.6, "pixels": None if detection_pixels is None else list(detection_pixels)}
    graphs: list[tuple[str, str, str, bytes, Tensor, list[Tensor], dict[str, object]]] = [
        (
            "detector", "scene", "frame", build_detector(height, width), _picture([1, height, width, 3]),
            [_tensor("boxes", [1, 100, 4]), _tensor("scores", [1, 100])], {"detection": detection},
        ),
        (
            "pose", "person", "frame", _pose(), _picture(["N", 160, 128, 3]),
            [
                _tensor("joints", ["N", 21, 2]), _tensor("confidence", ["N", 21]),
                _tensor("joint_maps", ["N", 21, 40, 32]),
            ],
            {"crop": {"padding": 1.25}, "skeleton": SKELETON},
        ),
        (
            "action", "person", "clip", _action(), _tensor("features", poses, meaning="poses"),
            [_tensor("actions", ["N", len(LABELS)], head="action")],
            {"skeleton": SKELETON, "clip": CLIP, "heads": [HEAD]},
        ),
        (
            "explain", "person", "clip", _explain(), _tensor("features", [1, *poses[1:]], meaning="poses"),
            [_tensor("relevance", [1, CLIP_LENGTH, 21], head="action")], {"skeleton": SKELETON, "clip": CLIP},
        ),
    ]  # fmt: skip
    records = []
    for name, scope, horizon, content, taken, outputs, numbers in graphs:
        if name in omit:
            continue
        (directory / f"{name}.onnx").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        records.append(
            {
                "name": name,
                "file": f"{name}.onnx",
                "sha256": digest,
                "scope": scope,
                "horizon": horizon,
                "inputs": [taken],
                "outputs": outputs,
                **numbers,
            }
        )
    manifest = {
        "schema_version": 2,
        "name": "tiny",
        "version": "1",
        "created": "2026-01-01T00:00:00Z",
        "licence": "Apache-2.0",
        "graphs": records,
        "training": {},
        "parity": {},
    }
    (directory / MANIFEST_NAME).write_text(json.dumps(manifest, indent=1))
    (directory / "MODEL_CARD.md").write_text("# tiny\n\nA toy bundle for tests; nothing in it was trained.\n")
    return directory


def change_graph(directory: Path, name: str, edit: Callable[[onnx.ModelProto], object]) -> Path:
    """Edit a graph of a bundle, and put its new hash into the manifest: what somebody does who wants it to be run."""
    path = directory / f"{name}.onnx"
    model = onnx.load_from_string(path.read_bytes())
    edit(model)
    content = model.SerializeToString()
    path.write_bytes(content)
    manifest = json.loads((directory / MANIFEST_NAME).read_text())
    graph = next(graph for graph in manifest["graphs"] if graph["name"] == name)
    graph["sha256"] = hashlib.sha256(content).hexdigest()
    (directory / MANIFEST_NAME).write_text(json.dumps(manifest))
    return directory


def change_output(name: str, operator: str, value: npt.NDArray[np.generic]) -> Callable[[onnx.ModelProto], None]:
    """An edit for `change_graph`: one more operator between an output and the constant ``value``."""

    def edit(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            node.output[:] = [f"{found}_before" if found == name else found for found in node.output]
            node.input[:] = [f"{found}_before" if found == name else found for found in node.input]
        model.graph.node.append(onnx.helper.make_node(operator, [f"{name}_before", f"{name}_by"], [name]))
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), f"{name}_by"))

    return edit


def make_endless(model: onnx.ModelProto) -> None:
    """An edit for `change_graph`: a loop of 2⁶² rounds, which the first output waits for."""
    name = model.graph.output[0].name
    change_output(name, "Add", np.float32(0))(model)
    del model.graph.initializer[-1]
    body = parser.parse_graph(
        "body (int64 round, bool go, float sum) => (bool still, float more) { still = Identity(go)\n more = Abs(sum) }"
    )
    constants = {"rounds": np.int64(2**62), "go": np.bool_(True), "zero": np.float32(0)}
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items())
    model.graph.node.insert(0, onnx.helper.make_node("Loop", list(constants), [f"{name}_by"], body=body))


def make_exploding(model: onnx.ModelProto) -> None:
    """An edit for `change_graph`: a sum over 2⁴⁰ floats, which the first output waits for."""
    name = model.graph.output[0].name
    change_output(name, "Add", np.float32(0))(model)
    del model.graph.initializer[-1]
    # Out of the input, so that it is not calculated at loading already.
    nodes = parser.parse_graph(
        "g () => () { shape = Shape(x)\n rank = Size(shape)\n nothing = Sub(rank, rank)\n many = Add(nothing, side)\n"
        "sizes = Expand(many, two)\n all = ConstantOfShape(sizes)\n sum = ReduceSum<keepdims = 0>(all) }"
    ).node
    for node in nodes:
        node.input[:] = [model.graph.input[0].name if found == "x" else found for found in node.input]
        node.output[:] = [f"{name}_by" if found == "sum" else found for found in node.output]
    constants = {"side": np.int64(2**20), "two": np.array([2], np.int64)}
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items())
    for node in reversed(nodes):
        model.graph.node.insert(0, node)
