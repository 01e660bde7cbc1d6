"""The small lifter learns depth that places tell, and gives its root none."""

from pathlib import Path

import pytest
import torch

from trainer.claims import depth_lifter
from trainer.claims.depth_lifter import fit_depth_lifter


def test_depth_that_places_tell_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_lifter, "_STEPS", 150)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(3)
    places = torch.rand(256, 3, 2, generator=generator)
    depth = torch.stack([torch.zeros(256), *(places[:, 1:, 1] - places[:, :1, 1]).unbind(1)], 1)
    lifter = fit_depth_lifter(places, depth, tmp_path / "checkpoint.safetensors", root=0, mirror=[0, 2, 1], seed=0)
    with torch.no_grad():
        found = lifter(places)
    assert (found[:, 0] == 0).all()
    error, floor = (found - depth).abs()[:, 1:].mean(), depth[:, 1:].abs().mean()
    assert error < 0.3 * floor
