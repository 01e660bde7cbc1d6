"""From pictures of classes to a bundle that says what the whole picture shows, besides all that the base says."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from deploy.class_bundle import ClassTraining
from deploy.scene_bundle import train_scene_bundle
from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions
from edgeact.bundle.load import load_bundle
from edgeact.errors import UsageError
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from tests.trainer.models.test_efficientnet_lite import published_names
from trainer.classes_recipe import load_classes_recipe
from trainer.event_files import write_events_to
from trainer.models.efficientnet_lite import EfficientNetLite


def listed(items: object, _title: str) -> object:
    return items


def random_backbone() -> EfficientNetLite:
    """Random weights, normalised so that features do not vanish."""
    torch.manual_seed(0)
    network = EfficientNetLite()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(8, 3, 64, 64) * torch.linspace(0.2, 1, 8)[:, None, None, None])
    return network.eval()


def test_dark_and_bright_rooms_are_told_apart_by_a_bundle_that_annotates(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.save(published_names(random_backbone()), tmp_path / "lite0.pth")
    rng = np.random.default_rng(0)
    for label, brightness in (("dark room", 0), ("bright room", 190)):
        for place in ("a", "b"):
            folder = tmp_path / "rooms" / label / place
            folder.mkdir(parents=True)
            for number in range(2):
                picture = (rng.integers(0, 60, (48, 64, 3)) + brightness).astype(np.uint8)
                cv2.imwrite(str(folder / f"{number}.png"), picture)
    write_toy_video(tmp_path / "rooms" / "dark room" / "a" / "clip.mp4", seconds=0.4, size=(64, 48), boxes=lambda _: [])
    (tmp_path / "rooms" / "dark room" / "b" / "broken.mp4").write_bytes(b"no video")
    base = load_bundle(build_tiny_bundle(tmp_path / "base"))
    recipe = load_classes_recipe()
    recipe = recipe.model_copy(update={"scene": recipe.scene.model_copy(update={"side": 64})})
    asked = ClassTraining(tmp_path / "rooms", base, tmp_path / "work", steps=100, folds=2, recipe=recipe)
    said: list[str] = []
    with write_events_to(tmp_path / "events"):
        made, report = train_scene_bundle(
            asked,
            tmp_path / "lite0.pth",
            tmp_path / "out",
            created="2026-01-31",
            say=said.append,
            progress=listed,
        )
    names = sorted(folder.name for folder in (tmp_path / "events").iterdir())
    assert [name.partition("_")[0] for name in names] == ["scene"] * 3
    assert [name.split("_", 2)[2] for name in names] == ["everything", "without_0", "without_1"]
    assert [line for line in said if "broken.mp4" in line]
    assert [head.labels for head in made.plan.scene_heads] == [("bright room", "dark room")]
    assert made.plan.labels == base.plan.labels
    assert sum(figures.clips for figures in report.classes.values()) == 9
    assert report.accuracy >= 0.7
    assert made.manifest.training["scene"]["recipe"]["side"] == 64
    assert "| dark room | 5 |" in (tmp_path / "out" / "MODEL_CARD.md").read_text()
    photo = tmp_path / "rooms" / "bright room" / "a" / "0.png"
    options = AnnotateOptions(bundle=tmp_path / "out", video=False)
    assert annotate([str(photo)], tmp_path / "results", options).exit_code == 0
    assert '"bright room"' in (tmp_path / "results" / "0.frames.jsonl").read_text().splitlines()[1]
    with pytest.raises(UsageError, match="says already what whole pictures show"):
        train_scene_bundle(
            ClassTraining(tmp_path / "rooms", made, tmp_path / "work"),
            tmp_path / "lite0.pth",
            tmp_path / "again",
            created="2026-01-31",
            say=said.append,
            progress=listed,
        )
