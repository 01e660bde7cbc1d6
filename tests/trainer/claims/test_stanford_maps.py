"""The claim on frozen maps: every pooling is trained and measured alike."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainer.data.sets.layouts import write_stanford40
from tests.trainer.models.test_efficientnet_lite import published_names
from trainer.claims.linear_floor import FLOOR
from trainer.claims.outcome import Outcome
from trainer.claims.pooling import try_pooling
from trainer.claims.stanford_maps import Reduced, project, read_reduced
from trainer.models.efficientnet_lite import EfficientNetLite


def some_maps() -> Reduced:
    """Three actions: a channel each that is high on the person's cells."""
    generator = torch.Generator().manual_seed(0)
    actions = np.arange(48) % 3
    maps = 0.3 * torch.randn(48, 8, 5, 5, generator=generator)
    for row, action in enumerate(actions):
        maps[row, action, 1:4, 1:4] += 2
    return Reduced(maps, maps.mean((2, 3), keepdim=True), actions, np.arange(24), np.arange(24, 48), 3)


def test_every_pooling_is_measured_with_every_seed(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    outcomes = try_pooling(some_maps(), tmp_path, seeds=2, epochs=60)
    swept = [f"generalised, T={matrices}" for matrices in (1, 2, 3, 4, 5)]
    assert [outcome.variant for outcome in outcomes] == [FLOOR, "mean", "rank-1", *swept]
    assert all(len(outcome.figures) == 2 for outcome in outcomes)
    assert min(outcome.mean for outcome in outcomes[:2]) > 0.5  # three actions by chance: a third


def test_mean_and_deviation() -> None:
    outcome = Outcome("a", (0.5, 0.7))
    assert outcome.mean == pytest.approx(0.6)
    assert outcome.deviation == pytest.approx(0.02**0.5)
    assert Outcome("a", (0.5,)).line("mAP") == "a: mAP 50.00%"
    assert outcome.line("mAP") == "a: mAP 60.00% ± 14.14% (50.00%, 70.00%)"


def test_the_principal_channels_keep_what_differs() -> None:
    generator = torch.Generator().manual_seed(0)
    maps = (
        torch.randn(40, 6, 2, 2, generator=generator) * torch.tensor([5.0, 0.1, 0.1, 3.0, 0.1, 0.1])[:, None, None] + 7
    )
    found = project(maps, np.arange(40), 2)
    assert found.shape == (40, 2, 2, 2)
    strongest = found[:, -1].ravel().numpy()
    assert abs(np.corrcoef(strongest, maps[:, 0].ravel().numpy())[0, 1]) > 0.98


def test_photos_become_reduced_maps(tmp_path: Path) -> None:
    for part, name in (("train", "eat_1.jpg"), ("test", "eat_2.jpg")):
        image = np.random.default_rng(0).integers(0, 255, (100, 200, 3), np.uint8)
        write_stanford40(tmp_path, "eat", part, {name: image}, "0 0 99 99")
    torch.manual_seed(0)
    torch.save(published_names(EfficientNetLite()), tmp_path / "lite0.pth")
    found = read_reduced(
        tmp_path, tmp_path / "lite0.pth", tmp_path, progress=lambda items, _: items, backbone="efficientnet_lite0"
    )
    assert found.maps.shape == (2, 128, 5, 5)
    assert found.means.shape == (2, 1280, 1, 1)
    assert (found.training.tolist(), found.measured.tolist()) == ([0], [1])
