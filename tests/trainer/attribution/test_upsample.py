"""Up-sampling against the paper's equations on cell centres, and normalisation by the maximum."""

import itertools

import pytest
import torch

from trainer.attribution.upsample import over_maximum, upsample
from trainer.models.i3d import I3d
from trainer.models.resnext3d import ResNeXt3d


def by_hand(values: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """Eq. 3 to 5 of paper C for every output cell, with weights from the distance of the centres; beyond the outermost
    centre its value.
    """
    out = torch.zeros(size)
    for place in itertools.product(*(range(length) for length in size)):
        position = [
            min(max((p + 0.5) * n / s - 0.5, 0.0), n - 1.0) for p, n, s in zip(place, values.shape, size, strict=True)
        ]
        total = 0.0
        for corner in itertools.product((0, 1), repeat=len(size)):
            weight, index = 1.0, []
            for upper, x, n in zip(corner, position, values.shape, strict=True):
                low = min(int(x), n - 1)
                weight *= (x - low) if upper else 1 - (x - low)
                index.append(min(low + upper, n - 1))
            total += weight * float(values[tuple(index)])
        out[place] = total
    return out


@pytest.mark.parametrize(("shape", "size"), [((2, 3, 2), (8, 9, 5)), ((1, 2, 2), (4, 4, 4)), ((3, 4), (7, 8))])
def test_interpolation_by_hand(shape: tuple[int, ...], size: tuple[int, ...]) -> None:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(upsample(values[None], size)[0], by_hand(values, size), atol=1e-6)


def test_a_cell_lies_under_the_frames_that_it_covers() -> None:
    maps = torch.zeros(1, 4, 2, 2)
    maps[0, 1] = 1.0  # of four cells over sixteen frames, the second covers frames 4 to 7
    frames = upsample(maps, (16, 8, 8))[0].mean((1, 2))
    assert set(frames.topk(4).indices.tolist()) == {4, 5, 6, 7} or frames.argmax().item() in (5, 6)
    assert frames[5].item() == frames.max().item() == frames[6].item()


@pytest.mark.parametrize(
    ("name", "layer", "stride", "offset"),
    [
        ("resnext", "conv", 1, 0.0),
        ("resnext", "layer1", 2, -0.5),
        ("resnext", "layer2", 4, -1.5),
        ("resnext", "layer3", 8, -3.5),
        ("i3d", "conv1", 2, 0.5),
        ("i3d", "layer1", 2, 0.5),
    ],
)
def test_what_a_cell_sees_is_centred_within_half_a_cell_of_where_it_lies(
    name: str, layer: str, stride: int, offset: float
) -> None:
    """With weights above 0 and no offsets, one bright frame in a dark clip reaches just those cells that see it."""
    torch.manual_seed(0)
    frames = 64
    resnext = ResNeXt3d((1, 1, 1, 1), classes=2, widths=(32, 32, 32, 32), stem_channels=2, cardinality=4)
    network = (resnext if name == "resnext" else I3d(2, narrowing=16)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
        bright = torch.eye(frames)[:, None, :, None, None].expand(frames, 3, frames, 8, 8)
        response = network.explained(bright)[0][layer].amax((1, 3, 4))  # (bright frame, cell)
    cell = response.shape[1] // 2  # in the middle: at the ends, what it sees is cut off
    seen = response[:, cell].nonzero()[:, 0]
    assert 0 < seen[0] < seen[-1] < frames - 1
    place = upsample(torch.eye(response.shape[1])[cell][None, :, None, None], (frames, 1, 1))[0, :, 0, 0]
    lies = float(place @ torch.arange(frames).float() / place.sum())
    assert frames == stride * response.shape[1]
    assert lies == pytest.approx(stride * cell + (stride - 1) / 2)
    assert float(seen[0] + seen[-1]) / 2 - lies == pytest.approx(offset)


def test_other_axes_are_refused() -> None:
    with pytest.raises(ValueError, match="must have the axes"):
        upsample(torch.zeros(1, 4, 4), (2, 8, 8))


def test_maps_are_divided_by_their_own_maximum_and_hopeless_ones_are_zero() -> None:
    maps = torch.tensor([[[2.0, -4.0]], [[-1.0, -2.0]], [[0.0, 0.0]]])
    assert over_maximum(maps).tolist() == [[[1.0, -2.0]], [[0.0, 0.0]], [[0.0, 0.0]]]
