"""The backbone and its published weights."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from edgeact.errors import SourceFormatError, SourceNotFoundError
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


def refused(path: Path, message: str) -> None:
    """`load_imagenet` says what does not fit, and leaves the network as it is."""
    backbone = CompactBackbone()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    with pytest.raises(SourceFormatError) as caught:
        load_imagenet(backbone, path, torch.zeros(1, 3, 32, 32))
    assert message in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())
    assert backbone.training


def test_weights_of_another_network_are_refused_whole(tmp_path: Path) -> None:
    path, _ = write_folded_weights(tmp_path / "weights.safetensors")
    weights = load_file(path)
    weights["stem.weight"] = torch.zeros(16, 3, 3, 3)
    weights["blocks.1.0.bias"] = torch.zeros(1)  # would fit by repetition
    weights["blocks.16.3.bias"] = weights.pop("blocks.15.2.bias")  # the last stage is left out, but has no fourth layer
    save_file(weights, tmp_path / "other.safetensors")
    for message in (
        f"{tmp_path / 'other.safetensors'} does not fit CompactBackbone",
        "missing: blocks.15.2.bias",
        "left over: blocks.16.3.bias",
        "stem.weight is (16, 3, 3, 3), the network's is (32, 3, 3, 3)",
        "blocks.1.0.bias is (1,), the network's is (96,)",
    ):
        refused(tmp_path / "other.safetensors", message)
    (tmp_path / "damaged.safetensors").write_bytes(b"no weights at all")
    refused(tmp_path / "damaged.safetensors", "cannot be read as weights")
    with pytest.raises(SourceNotFoundError, match=r"nowhere\.safetensors not found"):
        load_imagenet(CompactBackbone(), tmp_path / "nowhere.safetensors", torch.zeros(1, 3, 32, 32))


def test_the_published_last_stage_head_and_classifier_are_left_out(tmp_path: Path) -> None:
    path, reference = write_folded_weights(tmp_path / "weights.safetensors")
    rest = {f"blocks.16.{position}.{kind}" for position in range(3) for kind in ("weight", "bias")}
    rest |= {f"{layer}.{kind}" for layer in ("head", "fc") for kind in ("weight", "bias")}
    save_file(load_file(path) | {name: torch.zeros(1) for name in rest}, tmp_path / "whole.safetensors")
    backbone, images = CompactBackbone(), torch.rand(2, 3, 32, 32) * 2 - 1
    load_imagenet(backbone, tmp_path / "whole.safetensors", images)
    assert torch.allclose(backbone(images)[0], reference(images)[0], atol=1e-3)


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (3, 32, 32), (2, 3, 4, 32, 32)])
def test_what_is_no_batch_of_pictures_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    message = rf"pictures \(N, 3, H, W\) .* given {re.escape(str(shape))}"
    with pytest.raises(ValueError, match=message):
        CompactBackbone()(torch.zeros(shape))
    backbone = CompactBackbone()
    before = backbone.stem.conv.weight.clone()
    path, _ = write_folded_weights(tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=message):
        load_imagenet(backbone, path, torch.zeros(shape))
    assert torch.equal(backbone.stem.conv.weight, before)
