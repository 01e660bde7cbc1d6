"""Heat maps and masks at the places where they belong."""

import math

import pytest
import torch

from trainer.targets import box_masks, gaussian_maps, joints_boxes


def test_a_joint_on_a_cells_centre_has_its_peak_there() -> None:
    # Cells of 4 pixels: cell 3 has its centre at 3.5·4 − ½ = 13.5 pixels.
    maps = gaussian_maps(torch.tensor([[[13.5, 5.5], [-1.0, -1.0]]]), height=6, width=8, stride=4, sigma=2.0)
    assert maps.shape == (1, 2, 6, 8)
    assert maps[0, 0].argmax().item() == 1 * 8 + 3
    assert maps[0, 0, 1, 3].item() == 1.0
    assert maps[0, 0, 1, 5].item() == pytest.approx(math.exp(-4 / 8))
    assert maps[0, 0, 2, 4].item() == pytest.approx(math.exp(-2 / 8))
    assert maps[0, 1].abs().sum().item() == 0


def test_a_mask_holds_the_cells_whose_centres_lie_in_the_box() -> None:
    # Centres at 1.5, 5.5, 9.5, 13.5 pixels.
    mask = box_masks(torch.tensor([[5.0, 1.5, 9.5, 6.0]]), height=3, width=4, stride=4)
    assert mask.tolist() == [[[[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]]]


def test_the_box_of_joints_grows_by_half() -> None:
    joints = torch.tensor([[[10.0, 20.0], [30.0, 60.0], [-1.0, -1.0]], [[-1.0, -1.0]] * 3])
    boxes = joints_boxes(joints)
    assert boxes[0].tolist() == [5.0, 10.0, 35.0, 70.0]  # 20×40 → 30×60
    assert torch.isnan(boxes[1]).all()
    assert box_masks(boxes, height=2, width=2, stride=40)[1].sum() == 0


def test_targets_are_on_the_device_of_what_they_are_made_of() -> None:
    """On the meta device, which stands for any that is not the processor's memory."""
    joints, boxes = torch.zeros(2, 3, 2, device="meta"), torch.zeros(2, 4, device="meta")
    made = (
        gaussian_maps(joints, height=4, width=6, stride=4),
        box_masks(boxes, height=4, width=6, stride=4),
        joints_boxes(joints),
    )
    assert {target.device.type for target in made} == {"meta"}
