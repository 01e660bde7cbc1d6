"""What another bundle lends."""

import json
from pathlib import Path

from deploy.copied import graphs_that_follow_persons
from edgeact.bundle.manifest import MANIFEST_NAME
from tests.tiny_bundle import build_tiny_bundle


def test_every_detector_of_a_bundle_is_lent(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "two")
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    manifest["graphs"].append({**manifest["graphs"][0], "name": "second"})
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    lent = {pose: graphs_that_follow_persons(folder, pose=pose) for pose in (False, True)}
    assert [graph.spec.name for graph in lent[False]] == ["detector", "second"]
    assert [graph.spec.name for graph in lent[True]] == ["detector", "second", "pose"]
    assert lent[True][1].content == (folder / "detector.onnx").read_bytes()
