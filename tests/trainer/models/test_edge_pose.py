"""Soft-argmax and its window, and a network of any size."""

import pytest
import torch
from torch import nn

from trainer.inputs.crop_size import InputSize
from trainer.models.edge_pose import (
    LOGIT_SCALE,
    MAP_STRIDE,
    PEAK_RADIUS,
    EdgePose,
    peak_soft_argmax,
    room_to_border,
    start_from_wider,
)
from trainer.models.lite_hrnet import ShuffleUnit
from trainer.models.slim_hrnet import PUBLISHED, SLIM


def test_the_expectation_of_one_cell_is_its_centre() -> None:
    logits = torch.full((1, 1, 40, 32), -40.0)
    logits[0, 0, 3, 2] = 0.0
    joints, rise, _ = peak_soft_argmax(logits)
    assert joints[0, 0].tolist() == pytest.approx([2.5 * MAP_STRIDE - 0.5, 3.5 * MAP_STRIDE - 0.5], abs=1e-4)
    assert rise.item() == pytest.approx(40 * (1 - 1 / (40 * 32)) / LOGIT_SCALE, abs=1e-5)


def test_the_expectation_of_two_cells_lies_between() -> None:
    logits = torch.full((1, 1, 40, 32), -40.0)
    logits[0, 0, 1, 2], logits[0, 0, 1, 6] = torch.log(torch.tensor([0.75, 0.25]))
    joints, _, _ = peak_soft_argmax(logits)
    assert joints[0, 0].tolist() == pytest.approx([3.5 * MAP_STRIDE - 0.5, 1.5 * MAP_STRIDE - 0.5], abs=1e-4)


def test_the_window_ends_where_it_says() -> None:
    logits = torch.full((1, 1, 24, 24), -40.0)
    logits[0, 0, 10, 8] = 1.0
    near = logits.clone()
    near[0, 0, 10, 8 + PEAK_RADIUS], logits[0, 0, 10, 9 + PEAK_RADIUS] = 0.0, 0.0
    place = 8 + PEAK_RADIUS * torch.sigmoid(torch.tensor(-1.0)).item()
    assert peak_soft_argmax(near)[0][0, 0, 0].item() == pytest.approx((place + 0.5) * MAP_STRIDE - 0.5, abs=1e-3)
    assert peak_soft_argmax(logits)[0][0, 0, 0].item() == pytest.approx(8.5 * MAP_STRIDE - 0.5, abs=1e-3)


def test_a_second_person_does_not_pull_the_joint_away() -> None:
    logits = torch.full((1, 1, 48, 36), -20.0)
    logits[0, 0, 10, 8], logits[0, 0, 40, 30] = 2.0, 1.0
    joints, _, maps = peak_soft_argmax(logits)
    assert joints[0, 0].tolist() == pytest.approx([8.5 * MAP_STRIDE - 0.5, 10.5 * MAP_STRIDE - 0.5], abs=1e-3)
    assert float(maps.sum()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("slim", [False, True])
def test_every_parameter_learns(slim: bool) -> None:
    torch.manual_seed(0)
    size = InputSize(height=96, width=64)
    model = EdgePose(size, slim=SLIM if slim else None).train()
    logits = model(torch.randn(2, 3, size.height, size.width))
    assert logits.shape == (2, 21, size.height // MAP_STRIDE, size.width // MAP_STRIDE)
    (logits * torch.randn_like(logits)).sum().backward()
    # A branch that nothing reads would have no gradient.
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    assert without == []


def test_the_nearest_border_counts() -> None:
    size = InputSize(height=100, width=50)
    joints = torch.tensor([[[25.0, 50.0], [5.0, 50.0], [25.0, 95.0], [60.0, 50.0]]])
    assert room_to_border(joints, size)[0].tolist() == pytest.approx([0.5, 0.1, 0.05, -0.2])


def test_a_slim_network_starts_from_what_a_wider_one_sees() -> None:
    """Its maps are closer to the wider network's than those of a network that starts from nothing."""
    torch.manual_seed(0)
    size = InputSize(height=96, width=64)
    wider, slim, fresh = EdgePose(size).eval(), EdgePose(size, slim=SLIM).eval(), EdgePose(size, slim=SLIM).eval()
    images = torch.randn(2, 3, size.height, size.width)
    with torch.no_grad():
        wanted = wider(images)
    start_from_wider(slim, wider, lambda network: ((network(images) ** 2).mean() for _ in range(2)))
    with torch.no_grad():
        assert (slim(images) - wanted).abs().mean() < 0.7 * (fresh(images) - wanted).abs().mean()


def test_a_slim_network_is_the_wider_one_where_only_worthless_channels_were_removed() -> None:
    """Channels in the middle of units, as many as the slim network has less, are cut off: it gives the same maps."""
    torch.manual_seed(0)
    size = InputSize(height=64, width=32)
    wider, slim = EdgePose(size).eval(), EdgePose(size, slim=SLIM).eval()
    # The slim network lacks paths of its last module, which here say nothing either.
    for name, layer in wider.backbone.stages[-1][-1].paths.items():
        if "0" not in name.split("<"):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)
    for module in wider.modules():
        if isinstance(module, ShuffleUnit):
            narrow, middle, _ = module.mix
            fewer = SLIM.hidden[PUBLISHED.hidden.index(narrow.out_channels)]
            with torch.no_grad():
                for layer in (narrow, middle):
                    layer.weight[fewer:] = 0
                    layer.bias[fewer:] = 0
                # Channels that these few pixels do not excite are worth nothing either; they shall say nothing.
                middle.bias.zero_()
    images = torch.randn(2, 3, size.height, size.width)
    start_from_wider(slim, wider, lambda network: ((network(images) ** 2).mean() for _ in range(2)))
    with torch.no_grad():
        assert torch.allclose(slim(images), wider(images), atol=1e-5)
