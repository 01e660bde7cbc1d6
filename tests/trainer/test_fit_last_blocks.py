"""Last blocks learn with a pooling, on windows of maps; the way from photos to a bundle is in tests/deploy."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from trainer.everyday_recipe import load_everyday_recipe
from trainer.fit_last_blocks import (
    BlocksAndPooling,
    MapsBelow,
    fit_last_blocks,
    probabilities,
    windows,
)
from trainer.layers.attentional_pooling import MeanPooling

SETTINGS = load_everyday_recipe().last_blocks.model_copy(
    update={"epochs": 10, "rate": 2e-2, "batch": 8, "window": 0.75, "average_decay": 0.5}
)


def some_maps() -> MapsBelow:
    """Two actions, whose maps differ in one of four channels; mirrored maps are the others' mirror image."""
    generator = np.random.default_rng(0)
    actions = np.arange(24) % 2
    maps = generator.normal(0, 0.3, (24, 4, 4, 8)).astype(np.float16)
    maps[:, 0] += actions[:, None, None]
    return MapsBelow(maps, maps[..., ::-1], actions)


def small_network() -> BlocksAndPooling:
    torch.manual_seed(0)
    return BlocksAndPooling(nn.Conv2d(4, 6, 1), MeanPooling(6, 2))


def quietly(**_said: object) -> None:
    pass


def test_a_window_is_a_part_of_the_photos_map_or_of_its_mirror_image() -> None:
    data = some_maps()
    rows = np.array([3, 3, 3, 3, 5, 5, 5, 5])
    seen = windows(data, rows, SETTINGS, np.random.default_rng(0))
    assert seen.shape == (8, 4, 3, 6)
    assert seen.dtype == np.float32
    found = set()
    for row, window in zip(rows, seen, strict=True):
        places = [
            (name, top, left)
            for name, maps in (("plain", data.plain), ("mirrored", data.mirrored))
            for top in range(2)
            for left in range(3)
            if np.array_equal(maps[row, :, top : top + 3, left : left + 6], window.astype(np.float16))
        ]
        assert len(places) == 1, row
        found.add(places[0])
    assert {name for name, *_ in found} == {"plain", "mirrored"}
    assert len(found) > 3  # places differ


def test_blocks_and_pooling_learn_together(tmp_path: Path) -> None:
    data, network = some_maps(), small_network()
    before = network.blocks.weight.detach().clone()
    trained = fit_last_blocks(network, data, SETTINGS, tmp_path, seed=0, report=quietly)
    assert not torch.equal(trained.blocks.weight, before)
    said = probabilities(trained, data.plain)
    assert said.sum(1) == pytest.approx(np.ones(24), abs=1e-5)
    assert (said.argmax(1) == data.actions).all()


def test_a_second_run_takes_what_the_first_kept(tmp_path: Path) -> None:
    data = some_maps()
    first = fit_last_blocks(small_network(), data, SETTINGS, tmp_path, seed=0, report=quietly)
    again = fit_last_blocks(small_network(), data, SETTINGS, tmp_path, seed=0, report=quietly)
    assert np.array_equal(probabilities(first, data.plain), probabilities(again, data.plain))


def test_no_epoch_leaves_the_blocks_as_they_are(tmp_path: Path) -> None:
    network = small_network()
    before = network.blocks.weight.detach().clone()
    settings = SETTINGS.model_copy(update={"epochs": 0})
    assert torch.equal(fit_last_blocks(network, some_maps(), settings, tmp_path, seed=0).blocks.weight, before)
