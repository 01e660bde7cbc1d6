"""A bundle is read strictly, and nothing of it is used unchecked."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeact.bundle.load import PACKAGED_BUNDLES, load_bundle, packaged_bundle_path
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.errors import BundleError, BundleIntegrityError, BundleSchemaError


@pytest.fixture
def changed(tiny_bundle: Path, tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """Copy the bundle and change its manifest."""

    def change(edit: Callable[[dict[str, Any]], object]) -> Path:
        folder = tmp_path / "changed"
        shutil.copytree(tiny_bundle, folder)
        manifest = json.loads((folder / MANIFEST_NAME).read_text())
        edit(manifest)
        (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
        return folder

    return change


Change = Callable[[Callable[[dict[str, Any]], object]], Path]


def test_a_bundle_can_be_asked_for_its_graphs(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    pose = bundle.graph("pose")
    assert pose is bundle.plan.pose
    with pytest.raises(BundleError, match="has no graph 'gaze'; it has detector, pose, action, explain"):
        bundle.graph("gaze")
    assert bundle.read_graph(pose) == (tiny_bundle / "pose.onnx").read_bytes()


def test_the_digest_changes_with_anything_in_the_bundle(tiny_bundle: Path, changed: Change) -> None:
    other = changed(lambda manifest: manifest["graphs"][0].update(sha256="0" * 64))
    assert load_bundle(tiny_bundle).digest != load_bundle(other).digest


@pytest.mark.parametrize(
    "file", ["../pose.onnx", "/pose.onnx", "a/b.onnx", ".hidden.onnx", "pose.pt", "..\\pose.onnx", "pose.onnx\n"]
)
def test_a_graph_cannot_point_outside(changed: Change, file: str) -> None:
    with pytest.raises(BundleError, match=r"graphs\.0\.file"):
        load_bundle(changed(lambda manifest: manifest["graphs"][0].update(file=file)))


def test_unknown_keys_and_wrong_values_are_all_named(changed: Change) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["colour"] = "red"
        manifest["graphs"][2]["clip"]["length"] = 0

    with pytest.raises(BundleError, match=r"clip\.length(?s:.)*colour|colour(?s:.)*clip\.length"):
        load_bundle(changed(edit))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m["graphs"][2]["heads"][0].update(other_label="none"), "other_label 'none'"),
        (lambda m: m["graphs"][1]["skeleton"].update(name="horse"), "skeleton 'horse' is unknown"),
        (lambda m: m["graphs"][1]["skeleton"]["joints"].reverse(), "joints differ"),
        (lambda m: m["graphs"].append(m["graphs"][0]), "two graphs share a name"),
        (lambda m: m["graphs"][2]["heads"].append(m["graphs"][2]["heads"][0]), "two action heads share a name"),
        (lambda m: m["graphs"][2]["heads"][0].update(score=1.5), r"graphs\.2\.heads\.0\.score"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    changed: Change, edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        load_bundle(changed(edit))


def test_a_newer_schema_is_told_apart(changed: Change) -> None:
    with pytest.raises(BundleSchemaError, match="update edgeact"):
        load_bundle(changed(lambda manifest: manifest.update(schema_version=3)))


def test_a_changed_graph_is_not_given_out(tiny_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_bundle, folder)
    (folder / "pose.onnx").write_bytes((folder / "pose.onnx").read_bytes() + b"x")
    bundle = load_bundle(folder)
    with pytest.raises(BundleIntegrityError, match="damaged or was changed"):
        bundle.read_graph(bundle.manifest.graphs[1])
    (folder / "pose.onnx").unlink()
    with pytest.raises(BundleIntegrityError, match="cannot be read"):
        bundle.read_graph(bundle.manifest.graphs[1])
    (folder / "pose.onnx").symlink_to(tiny_bundle / "pose.onnx")
    with pytest.raises(BundleIntegrityError, match="symbolic link"):
        bundle.read_graph(bundle.manifest.graphs[1])
    (folder / "pose.onnx").unlink()
    os.mkfifo(folder / "pose.onnx")
    with pytest.raises(BundleIntegrityError, match="named pipe"):
        bundle.read_graph(bundle.manifest.graphs[1])
    (folder / "pose.onnx").unlink()
    with (folder / "pose.onnx").open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    with pytest.raises(BundleIntegrityError, match="larger than"):
        bundle.read_graph(bundle.manifest.graphs[1])
    (folder / "pose.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(BundleIntegrityError, match="git lfs pull"):
        bundle.read_graph(bundle.manifest.graphs[1])


def test_what_is_no_bundle_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        load_bundle(tmp_path)
    (tmp_path / MANIFEST_NAME).write_text("{")
    with pytest.raises(BundleError, match="is not JSON"):
        load_bundle(tmp_path)
    (tmp_path / MANIFEST_NAME).write_text("[]")
    with pytest.raises(BundleError, match="not a valid manifest"):
        load_bundle(tmp_path)
    for hostile in ("[" * 200_000, '{"schema_version": ' + "9" * 5000 + "}"):
        (tmp_path / MANIFEST_NAME).write_text(hostile)
        with pytest.raises(BundleError, match="is not JSON"):
            load_bundle(tmp_path)


def test_a_manifest_is_a_regular_file_of_a_sensible_size(tiny_bundle: Path, tmp_path: Path) -> None:
    manifest = tmp_path / MANIFEST_NAME
    manifest.symlink_to(tiny_bundle / MANIFEST_NAME)
    with pytest.raises(BundleError, match="symbolic link"):
        load_bundle(tmp_path)
    manifest.unlink()
    os.mkfifo(manifest)
    with pytest.raises(BundleError, match="named pipe"):
        load_bundle(tmp_path)
    manifest.unlink()
    with manifest.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(BundleError, match="larger than"):
        load_bundle(tmp_path)


def test_dimensions_are_sizes_or_named_as_free(changed: Change) -> None:
    def free(manifest: dict[str, Any]) -> None:
        manifest["graphs"][0]["inputs"][0]["shape"] = [1, "H", "W", 3]
        manifest["graphs"][0]["detection"]["pixels"] = [65536]

    folder = changed(free)
    assert load_bundle(folder).manifest.graphs[0].inputs[0].shape == (1, "H", "W", 3)
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    for size in (0, -1, "X"):
        manifest["graphs"][0]["inputs"][0]["shape"][1] = size
        (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
        with pytest.raises(BundleError, match=r"graphs\.0\.inputs\.0\.shape"):
            load_bundle(folder)


@pytest.mark.parametrize("name", PACKAGED_BUNDLES)
def test_a_packaged_bundle_is_named_without_its_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_bundle(Path(name)).directory == packaged_bundle_path(name)
    assert load_bundle(Path(name)).manifest.name == name


def test_a_folder_of_the_users_comes_before_a_packaged_bundle_of_its_name(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_bundle, tmp_path / "accurate")
    monkeypatch.chdir(tmp_path)
    assert load_bundle(Path("accurate")).digest == load_bundle(tiny_bundle).digest


def test_the_default_is_the_first_packaged_bundle() -> None:
    assert load_bundle().manifest.name == PACKAGED_BUNDLES[0] == "compact"
