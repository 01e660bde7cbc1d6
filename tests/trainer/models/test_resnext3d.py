"""3D ResNeXt: the published names and sizes, the published outputs, and what every network must pass."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from edgeact.errors import SourceFormatError
from tests.trainer.models.named_weights import fill_by_name
from tests.trainer.models.network_checks import check_export, check_gradients, check_learns
from tests.trainer.models.published_names import read_golden, tensor_lines
from trainer.attribution.cam3d import cam3d
from trainer.models import resnext3d
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.resnext3d import ResNeXt3d, load_kenshohara, resnext3d_50, resnext3d_101


def small(classes: int = 4) -> ResNeXt3d:
    torch.manual_seed(0)
    return ResNeXt3d((1, 1, 1, 1), classes=classes, widths=(32, 32, 64, 64), stem_channels=8, cardinality=8)


def clips(count: int = 8, frames: int = 8, size: int = 32) -> torch.Tensor:
    return torch.randn(count, 3, frames, size, size, generator=torch.Generator().manual_seed(1))


# The published checkpoint of ResNeXt-101 for Kinetics-400 holds 48,340,816 parameters; counted from its class.
@pytest.mark.parametrize(
    ("make", "name", "parameters"),
    [(resnext3d_50, "resnext3d_50", 26_685_264), (resnext3d_101, "resnext3d_101", 48_340_816)],
)
def test_names_shapes_and_parameters_are_the_published_ones(
    make: Callable[[], ResNeXt3d], name: str, parameters: int
) -> None:
    model = make()
    assert tensor_lines(model) == read_golden(name)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_outputs_are_those_of_the_published_implementation() -> None:
    """First four scores and mean absolute score of the repository's ResNeXt-50 with the same weights on 16 frames of
    112².
    """
    model = fill_by_name(resnext3d_50())
    clip = torch.randn(1, 3, 16, 112, 112, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = model(clip)[0]
    assert scores[:4].tolist() == pytest.approx([-0.70485, -0.2412, 0.71621, -0.50664], abs=1e-3)
    assert scores.abs().mean().item() == pytest.approx(0.7127226, rel=1e-4)


def test_layers_have_the_sizes_of_the_papers_table() -> None:
    """Table 1 of paper C for 16 frames of 224², and what the module says of it; the table's first row says 8 frames of
    conv, which is what the pooling behind it leaves.
    """
    model = ResNeXt3d((1, 1, 1, 1), widths=(32, 32, 32, 32), stem_channels=4, cardinality=4, classes=2).eval()
    with torch.no_grad():
        maps = model.maps(torch.zeros(1, 3, 16, 224, 224))
    sizes = {name: tuple(value.shape[2:]) for name, value in maps.items()}
    table = {"conv": (8, 112, 112), "layer1": (8, 56, 56), "layer2": (4, 28, 28), "layer3": (2, 14, 14)}
    table |= {"layer4": (1, 7, 7)}
    assert sizes == {**table, "conv": (16, 112, 112)}
    said = re.findall(r"(conv|layer\d)\s+(\d+)×(\d+)×(\d+)", resnext3d.__doc__ or "")
    assert {name: tuple(int(side) for side in size) for name, *size in said} == sizes
    assert "the table has {}×{}×{}".format(*table["conv"]) in " ".join((resnext3d.__doc__ or "").split())


def test_it_learns() -> None:
    check_gradients(small(), clips(), torch.arange(8) % 4)
    check_learns(small(), clips(), classes=4)


@pytest.mark.slow  # tests/deploy/systems compares the graphs of network C, which has it in it
def test_the_graph_gives_what_the_network_gives(tmp_path: Path) -> None:
    check_export(small(), clips(2), [clips(3), clips(1)], tmp_path)


def test_it_can_be_gated_and_explained() -> None:
    sizes = {"conv": LayerSize(8, 8), "layer1": LayerSize(64, 4), "layer3": LayerSize(128, 1)}
    gated = GatedNetwork(ExplainedBackbone(small()), 4, sizes).eval()
    maps = cam3d(gated, clips(1))
    assert list(maps) == ["conv", "layer1", "layer2", "layer3", "layer4"]
    assert all(value.shape == (1, 8, 32, 32) for value in maps.values())
    assert sum(value.max() > 0 for value in maps.values()) >= 4


def test_with_moving_only_what_stands_still_does_not_count() -> None:
    network, still = small().eval(), torch.rand(1, 3, 1, 32, 32)
    moving = clips(1)
    only, whole = ExplainedBackbone(network, moving_only=True), ExplainedBackbone(network)
    assert torch.allclose(only(moving + still)[1], only(moving)[1], atol=1e-5)
    assert not torch.allclose(whole(moving + still)[1], whole(moving)[1], atol=1e-3)


def test_published_weights_load_with_and_without_the_classifier(tmp_path: Path) -> None:
    published = small()
    torch.save(
        {"state_dict": {f"module.{name}": value for name, value in published.state_dict().items()}, "epoch": 1},
        tmp_path / "r.pth",
    )
    other = small(classes=7)
    load_kenshohara(other, tmp_path / "r.pth", keep_head=False)
    assert torch.equal(other.layer2[0].conv2.weight, published.layer2[0].conv2.weight)
    with pytest.raises(SourceFormatError, match=r"fc\.weight is \(4, 128\)"):
        load_kenshohara(small(classes=7), tmp_path / "r.pth")


@pytest.mark.parametrize("shape", [(2, 3, 64, 64), (1, 4, 8, 32, 32)])
def test_other_inputs_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"takes clips \(N, 3, T, H, W\)"):
        small()(torch.zeros(shape))
