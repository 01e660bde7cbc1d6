"""The last step: a bundle with its measures and its card goes to its place."""

import json
from pathlib import Path

from deploy.reproduce import publish
from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from tests.deploy.test_model_card import METRICS
from tests.tiny_bundle import build_tiny_bundle
from trainer.recipe import load_recipe


def test_metrics_and_card_come_with_the_bundle_and_the_old_one_goes(tmp_path: Path) -> None:
    finished = build_tiny_bundle(tmp_path / "finished")
    path = finished / MANIFEST_NAME
    training = {"recipe": load_recipe().model_dump(mode="json"), "data": {"pose": ["lspet"], "action": ["penn_action"]}}
    manifest = json.loads(path.read_text()) | {"training": training}
    path.write_text(json.dumps(manifest))
    before = path.read_bytes()
    out = tmp_path / "bundle"
    out.mkdir()
    (out / "old.onnx").write_bytes(b"old")
    bundle = publish(finished, METRICS, out)
    assert bundle.manifest.training["metrics"] == METRICS
    assert "51.2 %" in (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert not (out / "old.onnx").exists()
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bundle", "finished"]
    again = load_bundle(out)
    for graph in again.manifest.graphs:
        assert again.read_graph(graph) == (finished / graph.file).read_bytes()
