"""Forty everyday actions, here two, from photos to a bundle whose two graphs say what the measured heads said."""

from pathlib import Path

import numpy as np
import pytest
import torch

from deploy.everyday_bundle import export_everyday
from edgeact.bundle.load import load_bundle
from tests.trainer.data.sets.layouts import write_stanford40
from tests.trainer.models.test_efficientnet_lite import published_names
from trainer.data.labelled_samples import stanford40
from trainer.evaluate.held_out import answer
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.fit_everyday import Everyday, EverydaySettings, fit_everyday
from trainer.models.efficientnet_lite import EfficientNetLite

SETTINGS = EverydaySettings("efficientnet_lite0", 64, pooling="rank_one", epochs=2, batch=8)


def listed(items: object, _title: str) -> object:
    return items


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Everyday, Path]:
    """Dark people drink, bright ones read."""
    torch.set_num_threads(1)
    root, rng = tmp_path_factory.mktemp("everyday"), np.random.default_rng(0)
    for number, action in enumerate(("drinking", "reading")):
        for part, count in (("train", 12), ("test", 4)):
            photos = {
                f"{action}_{part}_{index}.jpg": rng.integers(0, 60, (60, 80, 3), np.uint8) + np.uint8(150 * number)
                for index in range(count)
            }
            write_stanford40(root, action, part, photos, "10 10 40 50")
    torch.manual_seed(0)
    torch.save(published_names(EfficientNetLite()), root / "lite0.pth")
    return fit_everyday(root, root / "lite0.pth", root / "work", SETTINGS, progress=listed), root


def test_a_second_run_says_the_same_from_what_is_kept(trained: tuple[Everyday, Path]) -> None:
    first, root = trained
    again = fit_everyday(root, root / "lite0.pth", root / "work", SETTINGS, progress=listed)
    assert again.figures == first.figures
    assert first.counts == (24, 8)
    assert set(first.figures) == {"person", "scene", "both"}
    assert len(list((root / "work" / "maps").iterdir())) == 2


def test_the_bundles_graphs_say_what_was_measured(trained: tuple[Everyday, Path], tmp_path: Path) -> None:
    found, root = trained
    export_everyday(found, SETTINGS, tmp_path / "everyday", created="2026-01-31")
    bundle = load_bundle(tmp_path / "everyday")
    assert [head.name for head in bundle.plan.heads] == ["everyday_person"]
    assert [head.name for head in bundle.plan.scene_heads] == ["everyday_scene"]
    assert {"person_merged", "scene_merged"} <= set(bundle.plan.maps)
    samples, actions = stanford40(root)
    test = [sample for sample in samples if sample.split == "test"]
    said = answer(bundle, test, actions, clips=False, progress=listed)
    labels = np.array([sample.label for sample in test])
    for one in said:
        scope = one.head.name.removeprefix("everyday_")
        measured = found.figures[scope]["mAP"]
        assert mean_average_precision(one.probability, labels) == pytest.approx(measured, abs=0.1), scope
    card = (tmp_path / "everyday" / "MODEL_CARD.md").read_text()
    assert "Stanford 40" in card
    assert "Apache License 2.0" in card
    assert f"{found.figures['both']['mAP']:.2%}" in card
