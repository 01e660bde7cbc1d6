"""Tiny graphs beside those of `tests.tiny_bundle`: scenes, clips of pictures and of features, several heads.

In the toy world a person is a bright upright rectangle on a dark ground; a scene is bright on the left, on the right,
or on neither side.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, parser

from edgeact.bundle.manifest import MANIFEST_NAME
from tests.tiny_bundle import CLIP, CLIP_LENGTH, SKELETON, build_tiny_bundle, change_graph
from tests.toy_graph import build_model

SIDES = ("left", "right", "other")
TRENDS = ("brighter", "darker", "other")
MOMENTS, STRIDE = 4, 0.2  # of clips of pictures
MAP_ROWS, MAP_COLUMNS = 6, 8

Tensor = dict[str, object]


def tensor(
    name: str, shape: Sequence[int | str], *, meaning: str = "", head: str | None = None, dtype: str = "float32"
) -> Tensor:
    """An input or output as it stands in a manifest."""
    return {"name": name, "meaning": meaning or name, "shape": list(shape), "dtype": dtype, "head": head}


def picture(shape: Sequence[int | str], *, meaning: str = "picture") -> Tensor:
    """A picture, or a clip of them, as input."""
    return tensor("image", shape, meaning=meaning, dtype="uint8")


def head(name: str, labels: Sequence[str], **more: object) -> dict[str, object]:
    """An action head as it stands in a manifest; the label ``other`` is the one that is no action."""
    other = "other" if "other" in labels else None
    return {"name": name, "labels": list(labels), "other_label": other, "score": 0.6, **more}


def add_graph(
    directory: Path,
    name: str,
    content: bytes,
    place: str,
    taken: Sequence[Tensor],
    given: Sequence[Tensor],
    **more: object,
) -> None:
    """Add a graph to a bundle, which is begun where there is none; ``place`` is its scope and horizon."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / MANIFEST_NAME
    manifest = (
        json.loads(path.read_text())
        if path.exists()
        else {
            "schema_version": 2, "name": "tiny", "version": "1", "created": "2026-01-01T00:00:00Z",
            "licence": "Apache-2.0", "graphs": [], "training": {}, "parity": {},
        }
    )  # fmt: skip
    (directory / f"{name}.onnx").write_bytes(content)
    (directory / "MODEL_CARD.md").write_text("# tiny\n\nA toy bundle for tests; nothing in it was trained.\n")
    scope, horizon = place.split("/")
    digest = hashlib.sha256(content).hexdigest()
    record = {"name": name, "file": f"{name}.onnx", "sha256": digest, "scope": scope, "horizon": horizon}
    manifest["graphs"].append({**record, "inputs": list(taken), "outputs": list(given), **more})
    path.write_text(json.dumps(manifest))


_CELLS = """
        pixels = Cast<to = 1>(image)
        grey = ReduceMean<keepdims = 0>(pixels, last)
        parts = Reshape(grey, as_cells)
        cells = ReduceMean<keepdims = 0>(parts, in_cells)
"""


def build_side_bundle(directory: Path, *, multi_label: bool = False, scope: str = "scene") -> Path:
    """A bundle of one graph that says on which side the picture is bright, with its maps ``sam`` and ``human_map``.

    Args:
        directory: Where it goes.
        multi_label: Each side by itself, with thresholds of .9 and .5.
        scope: ``person`` adds the graph to the bundle of the toy world, for crops of persons.
    """
    labels = SIDES[:2] if multi_label else SIDES
    final = "actions = Sigmoid(logits)" if multi_label else "actions = Softmax<axis = 1>(logits)"
    text = (
        "side (uint8[N,48,64,3] image) => "
        f"(float[N,{len(labels)}] actions, float[N,6,8] sam, float[N,6,8] human_map) {{"
        + _CELLS
        + f"""
        sam = Identity(cells)
        human_map = Div(cells, bright)
        columns = Reshape(grey, as_halves)
        halves = ReduceMean<keepdims = 0>(columns, in_halves)
        evidence = MatMul(halves, weights)
        logits = Add(evidence, bias)
        {final}
    }}"""
    )
    constants = {
        "last": np.array([3], np.int64),
        "as_cells": np.array([-1, MAP_ROWS, 8, MAP_COLUMNS, 8], np.int64),
        "in_cells": np.array([2, 4], np.int64),
        "as_halves": np.array([-1, 48, 2, 32], np.int64),
        "in_halves": np.array([1, 3], np.int64),
        "bright": np.float32(255),
        "weights": np.eye(2, len(labels), dtype=np.float32) * np.float32(0.2),
        "bias": np.full(2, -12, np.float32) if multi_label else np.array([0, 0, 12], np.float32),
    }
    more: dict[str, object] = {"multi_label": True, "label_scores": [0.9, 0.5]} if multi_label else {}
    if scope == "person":
        build_tiny_bundle(directory)
    add_graph(
        directory, "side", build_model(text, constants), f"{scope}/frame", [picture(["N", 48, 64, 3])],
        [
            tensor("actions", ["N", len(labels)], head="side"),
            tensor("sam", ["N", MAP_ROWS, MAP_COLUMNS], meaning="attention", head="side"),
            tensor("human_map", ["N", MAP_ROWS, MAP_COLUMNS]),
        ],
        heads=[head("side", labels, **more)],
        **({"crop": {"padding": 1.25}} if scope == "person" else {}),
    )  # fmt: skip
    return directory


def build_trend_bundle(directory: Path, *, scope: str = "scene") -> Path:
    """A bundle of clips of pictures: whether it becomes brighter; an explain graph gives the maps ``trend_cam`` (how
    bright each cell of each moment is) and ``counter`` (how dark).

    Args:
        directory: Where it goes.
        scope: ``person`` adds the graphs to the bundle of the toy world, for crops of persons.
    """
    trend = f"""trend (uint8[1,{MOMENTS},24,32,3] image) => (float[1,3] actions) {{
        pixels = Cast<to = 1>(image)
        brightness = ReduceMean<keepdims = 0>(pixels, all)
        evidence = MatMul(brightness, weights)
        logits = Add(evidence, bias)
        actions = Softmax<axis = 1>(logits)
    }}"""
    weights = np.zeros((MOMENTS, 3), np.float32)
    weights[0], weights[-1] = (-0.2, 0.2, 0), (0.2, -0.2, 0)
    explain = (
        f"explain (uint8[1,{MOMENTS},24,32,3] image) => "
        f"(float[1,{MOMENTS},6,8] trend_cam, float[1,{MOMENTS},6,8] counter) {{"
        + _CELLS
        + """
        trend_cam = Identity(cells)
        counter = Neg(cells)
    }"""
    )
    if scope == "person":
        build_tiny_bundle(directory)
    clip: dict[str, object] = {"clip": {"length": MOMENTS, "stride_seconds": STRIDE}}
    crop: dict[str, object] = {"crop": {"padding": 1.25}} if scope == "person" else {}
    taken = [picture([1, MOMENTS, 24, 32, 3], meaning="pictures")]
    maps = [
        tensor(name, [1, MOMENTS, MAP_ROWS, MAP_COLUMNS], meaning="attention", head="trend")
        for name in ("trend_cam", "counter")
    ]
    add_graph(
        directory, "trend",
        build_model(
            trend, {"all": np.array([2, 3, 4], np.int64), "weights": weights, "bias": np.array([0, 0, 4], np.float32)}
        ),
        f"{scope}/clip", taken, [tensor("actions", [1, 3], head="trend")], heads=[head("trend", TRENDS)],
        **clip, **crop,
    )  # fmt: skip
    constants = {
        "last": np.array([4], np.int64),
        "as_cells": np.array([-1, MOMENTS, MAP_ROWS, 4, MAP_COLUMNS, 4], np.int64),
        "in_cells": np.array([3, 5], np.int64),
    }
    add_graph(
        directory, "why_trend", build_model(explain, constants), f"{scope}/clip", taken, maps, **clip, **crop
    )  # fmt: skip
    return directory


def build_heads_bundle(directory: Path) -> Path:
    """The toy world's bundle whose pose graph says more: two action heads, an attention map, boxes of parts, features;
    and a graph that reads clips of these features.
    """
    build_tiny_bundle(directory, omit=("action", "explain"))

    def extend(model: onnx.ModelProto) -> None:
        nodes = parser.parse_graph(
            """g () => () {
                features = Identity(joints)
                place = Concat<axis = 2>(x_mean, y_mean)
                flat = Squeeze(place, axis_1)
                logits = MatMul(flat, w)
                fused = Softmax<axis = 1>(logits)
                image_actions = Softmax<axis = 1>(flat)
                saliency = ReduceMean<keepdims = 0>(joint_maps, axis_1)
                corners = Concat<axis = 2>(place, place)
                three = Concat<axis = 1>(corners, corners, corners)
                part_boxes = Add(three, around)
            }"""
        ).node
        constants = {
            "axis_1": np.array([1], np.int64),
            "w": np.array([[0.1, 0, 0], [-0.1, 0, 0]], np.float32),
            "around": np.array([[[-2, -2, 2, 2], [-3, -3, 3, 3], [-4, -4, 4, 4]]], np.float32),
        }
        model.graph.node.extend(nodes)
        model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
        shapes = {"features": ["N", 21, 2], "fused": ["N", 3], "image_actions": ["N", 2], "saliency": ["N", 40, 32]}
        for name, shape in {**shapes, "part_boxes": ["N", 3, 4]}.items():
            model.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))

    manifest = json.loads((directory / MANIFEST_NAME).read_text())
    pose = manifest["graphs"][1]
    pose["outputs"] += [
        tensor("features", ["N", 21, 2]),
        tensor("fused", ["N", 3], meaning="actions", head="fused"),
        tensor("image_actions", ["N", 2], meaning="actions", head="image"),
        tensor("saliency", ["N", 40, 32], meaning="attention", head="image"),
        tensor("part_boxes", ["N", 3, 4]),
    ]
    pose["heads"] = [head("fused", ("low", "high", "other")), head("image", ("column", "row"), events=False)]
    (directory / MANIFEST_NAME).write_text(json.dumps(manifest))
    change_graph(directory, "pose", extend)
    text = f"""moves (float[N,{CLIP_LENGTH},21,2] features) => (float[N,3] actions) {{
        mean = ReduceMean<keepdims = 0>(features, over_time)
        flat = Reshape(mean, as_rows)
        logits = MatMul(flat, weights)
        actions = Softmax<axis = 1>(logits)
    }}"""
    constants = {
        "over_time": np.array([1], np.int64),
        "as_rows": np.array([-1, 42], np.int64),
        "weights": np.random.default_rng(0).normal(0, 0.02, (42, 3)).astype(np.float32),
    }
    add_graph(
        directory, "moves", build_model(text, constants), "person/clip",
        [tensor("features", ["N", CLIP_LENGTH, 21, 2])], [tensor("actions", ["N", 3], head="moves")],
        clip=CLIP, heads=[head("moves", ("near", "far", "other"))],
    )  # fmt: skip
    return directory


def add_lifter(directory: Path, *, length: int = 5) -> Path:
    """Add a lifter to a bundle of the toy world: x and y of the newest pose less the clip's mean, over 100; z is 1."""
    text = f"""lift (float[N,{length},21,3] poses) => (float[N,21,3] joints_3d) {{
        newest = Slice(poses, from, to, axis)
        mean = ReduceMean<keepdims = 1>(poses, axis)
        away = Sub(newest, mean)
        one = Squeeze(away, axis)
        scaled = Mul(one, scale)
        joints_3d = Add(scaled, depth)
    }}"""
    constants = {
        "from": np.array([length - 1], np.int64),
        "to": np.array([length], np.int64),
        "axis": np.array([1], np.int64),
        "scale": np.array([0.01, 0.01, 0], np.float32),
        "depth": np.array([0, 0, 1], np.float32),
    }
    add_graph(
        directory, "lift", build_model(text, constants), "person/clip", [tensor("poses", ["N", length, 21, 3])],
        [tensor("joints_3d", ["N", 21, 3])], clip={"length": length, "stride_seconds": 0.04}, skeleton=SKELETON,
    )  # fmt: skip
    return directory


def add_two_inputs(directory: Path) -> Path:
    """Add a graph to `build_heads_bundle`'s that reads features and poses of the same clip: whether they agree."""
    text = f"""both (float[N,{CLIP_LENGTH},21,2] features, float[N,{CLIP_LENGTH},21,3] poses) => (float[N,2] actions) {{
        first = ReduceMean<keepdims = 0>(features, axes)
        second = ReduceMean<keepdims = 0>(poses, axes)
        one = Unsqueeze(first, axis)
        two = Unsqueeze(second, axis)
        logits = Concat<axis = 1>(one, two)
        actions = Softmax<axis = 1>(logits)
    }}"""
    add_graph(
        directory, "both",
        build_model(text, {"axes": np.array([1, 2, 3], np.int64), "axis": np.array([1], np.int64)}), "person/clip",
        [tensor("features", ["N", CLIP_LENGTH, 21, 2]), tensor("poses", ["N", CLIP_LENGTH, 21, 3])],
        [tensor("actions", ["N", 2], head="both")],
        clip=CLIP, skeleton=SKELETON, heads=[head("both", ("crop", "frame"))],
    )  # fmt: skip
    return directory


def add_pose_explainer(directory: Path) -> Path:
    """Add a graph to a bundle of the toy world that says where the pose graph looked: how bright each cell is."""
    text = (
        "why_pose (uint8[N,160,128,3] image) => (float[N,10,8] bright) {"
        + _CELLS
        + """
        bright = Identity(cells)
    }"""
    )
    constants = {
        "last": np.array([3], np.int64),
        "as_cells": np.array([-1, 10, 16, 8, 16], np.int64),
        "in_cells": np.array([2, 4], np.int64),
    }
    add_graph(
        directory, "why_pose", build_model(text, constants), "person/frame", [picture(["N", 160, 128, 3])],
        [tensor("bright", ["N", 10, 8], meaning="attention")], crop={"padding": 1.25},
    )  # fmt: skip
    return directory
