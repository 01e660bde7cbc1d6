"""Coordinates, depth and confidence of maps whose answer is known (paper E, eq. 6 to 9)."""

import math

import pytest
import torch

from trainer.layers.soft_argmax import expected_depth, joint_confidence, soft_argmax, spatial_softmax


def test_softmax_over_space_sums_to_one() -> None:
    logits = torch.randn(2, 3, 4, 5)
    maps = spatial_softmax(logits)
    assert torch.allclose(maps.sum((2, 3)), torch.ones(2, 3))
    by_hand = math.exp(logits[1, 2, 0, 3]) / sum(math.exp(v) for v in logits[1, 2].flatten())
    assert maps[1, 2, 0, 3].item() == pytest.approx(by_hand, rel=1e-5)


def test_a_delta_is_where_it_is() -> None:
    maps = torch.zeros(1, 1, 4, 8)
    maps[0, 0, 1, 6] = 1.0
    assert soft_argmax(maps)[0, 0].tolist() == pytest.approx([6.5 / 8, 1.5 / 4])
    assert joint_confidence(maps).item() == 1.0


def test_two_peaks_give_the_place_between_them() -> None:
    maps = torch.zeros(1, 1, 4, 8)
    maps[0, 0, 0, 1], maps[0, 0, 2, 5] = 0.75, 0.25
    assert soft_argmax(maps)[0, 0].tolist() == pytest.approx(
        [(0.75 * 1.5 + 0.25 * 5.5) / 8, (0.75 * 0.5 + 0.25 * 2.5) / 4]
    )
    assert joint_confidence(maps).item() == 0.75


def test_a_flat_map_is_in_the_middle_at_any_resolution_and_not_confident() -> None:
    for size in (2, 5, 16):
        maps = spatial_softmax(torch.zeros(1, 1, size, size))
        assert soft_argmax(maps)[0, 0].tolist() == pytest.approx([0.5, 0.5])
        assert joint_confidence(maps).item() == pytest.approx(1 / size**2)


def test_the_depth_of_an_even_map_is_that_depth_wherever_the_joint_may_be() -> None:
    maps, depth = spatial_softmax(torch.randn(2, 3, 4, 5)), torch.tensor([0.1, 0.5, 0.8])
    found = expected_depth(maps, depth[None, :, None, None].expand(2, 3, 4, 5))
    assert torch.allclose(found, depth.expand(2, 3))


def test_depth_is_weighted_by_the_joints_map() -> None:
    maps, depth = torch.zeros(1, 1, 2, 2), torch.tensor([[[[0.2, 0.9], [0.6, 0.1]]]])
    maps[0, 0, 0, 0], maps[0, 0, 1, 0] = 0.25, 0.75
    assert expected_depth(maps, depth).item() == pytest.approx(0.25 * 0.2 + 0.75 * 0.6)
