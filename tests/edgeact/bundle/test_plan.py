"""A bundle's graphs fit together, and each of them is run: found before the first frame, and by verify."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeact.bundle.load import PACKAGED_BUNDLES, load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.errors import BundleError
from edgeact.verify import verify_bundle
from tests.tiny_bundle import LABELS

Graphs = dict[str, dict[str, Any]]


def another(graphs: Graphs, name: str) -> dict[str, Any]:
    return json.loads(json.dumps(graphs[name])) | {"name": f"second_{name}"}


FAULTS: dict[str, tuple[Callable[[dict[str, Any], Graphs], object], str]] = {
    "two detectors that disagree": (
        lambda m, g: m["graphs"].append(another(g, "detector") | {"detection": {"score": 0.2, "iou": 0.6}}),
        r"graphs 'detector' and 'second_detector' find persons together, and their scores or IoUs \(detection\) differ",
    ),
    "four detectors": (
        lambda m, g: m["graphs"].extend(another(g, "detector") | {"name": f"detector_{n}"} for n in range(3)),
        "4 graphs give boxes; 3 at most are joined",
    ),
    "a second detector without a threshold": (
        lambda m, g: m["graphs"].append(another(g, "detector") | {"detection": None}),
        "graph 'second_detector' gives boxes and says nothing of their scores",
    ),
    "two pose graphs": (
        lambda m, g: m["graphs"].append(another(g, "pose")),
        r"nothing would read graph 'second_pose' \(person/frame\)",
    ),
    "a kind that nothing reads": (lambda m, g: g["action"].update(scope="scene"), "nothing would read graph 'action'"),
    "explain without action": (lambda m, g: m["graphs"].remove(g["action"]), "nothing would read graph 'explain'"),
    "explain of a head that there is not": (
        lambda m, g: g["explain"]["outputs"][0].update(head="mood"),
        "nothing would read graph 'explain'",
    ),
    "a map that nothing reads": (
        lambda m, g: g["pose"]["outputs"][2].update(meaning="relevance"),
        "nothing would read relevance of graph 'pose'",
    ),
    "scores of a head that is not described": (
        lambda m, g: g["action"]["outputs"][0].update(head="mood"),
        "graph 'action' gives no actions of its head 'action'; .*actions of 'mood', which is none of its heads",
    ),
    "features that nothing reads": (
        lambda m, g: g["pose"]["outputs"][2].update(meaning="features"),
        "nothing would read features of graph 'pose'",
    ),
    "features that there are not": (
        lambda m, g: g["action"]["inputs"][0].update(meaning="features"),
        "graph 'action' takes features, which no person/frame graph gives",
    ),
    "a threshold too few": (
        lambda m, g: g["action"]["heads"][0].update(label_scores=[0.5, 0.5]),
        "2 label_scores for 3 labels",
    ),
    "a map with the name of another": (
        lambda m, g: g["pose"]["outputs"].append(
            {"name": "joints", "meaning": "attention", "shape": ["N", 4, 4], "dtype": "float32"}
        ),
        "no map may be called 'joints'",
    ),
    "a map of a head that there is not": (
        lambda m, g: g["action"]["outputs"].append(
            {"name": "sam", "meaning": "attention", "shape": ["N", 32, 4, 4], "dtype": "float32", "head": "mood"}
        ),
        "sam of graph 'action' speaks for 'mood', none of its heads",
    ),
    "joints of no skeleton": (lambda m, g: g["pose"].pop("skeleton"), "graph 'pose' gives joints and does not say"),
    "no crop": (lambda m, g: g["pose"].pop("crop"), "graph 'pose' gives joints and does not say"),
    "a clip of no length": (lambda m, g: g["action"].pop("clip"), "graph 'action' reads clips of poses and does not"),
    "boxes without a threshold": (lambda m, g: g["detector"].pop("detection"), "graph 'detector' gives boxes and says"),
    "no pose": (lambda m, g: m["graphs"].remove(g["pose"]), "no person/frame graph that gives joints"),
    "explain of other clips than action": (
        lambda m, g: g["explain"]["inputs"][0].update(shape=[1, 16, 21, 3]),
        r"features of graph 'explain' is \[1, 16, 21, 3\] float32, this edgeact expects \[1, 32, 21, 3\]",
    ),
    "relevance of other joints": (
        lambda m, g: g["explain"]["outputs"][0].update(shape=[1, 32, 17]),
        r"relevance of graph 'explain' is \[1, 32, 17\]",
    ),
    "another clip length": (lambda m, g: g["action"]["clip"].update(length=16), "features of graph 'action'"),
    "fewer labels than scores": (
        lambda m, g: g["action"]["heads"][0].update(labels=["walk", "other"]),
        r"actions of graph 'action' is \[N, 3\] float32, this edgeact expects \[N, 2\]",
    ),
    "the same label twice": (
        lambda m, g: g["action"]["heads"][0].update(labels=["other", "walk", "walk"]),
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
        lambda m, g: g["action"]["inputs"][0].update(meaning="pictures"),
        "graph 'action' takes pictures of persons and does not say in which crop",
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
        load_bundle(copy)
    with pytest.raises(BundleError, match=words):
        verify_bundle(copy)


def test_the_calls_come_in_the_order_in_which_they_are_made(tiny_bundle: Path) -> None:
    plan = load_bundle(tiny_bundle).plan
    assert [graph.name for graph in plan.calls] == ["detector", "pose", "action", "explain"]
    assert [head.name for head in plan.heads] == ["action"]
    assert plan.labels == LABELS
    assert plan.joint_confidence == 0.3


def test_a_graph_may_have_several_heads(tiny_bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bundle, copy)
    manifest = json.loads((copy / MANIFEST_NAME).read_text())
    action = manifest["graphs"][2]
    action["outputs"].append({**action["outputs"][0], "name": "moods", "head": "mood"})
    action["heads"].append({**action["heads"][0], "name": "mood", "labels": ["glad", "sad", "other"]})
    (copy / MANIFEST_NAME).write_text(json.dumps(manifest))
    assert [head.name for head in load_bundle(copy).plan.heads] == ["action", "mood"]


@pytest.mark.parametrize("name", PACKAGED_BUNDLES)
def test_the_bundles_that_ship_have_all_four(name: str) -> None:
    plan = load_bundle(Path(name)).plan
    extra = {"lifter", "detector_published"}
    assert [graph.name for graph in plan.calls if graph.name not in extra] == ["detector", "pose", "action", "explain"]
    assert plan.clip is not None
