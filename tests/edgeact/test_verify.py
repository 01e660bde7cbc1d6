"""``edgeact verify`` runs graphs on real pictures, within limits, and agrees with the runtime on what is sound."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.engine.base import TensorInfo
from edgeact.engine.engine import Engine
from edgeact.engine.open import open_graph
from edgeact.engine.tensors import check_tensors
from edgeact.errors import BackendError, BundleError, EdgeactError
from edgeact.perception.perceiver import Perceiver
from edgeact.trial import Limits, Trial, try_graph
from edgeact.types import Frame
from edgeact.verify import verify_bundle
from tests.tiny_bundle import (
    CLIP_LENGTH,
    build_model,
    change_graph,
    change_output,
    make_endless,
    make_exploding,
    tiny_picture,
)

Edit = Callable[[onnx.ModelProto], object]


@pytest.fixture
def copy(tiny_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))


def test_a_sound_bundle_passes_with_pictures_of_the_demo_clip(tiny_bundle: Path) -> None:
    bundle, checks, unknown = verify_bundle(tiny_bundle)
    assert [check.graph for check in checks] == list(bundle.manifest.graphs)
    assert [check.fault for check in checks] == [None] * 4
    assert all(check.provider == "CPUExecutionProvider" and check.seconds > 0 and check.size > 0 for check in checks)
    assert unknown == []


def test_a_detector_of_any_picture_size_is_tried_with_several(copy: Path) -> None:
    text = """detector (uint8[1,H,W,3] image) => (float[1,1,4] boxes, float[1,1] scores) {
        sizes = Shape<start = 1, end = 3>(image)
        far = Cast<to = 1>(sizes)
        all = Concat<axis = 0>(far, far)
        boxes = Reshape(all, as_boxes)
        scores = Reshape(score, as_scores)
    }"""
    constants = {"as_boxes": np.array([1, 1, 4]), "score": np.float32([0.1]), "as_scores": np.array([1, 1])}
    (copy / "detector.onnx").write_bytes(build_model(text, constants))
    manifest = json.loads((copy / MANIFEST_NAME).read_text())
    for tensor, shape in zip(
        (*manifest["graphs"][0]["inputs"], *manifest["graphs"][0]["outputs"]),
        ([1, "H", "W", 3], [1, 1, 4], [1, 1]),
        strict=True,
    ):
        tensor["shape"] = shape
    manifest["graphs"][0]["detection"]["pixels"] = [65_536]
    (copy / MANIFEST_NAME).write_text(json.dumps(manifest))
    change_graph(copy, "detector", lambda model: None)
    bundle, checks, _ = verify_bundle(copy)
    assert [check.fault for check in checks] == [None] * 4
    # A graph that takes one size only is not what this manifest says.
    fixed = bundle.manifest.graphs[0].model_copy(update={"file": "fixed.onnx"})
    info = TensorInfo("image", (1, 256, 416, 3), "uint8")
    with pytest.raises(BundleError, match=r"fixed\.onnx takes image as \[1, 256, 416, 3\] uint8, .* \[1, H, W, 3\]"):
        check_tensors(fixed, [info], [])


def batch_of_one(model: onnx.ModelProto) -> None:
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1


def half_floats(model: onnx.ModelProto) -> None:
    change_output("joints", "Add", np.float32(0))(model)
    cast = model.graph.node[-1]
    cast.CopyFrom(helper.make_node("Cast", ["joints_before"], ["joints"], to=TensorProto.FLOAT16))
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16


def other_name(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Identity", ["confidence"], ["sureness"]))
    model.graph.output[1].name = "sureness"


def another_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("grey", TensorProto.FLOAT, ["N", 160, 128]))


def outside(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL


def later_format(model: onnx.ModelProto) -> None:
    model.ir_version = 99


def later_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 60


def unknown_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = "Foresee"


def as_the_runtime_sees_it(bundle: Path) -> EdgeactError | None:
    """The error with which a walk through the toy world ends, or None."""
    try:
        perceiver = Perceiver(Engine(load_bundle(bundle)))
        for index in range(30):
            x = 40 + 4 * index
            perceiver.process(Frame(index, index / 15, tiny_picture(320, 240, [(x, 60, x + 24, 140)])))
    except EdgeactError as error:
        return error
    return None


def changed(output: str, operator: str, value: float) -> Edit:
    return change_output(output, operator, np.float32(value))


DAMAGES: dict[str, tuple[str, Edit, type[EdgeactError], str]] = {
    "batch of one": ("pose", batch_of_one, BundleError, r"takes image as \[1, 160, 128, 3\] uint8, the manifest says"),
    "half floats": ("pose", half_floats, BundleError, r"joints as .*float16"),
    "other name": ("pose", other_name, BundleError, "gives joints, sureness, joint_maps, the manifest says joints"),
    "one output more": ("pose", another_output, BundleError, "joint_maps, grey"),
    "weights outside": ("action", outside, BundleError, "'action' keeps tensor .* in another file"),
    "later format": ("pose", later_format, BackendError, "'pose' needs a newer onnxruntime .* IR version 99"),
    "later operators": ("pose", later_opset, BackendError, "'pose' needs a newer onnxruntime .* opset ai.onnx 60"),
    "unknown operator": ("pose", unknown_operator, BackendError, "'pose' has an operator that onnxruntime"),
    "no numbers": ("pose", changed("joints", "Add", np.nan), BackendError, "'pose' gave joints that are not finite"),
    "infinite": ("explain", changed("relevance", "Add", np.inf), BackendError, "'explain' gave relevance that"),
    "no probabilities": ("action", changed("actions", "Add", 1), BackendError, "'action' gave actions from"),
    "below zero": ("detector", changed("scores", "Sub", 0.5), BackendError, "'detector' gave scores from -0.5"),
    "far away": ("pose", changed("joints", "Add", 1e9), BackendError, "far outside any picture"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_and_the_runtime_agree_on_what_is_damaged(copy: Path, damage: str) -> None:
    name, edit, kind, words = DAMAGES[damage]
    change_graph(copy, name, edit)
    found = as_the_runtime_sees_it(copy)
    with pytest.raises(kind, match=words):
        raise found or AssertionError("the runtime finds nothing")
    bundle = load_bundle(copy)
    graph = bundle.graph(name)
    inputs = {
        tensor.name: np.full([size if isinstance(size, int) else 2 for size in tensor.shape], 9, tensor.dtype)
        for tensor in graph.inputs
    }
    with pytest.raises(kind, match=words):
        try_graph(bundle, graph, [inputs], device="cpu", limits=Limits(30))


def tried(bundle: Path, name: str, limits: Limits) -> Trial:
    loaded = load_bundle(bundle)
    graph = loaded.graph(name)
    clip = np.ones((1, CLIP_LENGTH, 21, 3), np.float32)
    return try_graph(loaded, graph, [{"features": clip}], device="cpu", limits=limits)


def test_a_graph_that_never_ends_is_ended(copy: Path) -> None:
    change_graph(copy, "action", make_endless)
    began = time.monotonic()
    with pytest.raises(BackendError, match="'action' did not finish within 2 s"):
        tried(copy, "action", Limits(seconds=2))
    assert time.monotonic() - began < 20


def test_a_graph_that_wants_all_memory_is_refused_it(copy: Path) -> None:
    change_graph(copy, "action", make_exploding)
    with pytest.raises(BackendError, match=r"'action' (failed while it ran|needs more than)"):
        tried(copy, "action", Limits(seconds=30, memory=2**30))


def test_a_process_that_breaks_down_is_an_error_too(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeact.trial._CHILD", "import os; os.abort()")
    with pytest.raises(BackendError, match="'action' made its process end with signal 6"):
        tried(copy, "action", Limits(seconds=30))


def test_the_current_folder_is_no_place_for_modules(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "numpy", "edgeact"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    assert tried(copy, "action", Limits(seconds=30)).provider == "CPUExecutionProvider"


def test_closing_a_graph_ends_a_run_that_would_never_end(copy: Path) -> None:
    change_graph(copy, "action", make_endless)
    bundle = load_bundle(copy)
    backend = open_graph(bundle, bundle.graph("action"))
    caught: list[BaseException] = []

    def run() -> None:
        try:
            backend.run({"features": np.ones((1, CLIP_LENGTH, 21, 3), np.float32)})
        except BackendError as error:
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    backend.close()
    thread.join(10)
    assert not thread.is_alive()
    assert "'action' was closed while it ran" in str(caught[0])
