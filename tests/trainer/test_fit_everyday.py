"""Heads on frozen maps; the whole way from photos to a bundle is tested in tests/deploy/test_everyday_bundle.py."""

from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.everyday_recipe import HeadSettings, PoolingName
from trainer.fit_everyday import answers, fit_head, mean_maps
from trainer.layers.attentional_pooling import MeanPooling


def test_of_mean_pooling_one_cell_says_as_much_as_all() -> None:
    torch.manual_seed(0)
    head, maps = MeanPooling(6, 3), np.random.default_rng(0).normal(size=(70, 6, 4, 5)).astype(np.float16)
    rows = np.arange(70)
    assert answers(head, maps, rows) == pytest.approx(answers(head, mean_maps(maps), rows), abs=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "rank_one", "generalized"])
def test_a_head_learns_what_maps_show(pooling: PoolingName, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    actions = np.arange(60) % 2
    maps = rng.normal(0.5, 0.3, (60, 8, 3, 3)).clip(0)
    maps[:, 0] += 2 * actions[:, None, None]
    settings = HeadSettings(pooling=pooling, epochs=40, batch=20, rate=5e-3, weight_decay=0.0)
    head = fit_head(maps, actions, np.arange(40), 8, 2, settings, tmp_path / "head", seed=0, name="head")
    said = answers(head, maps, np.arange(40, 60))
    assert (said.argmax(1) == actions[40:]).mean() >= 0.7
