"""Bundles of the first schema are read as if they had been written in the present one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.errors import BundleError


def as_schema1(manifest: dict[str, Any]) -> dict[str, Any]:
    """The tiny bundle's manifest as it stood in the first schema."""
    detector, pose, action, _ = manifest["graphs"]
    head = action["heads"][0]
    old = {"picture": "image", "poses": "features"}

    def tensor(spec: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in spec.items() if key != "head"} | {
            "meaning": old.get(spec["meaning"], spec["meaning"])
        }

    graphs = [
        {key: graph[key] for key in ("name", "file", "sha256", "scope", "horizon")}
        | {side: [tensor(spec) for spec in graph[side]] for side in ("inputs", "outputs")}
        for graph in manifest["graphs"]
    ]
    return {
        **{key: manifest[key] for key in ("name", "version", "created", "licence", "training", "parity")},
        "schema_version": 1,
        "skeleton": pose["skeleton"]["name"],
        "joints": pose["skeleton"]["joints"],
        "labels": head["labels"],
        "other_label": head["other_label"],
        "clip": action["clip"],
        "calibration": {
            "detection_score": detector["detection"]["score"],
            "detection_iou": detector["detection"]["iou"],
            "pose_padding": pose["crop"]["padding"],
            "joint_confidence": pose["skeleton"]["confidence"],
            "action_score": head["score"],
        },
        "graphs": graphs,
    }


@pytest.fixture
def old_bundle(tiny_bundle: Path, tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    def write(edit: Callable[[dict[str, Any]], object]) -> Path:
        folder = tmp_path / "old"
        shutil.copytree(tiny_bundle, folder)
        manifest = as_schema1(json.loads((folder / MANIFEST_NAME).read_text()))
        edit(manifest)
        (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
        return folder

    return write


Write = Callable[[Callable[[dict[str, Any]], object]], Path]


def test_what_held_for_all_graphs_stands_with_each_that_uses_it(tiny_bundle: Path, old_bundle: Write) -> None:
    old, present = load_bundle(old_bundle(lambda manifest: None)), load_bundle(tiny_bundle)
    assert old.manifest == present.manifest
    assert old.plan == present.plan
    assert old.digest != present.digest


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m.update(other_label="none"), "other_label 'none'"),
        (lambda m: m.update(skeleton="horse"), "skeleton 'horse' is unknown"),
        (lambda m: m["joints"].reverse(), "joints differ"),
        (lambda m: m["graphs"].append(m["graphs"][0]), "share a name"),
        (lambda m: m["calibration"].update(action_score=1.5), r"calibration\.action_score"),
        (lambda m: m["clip"].update(length=0), r"clip\.length"),
        (lambda m: m.update(labels=["walk", "walk", "other"]), "labels that are there twice: walk"),
        (lambda m: m.update(heads=[]), "heads"),
        (lambda m: m["clip"].update(length=16), r"features of graph 'action' is \[N, 32, 21, 3\]"),
    ],
)
def test_its_faults_are_named_too(old_bundle: Write, edit: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        load_bundle(old_bundle(edit))
