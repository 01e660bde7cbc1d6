"""I3D: the published names and sizes, the published outputs, and what every network must pass."""

from pathlib import Path

import pytest
import torch

from edgeact.errors import SourceFormatError
from tests.trainer.models.named_weights import fill_by_name
from tests.trainer.models.network_checks import check_export, check_gradients, check_learns
from tests.trainer.models.published_names import read_golden, tensor_lines
from trainer.attribution.cam3d import cam3d, sum_cam3d
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.i3d import I3d, load_pytorch_i3d, pad_same


def small(classes: int = 4) -> I3d:
    torch.manual_seed(0)
    return I3d(classes, narrowing=16, dropout=0.0)


def clips(count: int = 8, frames: int = 16, size: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, frames, size, size, generator=torch.Generator().manual_seed(1))


def test_names_shapes_and_parameters_are_the_published_ones() -> None:
    model = I3d()
    assert tensor_lines(model) == read_golden("i3d")
    assert sum(p.numel() for p in model.parameters()) == 12_697_264  # counted from the repository's class


def test_outputs_are_those_of_the_published_implementation() -> None:
    """First four scores and mean absolute score of the repository's network, averaged over time, on 9 frames of 64×75
    (odd ends to pad).

    Its average pooling was made to cover the 2×2×3 cells of this clip, as it covers those of the clips that it was
    published for.
    """
    model = fill_by_name(I3d())
    clip = torch.randn(1, 3, 9, 64, 75, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = model(clip)[0]
    assert scores[:4].tolist() == pytest.approx([0.07261, 0.16752, -0.23653, 0.10698], abs=1e-4)
    assert scores.abs().mean().item() == pytest.approx(0.1252848, rel=1e-4)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "cells"), [(8, 3, 2, 4), (9, 3, 2, 5), (7, 7, 2, 4), (5, 2, 2, 3), (4, 1, 2, 2)]
)
def test_padding_leaves_as_many_cells_as_strides(size: int, kernel: int, stride: int, cells: int) -> None:
    """TensorFlow's rule: ⌈size / stride⌉ cells, the odd zero at the end."""
    x = torch.arange(1, size + 1, dtype=torch.float32).reshape(1, 1, size, 1, 1)
    padded = pad_same(x, (kernel, 1, 1), (stride, 1, 1))
    assert (padded.shape[2] - kernel) // stride + 1 == cells
    before = int((padded.flatten() == 0).long().cumprod(0).sum())
    assert before == (padded.shape[2] - size) // 2


def test_layers_have_the_sizes_of_the_papers_table() -> None:
    """Table 2 of paper C, for 64 frames of 224²."""
    with torch.no_grad():
        maps, _ = small().eval().explained(torch.zeros(1, 3, 64, 224, 224))
    assert {name: tuple(value.shape[2:]) for name, value in maps.items()} == {
        "conv1": (32, 112, 112),
        "layer1": (32, 28, 28),
        "layer2": (16, 14, 14),
        "layer3": (8, 7, 7),
    }


@pytest.mark.parametrize("layers", [("layer3",), ("layer2",), ("layer1", "layer2", "layer3"), ("layer2", "layer3")])
def test_it_can_be_gated_and_explained(layers: tuple[str, ...]) -> None:
    """The rows of paper C's table 10, for 16 frames."""
    sizes = {"layer1": LayerSize(30, 8), "layer2": LayerSize(52, 4), "layer3": LayerSize(64, 2)}
    gated = GatedNetwork(ExplainedBackbone(small()), 4, {name: sizes[name] for name in layers}).eval()
    inputs = clips(1, size=32)
    with torch.no_grad():
        maps, scores = gated(inputs)
        _, own = small().eval().explained(inputs)
        assert torch.allclose(scores, own + sum(gated.gates[name](maps[name]) for name in layers), atol=1e-6)
    cams = cam3d(gated, inputs)
    assert list(cams) == ["conv1", "layer1", "layer2", "layer3"]
    assert all(cam.shape == (1, 16, 32, 32) for cam in cams.values())
    assert sum_cam3d(gated, inputs, layers=layers).std(1).max() > 0  # frames differ


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_classes_are_scored_over_every_two_frames(frames: int) -> None:
    model = small().eval()
    features = torch.rand(2, 64, frames, 3, 4, generator=torch.Generator().manual_seed(0))
    pooled = torch.nn.functional.avg_pool3d(features, (min(2, frames), 3, 4), 1)  # the published pooling
    with torch.no_grad():
        assert torch.allclose(model.classify(features), model.logits(pooled).mean((2, 3, 4)), atol=1e-6)


def test_it_learns() -> None:
    check_gradients(small(), clips(), torch.arange(8) % 4)
    check_learns(small(), clips(), classes=4)


@pytest.mark.slow  # tests/deploy/systems compares the graphs of network C, which has it in it
def test_the_graph_gives_what_the_network_gives(tmp_path: Path) -> None:
    check_export(small(), clips(2, frames=9), [clips(3, frames=9), clips(1, frames=9)], tmp_path)


def test_published_weights_load_with_and_without_the_classifier(tmp_path: Path) -> None:
    published = small()
    torch.save(published.state_dict(), tmp_path / "i3d.pt")
    other = small(classes=7)
    load_pytorch_i3d(other, tmp_path / "i3d.pt", keep_head=False)
    assert torch.equal(
        other.get_submodule("Mixed_4c").b1b.conv3d.weight, published.get_submodule("Mixed_4c").b1b.conv3d.weight
    )
    with pytest.raises(SourceFormatError, match=r"logits\.conv3d\.weight is \(4, 64, 1, 1, 1\)"):
        load_pytorch_i3d(small(classes=7), tmp_path / "i3d.pt")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"takes clips \(N, 3, T, H, W\)"):
        small()(torch.zeros(1, 3, 64, 64))
    with pytest.raises(ValueError, match="narrowing is 3"):
        I3d(narrowing=3)
