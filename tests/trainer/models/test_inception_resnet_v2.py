"""Inception-ResNet-v2: the published names and sizes, the published outputs, and what every network must pass."""

from pathlib import Path

import pytest
import torch

from edgeact.errors import SourceFormatError
from tests.trainer.models.named_weights import fill_by_name
from tests.trainer.models.network_checks import check_export, check_gradients, check_learns
from tests.trainer.models.published_names import read_golden, tensor_lines
from trainer.models.inception_resnet_v2 import InceptionResNetV2, load_cadene


def small(classes: int = 4, *, same_padding: bool = False) -> InceptionResNetV2:
    torch.manual_seed(0)
    return InceptionResNetV2(classes, repeats=(1, 1, 1), narrowing=16, same_padding=same_padding)


def images(count: int = 8, size: int = 96) -> torch.Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def test_names_shapes_and_parameters_are_the_published_ones() -> None:
    model = InceptionResNetV2()
    assert tensor_lines(model) == read_golden("inception_resnet_v2")
    assert sum(p.numel() for p in model.parameters()) == 55_843_464  # 55.8 million (timm's documentation)


def test_outputs_are_those_of_the_published_implementation() -> None:
    """First four scores and mean absolute score of timm 1.0.31's network with the same weights on the same picture."""
    model = fill_by_name(InceptionResNetV2())
    picture = torch.randn(1, 3, 160, 200, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = model(picture)[0]
    assert scores[:4].tolist() == pytest.approx([0.26685, -0.17539, -0.20278, -0.43247], abs=1e-4)
    assert scores.abs().mean().item() == pytest.approx(0.2071971, rel=1e-4)


@pytest.mark.parametrize(("same_padding", "cells"), [(False, 12), (True, 14)])
def test_the_last_map_of_448_pixels(same_padding: bool, cells: int) -> None:
    """Paper B has 14² cells (section 4); the published network leaves 12²."""
    with torch.no_grad():
        maps = small(same_padding=same_padding).eval().maps(torch.zeros(1, 3, 448, 448))
    assert maps["conv2d_7b"].shape[2:] == (cells, cells)


def test_it_learns() -> None:
    check_gradients(small(), images(), torch.arange(8) % 4)
    check_learns(small(same_padding=True), images(), classes=4)


# Where it pads is a number in the same nodes.
@pytest.mark.parametrize("same_padding", [pytest.param(False, marks=pytest.mark.slow), True])
def test_the_graph_gives_what_the_network_gives(same_padding: bool, tmp_path: Path) -> None:
    check_export(small(same_padding=same_padding), images(2), [images(3), images(1)], tmp_path)


@pytest.mark.parametrize("head", ["classif", "last_linear"], ids=["timm", "Cadene"])
def test_published_weights_load_with_and_without_the_classifier(head: str, tmp_path: Path) -> None:
    published = small()
    torch.save(
        {name.replace("classif", head): value for name, value in published.state_dict().items()}, tmp_path / "i.pth"
    )
    same, other = small(), small(classes=7)
    torch.nn.init.zeros_(same.classif.weight)
    load_cadene(same, tmp_path / "i.pth")
    assert torch.equal(same.classif.weight, published.classif.weight)
    load_cadene(other, tmp_path / "i.pth", keep_head=False)
    assert torch.equal(other.block8.conv2d.weight, published.block8.conv2d.weight)
    with pytest.raises(SourceFormatError, match=r"classif\.weight is \(4, 96\)"):
        load_cadene(other, tmp_path / "i.pth")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"takes pictures \(N, 3, H, W\)"):
        small()(torch.zeros(1, 1, 96, 96))
    with pytest.raises(ValueError, match="narrowing is 5"):
        InceptionResNetV2(narrowing=5)
