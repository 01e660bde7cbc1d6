"""HRNet: the published names, sizes and outputs, both kinds of weights, and what every network must pass."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from edgeact.errors import SourceFormatError
from tests.trainer.models.named_weights import fill_by_name
from tests.trainer.models.network_checks import check_export, check_gradients, check_learns
from tests.trainer.models.published_names import read_golden, tensor_lines
from trainer.models.hrnet import (
    TINY,
    W18_SMALL,
    W32,
    W48,
    HRNet,
    HRNetClassifier,
    HRNetPose,
    HRNetSize,
    load_imagenet,
    load_pose,
)


def images(count: int = 8, height: int = 32, width: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(1))


# Parameters as counted from timm 1.0.31's networks; its documentation rounds them to 13.19, 41.23 and 77.47 million.
@pytest.mark.parametrize(
    ("size", "name", "parameters"),
    [(W18_SMALL, "hrnet_w18_small", 13_187_464), (W32, "hrnet_w32", 41_232_680), (W48, "hrnet_w48", 77_469_864)],
)
def test_names_shapes_and_parameters_are_the_published_ones(size: HRNetSize, name: str, parameters: int) -> None:
    model = HRNetClassifier(size)
    assert tensor_lines(model) == read_golden(name)
    assert sum(p.numel() for p in model.parameters()) == parameters


# First four scores and mean absolute score of timm 1.0.31's networks with the same weights on the same picture.
@pytest.mark.parametrize(
    ("size", "first", "mean"),
    [
        (W18_SMALL, [0.98652, 0.39619, 0.66512, 0.35038], 1.0385063),
        (W32, [-166.16988, 315.92416, 108.37539, 227.04036], 209.832947),
    ],
    ids=["W18-small", "W32"],
)
def test_outputs_are_those_of_the_published_implementation(size: HRNetSize, first: list[float], mean: float) -> None:
    model = fill_by_name(HRNetClassifier(size))
    picture = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = model(picture)[0]
    assert scores[:4].tolist() == pytest.approx(first, rel=1e-3, abs=1e-3)
    assert scores.abs().mean().item() == pytest.approx(mean, rel=1e-4)


# 28.5 and 63.6 million for 17 joints (Sun et al., CVPR 2019, table 1).
@pytest.mark.parametrize(("size", "millions"), [(W32, 28.5), (W48, 63.6)])
def test_pose_networks_have_the_papers_parameters(size: HRNetSize, millions: float) -> None:
    assert round(sum(p.numel() for p in HRNetPose(size, joints=17).parameters()) / 1e6, 1) == millions


def test_a_pose_network_has_the_names_of_a_trunk_that_ends_in_one_map() -> None:
    """The official pose network: all of the ImageNet trunk's names but the fusion to lower resolutions of the last
    module.
    """
    pose = {line.split()[0] for line in tensor_lines(HRNetPose(W32, joints=16))}
    imagenet = {line.split()[0] for line in read_golden("hrnet_w32")}
    head = ("incre_modules", "downsamp_modules", "final_layer", "classifier")
    trunk = {name for name in imagenet if not name.startswith(head)}
    assert pose - trunk == {"final_layer.weight", "final_layer.bias"}
    assert {name[:23] for name in trunk - pose} == {f"stage4.2.fuse_layers.{row}." for row in (1, 2, 3)}


def test_maps_of_four_strides() -> None:
    maps = HRNet(TINY).eval()(images(1, 64, 96))
    assert [tuple(value.shape[1:]) for value in maps] == [(4, 16, 24), (8, 8, 12), (16, 4, 6), (32, 2, 3)]
    assert [tuple(value.shape[1:]) for value in HRNet(TINY, all_maps=False).eval()(images(1))] == [(4, 8, 16)]


# Without blocks on the branches: what TINY shows of them need not be exported twice.
BARE = HRNetSize(4, 16, 0, (1, 1, 1), 0)


def small_classifier(size: HRNetSize, classes: int) -> HRNetClassifier:
    """With a head of some thousand weights instead of ten million."""
    torch.manual_seed(0)
    return HRNetClassifier(size, classes=classes, head_widths=(2, 2, 4, 4), head_channels=16)


class Pooled(nn.Module):
    """The mean of each heat map as a class's score."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.network = HRNetPose(TINY, joints=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x).amax((2, 3))


def test_it_learns() -> None:
    torch.manual_seed(0)
    check_gradients(HRNetClassifier(TINY, classes=4), images(), torch.arange(8) % 4)
    check_gradients(Pooled(), images(), torch.arange(8) % 4)
    check_learns(Pooled(), images(width=32), classes=4, steps=40, rate=2e-2)


def test_the_classifier_learns_eight_pictures_by_heart() -> None:
    check_learns(small_classifier(TINY, 4), images(width=32), classes=4, steps=20, rate=1e-2)


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        # tests/deploy/systems compares the graph of network A, whose joints come of the same trunk.
        pytest.param(lambda size: HRNetPose(size, joints=5), TINY, id="pose", marks=pytest.mark.slow),
        pytest.param(lambda size: small_classifier(size, 5), BARE, id="classifier"),
    ],
)
def test_the_graph_gives_what_the_network_gives(
    kind: Callable[[HRNetSize], nn.Module], size: HRNetSize, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    check_export(kind(size), images(2, width=32), [images(3, width=32), images(1, width=32)], tmp_path)


def test_imagenet_weights_fill_a_classifier_a_trunk_and_a_pose_network(tmp_path: Path) -> None:
    published = fill_by_name(HRNetClassifier(TINY, classes=6))
    torch.save(published.state_dict(), tmp_path / "hrnet.pth")
    networks = (HRNetClassifier(TINY, classes=6), HRNet(TINY), HRNetPose(TINY, joints=3))
    for model in networks:
        load_imagenet(model, tmp_path / "hrnet.pth")
        assert torch.equal(model.stage4[0].fuse_layers[0][3][0].weight, published.stage4[0].fuse_layers[0][3][0].weight)
    same = networks[0].eval()(images(2))
    assert torch.equal(same, published(images(2)))
    with pytest.raises(SourceFormatError, match="HRNetClassifier"):
        load_imagenet(HRNetClassifier(TINY, classes=7), tmp_path / "hrnet.pth")


def test_pose_weights_load_with_and_without_the_last_layer(tmp_path: Path) -> None:
    published = fill_by_name(HRNetPose(TINY, joints=16))
    torch.save(published.state_dict(), tmp_path / "pose.pth")
    same, other = HRNetPose(TINY, joints=16), HRNetPose(TINY, joints=21)
    load_pose(same, tmp_path / "pose.pth")
    assert torch.equal(same.eval()(images(1)), published(images(1)))
    load_pose(other, tmp_path / "pose.pth", keep_head=False)
    assert torch.equal(other.conv2.weight, published.conv2.weight)
    with pytest.raises(SourceFormatError, match=r"final_layer\.weight is \(16, 4, 1, 1\)"):
        load_pose(other, tmp_path / "pose.pth")
    with pytest.raises(SourceFormatError, match="missing: stage4"):
        load_imagenet(HRNet(TINY), tmp_path / "pose.pth")


def test_sides_that_do_not_halve_five_times_are_refused() -> None:
    with pytest.raises(ValueError, match="the picture is 100×64; HRNet takes sides that are multiples of 32"):
        HRNet(TINY)(torch.zeros(1, 3, 64, 100))
    with pytest.raises(ValueError, match="takes pictures"):
        HRNet(TINY)(torch.zeros(1, 4, 64, 64))
