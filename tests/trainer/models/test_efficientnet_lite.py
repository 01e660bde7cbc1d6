"""EfficientNet-Lite: its sizes, its padding, and the names of the published weights."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from edgeact.errors import SourceFormatError
from trainer.models.efficientnet_lite import SIZES, EfficientNetLite, SameConv, load_efficientnet_lite


@pytest.mark.parametrize(("name", "millions", "blocks", "last"), [
    ("efficientnet_lite0", 4.65, 16, 320), ("efficientnet_lite1", 5.42, 21, 320), ("efficientnet_lite2", 6.09, 21, 352),
])  # fmt: skip
def test_sizes_are_the_published_ones(name: str, millions: float, blocks: int, last: int) -> None:
    with torch.device("meta"):
        network = EfficientNetLite(SIZES[name])
    assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)
    assert (len(network.blocks), network.head.in_channels) == (blocks, last)


def test_padding_is_tensorflows() -> None:
    """Of an even side, a stride of 2 pads the right and the lower edge only; sides are rounded up."""
    layer = SameConv(1, 1, 3, 2)
    image = torch.arange(36.0).reshape(1, 1, 6, 6)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        assert torch.equal(layer(image), functional.conv2d(functional.pad(image, (0, 1, 0, 1)), layer.weight, stride=2))
        assert layer(torch.zeros(1, 1, 7, 5)).shape == (1, 1, 4, 3)


def test_maps_by_stride_and_the_way_in_two_parts() -> None:
    torch.manual_seed(0)
    network = EfficientNetLite(classes=3).eval()
    images = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        maps = network.maps(images)
        assert [tuple(maps[name].shape[1:]) for name in ("stride2", "stride16", "stride32", "head")] == [
            (16, 32, 48), (112, 4, 6), (320, 2, 3), (1280, 2, 3),
        ]  # fmt: skip
        assert torch.equal(network.upper(network.lower(images, 11), 11), maps["head"])
        assert network(images) == pytest.approx(network.fc(maps["head"].mean((2, 3))))


def published_names(network: EfficientNetLite) -> dict[str, torch.Tensor]:
    block = {
        "expand": "_expand_conv", "expand_norm": "_bn0", "depthwise": "_depthwise_conv", "depthwise_norm": "_bn1",
        "project": "_project_conv", "project_norm": "_bn2",
    }  # fmt: skip
    top = {"stem": "_conv_stem", "stem_norm": "_bn0", "head": "_conv_head", "head_norm": "_bn1", "fc": "_fc"}
    found = {}
    for name, value in network.state_dict().items():
        parts = name.split(".")
        if parts[0] == "blocks":
            parts = ["_blocks", parts[1], block[parts[2]], *parts[3:]]
        else:
            parts[0] = top[parts[0]]
        found[".".join(parts)] = value.clone()
    return found


def test_weights_of_the_package_are_loaded_whole_or_refused(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = EfficientNetLite()
    torch.save(published_names(source), tmp_path / "lite0.pth")
    network = EfficientNetLite()
    load_efficientnet_lite(network, tmp_path / "lite0.pth")
    assert all(torch.equal(value, source.state_dict()[name]) for name, value in network.state_dict().items())
    features = EfficientNetLite(classes=0)
    load_efficientnet_lite(features, tmp_path / "lite0.pth", keep_head=False)
    assert torch.equal(features.head.weight, source.head.weight)
    with pytest.raises(SourceFormatError, match="does not fit EfficientNetLite"):
        load_efficientnet_lite(EfficientNetLite(SIZES["efficientnet_lite2"]), tmp_path / "lite0.pth")
