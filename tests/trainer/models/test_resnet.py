"""ResNets: the published names and sizes, the published outputs, and what every network must pass."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from edgeact.errors import SourceFormatError
from tests.trainer.models.named_weights import fill_by_name
from tests.trainer.models.network_checks import check_export, check_gradients, check_learns
from tests.trainer.models.published_names import read_golden, tensor_lines
from trainer.layers.residual import BasicBlock, Bottleneck
from trainer.models.resnet import ResNet, load_torchvision, resnet18, resnet50, resnet101


def small(block: type[BasicBlock] | type[Bottleneck] = BasicBlock, classes: int = 4) -> ResNet:
    torch.manual_seed(0)
    return ResNet(block, (1, 1, 1, 1), classes=classes, widths=(8, 8, 16, 16))


def images(count: int = 8, size: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


# Parameters as torchvision documents them.
@pytest.mark.parametrize(
    ("make", "parameters"), [(resnet18, 11_689_512), (resnet50, 25_557_032), (resnet101, 44_549_160)]
)
def test_names_shapes_and_parameters_are_the_published_ones(make: Callable[[], ResNet], parameters: int) -> None:
    model = make()
    assert tensor_lines(model) == read_golden(make.__name__)
    assert sum(p.numel() for p in model.parameters()) == parameters


# First four scores and mean absolute score of timm 1.0.31's networks with the same weights on the same picture.
@pytest.mark.parametrize(
    ("make", "first", "mean"),
    [
        (resnet18, [0.60297, -0.59303, 2.35866, 1.0437], 0.8507059),
        (resnet50, [-0.5878, -0.5252, 0.53212, -0.31435], 0.6830865),
        (resnet101, [0.25901, -0.42408, 1.55019, 0.16734], 2.0169349),
    ],
)
def test_outputs_are_those_of_the_published_implementation(
    make: Callable[[], ResNet], first: list[float], mean: float
) -> None:
    model = fill_by_name(make())
    picture = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = model(picture)[0]
    assert scores[:4].tolist() == pytest.approx(first, abs=1e-3)
    assert scores.abs().mean().item() == pytest.approx(mean, rel=1e-4)


def test_layers_have_the_strides_4_to_32() -> None:
    maps = small().eval().maps(images(1))
    assert {name: tuple(value.shape[1:]) for name, value in maps.items()} == {
        "layer1": (8, 16, 16),
        "layer2": (8, 8, 8),
        "layer3": (16, 4, 4),
        "layer4": (16, 2, 2),
    }
    assert small(Bottleneck).layer_channels == (32, 32, 64, 64)


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_it_learns(block: type[BasicBlock] | type[Bottleneck]) -> None:
    check_gradients(small(block), images(), torch.arange(8) % 4)
    check_learns(small(block), images(), classes=4)


# tests/deploy/systems compares the graphs of networks B and D, which have the basic block in them.
@pytest.mark.parametrize("block", [pytest.param(BasicBlock, marks=pytest.mark.slow), Bottleneck])
def test_the_graph_gives_what_the_network_gives(block: type[BasicBlock] | type[Bottleneck], tmp_path: Path) -> None:
    check_export(small(block), images(2), [images(3), images(1)], tmp_path)


def test_published_weights_load_with_and_without_the_classifier(tmp_path: Path) -> None:
    published = small(classes=4)
    torch.save(published.state_dict(), tmp_path / "resnet.pth")
    same = small(classes=4)
    torch.nn.init.zeros_(same.fc.weight)
    load_torchvision(same, tmp_path / "resnet.pth")
    assert torch.equal(same.fc.weight, published.fc.weight)
    other = small(classes=7)
    load_torchvision(other, tmp_path / "resnet.pth", keep_head=False)
    assert torch.equal(other.layer3[0].conv1.weight, published.layer3[0].conv1.weight)
    with pytest.raises(SourceFormatError, match=r"fc\.weight is \(4, 16\), the network's is \(7, 16\)"):
        load_torchvision(small(classes=7), tmp_path / "resnet.pth")
    with pytest.raises(SourceFormatError, match=r"missing: layer4\.1\.conv1\.weight"):
        load_torchvision(ResNet(BasicBlock, (1, 1, 1, 2), classes=4, widths=(8, 8, 16, 16)), tmp_path / "resnet.pth")


def test_without_a_classifier_it_gives_features(tmp_path: Path) -> None:
    torch.save(small().state_dict(), tmp_path / "resnet.pth")
    model = small(classes=0).eval()
    load_torchvision(model, tmp_path / "resnet.pth", keep_head=False)
    assert torch.allclose(model(images(1)), model.maps(images(1))["layer4"].mean((2, 3)))


@pytest.mark.parametrize("shape", [(2, 1, 64, 64), (3, 64, 64), (1, 3, 4, 64, 64)])
def test_other_inputs_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"takes pictures \(N, 3, H, W\)"):
        small()(torch.zeros(shape))
