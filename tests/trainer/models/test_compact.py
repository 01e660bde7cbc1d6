"""The backbone and its published weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.trainer.folded_weights import write_folded_weights
from trainer.models.compact import LEVEL_CHANNELS, CompactBackbone, load_imagenet


def test_levels_have_the_strides_and_channels_of_the_paper() -> None:
    levels = CompactBackbone().eval()(torch.zeros(1, 3, 64, 96))
    assert [tuple(level.shape[1:]) for level in levels] == [
        (channels, 64 // stride, 96 // stride) for channels, stride in zip(LEVEL_CHANNELS, (4, 8, 16, 32), strict=True)
    ]


def test_loading_restores_the_normalisation_without_changing_the_outputs(tmp_path: Path) -> None:
    """The folded network, computed without any normalisation, is the reference."""
    path, reference = write_folded_weights(tmp_path / "weights.safetensors")
    torch.manual_seed(1)
    images = torch.rand(8, 3, 64, 64) * 2 - 1
    backbone = CompactBackbone()
    load_imagenet(backbone, path, images)
    for found, wanted in zip(backbone(images), reference(images), strict=True):
        assert torch.allclose(found, wanted, atol=2e-3 * float(wanted.abs().max()))
    # And it trains on: the statistics are those of real images, so that a batch in training mode looks alike.
    backbone.train()
    trained = backbone(images)[0].detach()
    assert torch.allclose(trained, reference(images)[0], atol=0.05 * float(trained.abs().max()))


def test_frozen_blocks_keep_weights_and_statistics() -> None:
    backbone = CompactBackbone()
    backbone.freeze(3)
    backbone.train()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    sum(level.sum() for level in backbone(torch.randn(2, 3, 32, 32))).backward()
    assert all(parameter.grad is None for parameter in backbone.blocks[2].parameters())
    assert all(parameter.grad is not None for parameter in backbone.blocks[3].parameters())
    frozen = [name for name in before if name.startswith(("stem", "blocks.0.", "blocks.1.", "blocks.2."))]
    assert all(torch.equal(backbone.state_dict()[name], before[name]) for name in frozen)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path, _ = write_folded_weights(tmp_path / "weights.safetensors")
    from safetensors.torch import load_file

    weights = load_file(path)
    missing = {name: value for name, value in weights.items() if name != "blocks.2.0.bias"}
    save_file(missing, tmp_path / "missing.safetensors")
    with pytest.raises(KeyError, match=r"blocks\.2\.0\.bias"):
        load_imagenet(CompactBackbone(), tmp_path / "missing.safetensors", torch.zeros(1, 3, 32, 32))
    weights["stem.weight"] = torch.zeros(16, 3, 3, 3)
    save_file(weights, tmp_path / "shape.safetensors")
    with pytest.raises(ValueError, match=r"stem\.weight"):
        load_imagenet(CompactBackbone(), tmp_path / "shape.safetensors", torch.zeros(1, 3, 32, 32))
