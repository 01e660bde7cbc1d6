"""A bundle's graphs fit together, and each of them is run: found before the first frame, and by verify."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeact.bundle import MANIFEST_NAME, load_bundle
from edgeact.config import PipelineConfig
from edgeact.errors import BundleError
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.roles import assign_roles
from edgeact.verify import verify_bundle

Graphs = dict[str, dict[str, Any]]


def another(graphs: Graphs, name: str) -> dict[str, Any]:
    return json.loads(json.dumps(graphs[name])) | {"name": f"second_{name}"}


FAULTS: dict[str, tuple[Callable[[dict[str, Any], Graphs], object], str]] = {
    "two detectors": (
        lambda m, g: m["graphs"].append(another(g, "detector")),
        r"nothing would read graph 'second_detector' \(scene/frame\)",
    ),
    "a kind that nothing reads": (lambda m, g: g["action"].update(scope="scene"), "nothing would read graph 'action'"),
    "explain without action": (lambda m, g: m["graphs"].remove(g["action"]), "nothing would read graph 'explain'"),
    "no pose": (lambda m, g: m["graphs"].remove(g["pose"]), "no person/frame graph that gives joints"),
    "explain of other clips than action": (
        lambda m, g: g["explain"]["inputs"][0].update(shape=[1, 16, 21, 3]),
        r"features of graph 'explain' is \[1, 16, 21, 3\] float32, this edgeact expects \[1, 32, 21, 3\]",
    ),
    "relevance of other joints": (
        lambda m, g: g["explain"]["outputs"][0].update(shape=[1, 32, 17]),
        r"relevance of graph 'explain' is \[1, 32, 17\]",
    ),
    "another clip length": (lambda m, g: m["clip"].update(length=16), "features of graph 'action'"),
    "fewer labels than scores": (
        lambda m, g: m.update(labels=["walk", "other"]),
        r"actions of graph 'action' is \[N, 3\] float32, this edgeact expects \[N, 2\]",
    ),
    "the same label twice": (
        lambda m, g: m.update(labels=["other", "walk", "walk"]),
        "labels that are there twice: walk",
    ),
    "other joints": (
        lambda m, g: g["pose"]["outputs"][0].update(shape=["N", 17, 2]),
        r"joints of graph 'pose' is \[N, 17, 2\] float32, this edgeact expects \[N, 21, 2\]",
    ),
    "one person at a time": (
        lambda m, g: g["pose"]["inputs"][0].update(shape=[1, 160, 128, 3]),
        "graph 'pose' takes .* uint8 pictures",
    ),
    "pictures without end": (
        lambda m, g: g["pose"]["inputs"][0].update(shape=["N", 10**6, 10**6, 3]),
        "sides up to 4096",
    ),
    "crops of any size": (
        lambda m, g: g["pose"]["inputs"][0].update(shape=["N", "H", "W", 3]),
        "graph 'pose' takes .* uint8 pictures",
    ),
    "planes first": (
        lambda m, g: g["detector"]["inputs"][0].update(shape=[1, 3, 256, 416]),
        "graph 'detector' takes .* uint8 pictures",
    ),
    "floats as pictures": (
        lambda m, g: g["detector"]["inputs"][0].update(dtype="float32"),
        "graph 'detector' takes .* uint8 pictures",
    ),
    "no scores": (lambda m, g: g["detector"]["outputs"].pop(), "graph 'detector' gives no scores"),
    "the same output twice": (
        lambda m, g: g["pose"]["outputs"].append(g["pose"]["outputs"][0]),
        "graph 'pose' gives the same twice",
    ),
    "as many scores as boxes": (
        lambda m, g: g["detector"]["outputs"][1].update(shape=[1, 99]),
        r"scores of graph 'detector' is \[1, 99\] float32, this edgeact expects \[1, 100\]",
    ),
    "something else in": (
        lambda m, g: g["action"]["inputs"][0].update(meaning="joints"),
        "graph 'action' takes joints, this edgeact gives it features",
    ),
    "a name that rings the bell": (lambda m, g: m.update(name="a\x07"), "cannot be printed"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_verify_and_the_runtime_refuse_it_alike(tiny_bundle: Path, tmp_path: Path, fault: str) -> None:
    edit, words = FAULTS[fault]
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bundle, copy)
    manifest = json.loads((copy / MANIFEST_NAME).read_text())
    edit(manifest, {graph["name"]: graph for graph in manifest["graphs"]})
    (copy / MANIFEST_NAME).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=words):
        Perceiver(load_bundle(copy), PipelineConfig())
    with pytest.raises(BundleError, match=words):
        verify_bundle(copy)


def test_a_detector_may_take_pictures_of_any_size(tiny_bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bundle, copy)
    manifest = json.loads((copy / MANIFEST_NAME).read_text())
    manifest["graphs"][0]["inputs"][0]["shape"] = [1, "H", "W", 3]
    (copy / MANIFEST_NAME).write_text(json.dumps(manifest))
    assert assign_roles(load_bundle(copy)).detector.name == "detector"


def test_the_bundle_that_ships_has_all_four() -> None:
    roles = assign_roles(load_bundle())
    assert roles.action is not None
    assert roles.explain is not None
