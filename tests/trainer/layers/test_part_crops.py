"""Part crops on a skeleton and pictures whose answer is known."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from deploy.export import export_onnx
from deploy.parity import check_parity
from edgeact.perception.parts import part_crops
from edgeact.skeleton import MPII_16
from edgeact.types import Pose
from trainer.layers.part_crops import cut_squares, part_squares, part_squares_in_shares, peak_joints


def standing() -> torch.Tensor:
    """A person 300 units wide and 400 high: half of its diagonal is 250, l is 125."""
    joints = torch.zeros(1, 16, 2)
    joints[0, :, 0], joints[0, :, 1] = 300.0, 300.0
    for name, place in {
        "head_top": (300.0, 100.0),
        "upper_neck": (300.0, 160.0),
        "right_wrist": (150.0, 250.0),
        "left_wrist": (450.0, 260.0),
        "right_ankle": (280.0, 500.0),
    }.items():
        joints[0, MPII_16.index(name)] = torch.tensor(place)
    return joints


def test_squares_by_hand() -> None:
    squares = part_squares(standing())
    assert squares.tolist() == [[[175, 5, 425, 255], [25, 125, 275, 375], [325, 135, 575, 385]]]


def test_the_runtime_cuts_the_same_squares() -> None:
    joints = standing()[0].numpy()
    pose = Pose(joints=joints, confidence=np.ones(16, np.float32))
    parts = part_crops(pose, skeleton=MPII_16, threshold=0.5)
    assert [part.name for part in parts] == ["head", "right_hand", "left_hand"]
    assert np.allclose(np.stack([part.box for part in parts]), part_squares(standing())[0].numpy())


@pytest.mark.parametrize(("height", "width"), [(600, 600), (600, 1200), (1000, 500)])
def test_squares_in_shares_are_square_in_pixels(height: int, width: int) -> None:
    size = torch.tensor([width, height], dtype=torch.float32)
    squares = part_squares_in_shares(standing() / size, height=height, width=width)
    assert torch.allclose(squares * size.repeat(2), part_squares(standing()), atol=1e-3)


@pytest.mark.parametrize("shape", [(2, 15, 2), (2, 21, 2), (2, 16, 3), (16, 2)])
def test_joints_that_are_not_those_of_mpii_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"joints are {re.escape(str(shape))}; .* give \(N, 16, 2\)"):
        part_squares(torch.zeros(shape))


def test_peaks_are_shares_of_the_picture() -> None:
    maps = torch.zeros(1, 2, 4, 8)
    maps[0, 0, 1, 3] = maps[0, 1, 3, 7] = 1.0
    assert peak_joints(maps).tolist() == [[[3.5 / 8, 1.5 / 4], [7.5 / 8, 3.5 / 4]]]


def test_a_square_that_is_a_part_of_the_picture_pixel_by_pixel() -> None:
    picture = torch.arange(3 * 8 * 8, dtype=torch.float32).reshape(1, 3, 8, 8)
    squares = torch.tensor([[[0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.5, 0.5], [0.5, 0.0, 1.0, 0.5]]])
    crops = cut_squares(picture, squares, 4)
    assert crops.shape == (1, 3, 3, 4, 4)
    assert torch.allclose(crops[0, 0], picture[0, :, 4:8, 2:6])
    assert torch.allclose(crops[0, 1], picture[0, :, 0:4, 0:4])
    assert torch.allclose(crops[0, 2], picture[0, :, 0:4, 4:8])


def test_beyond_the_picture_it_is_black_and_between_pixels_bilinear() -> None:
    picture = torch.ones(1, 3, 4, 4)
    outside = cut_squares(picture, torch.tensor([[[1.0, 0.0, 2.0, 1.0]]]), 4)
    assert outside[0, 0, :, :, 1:].abs().max() == 0
    slope = torch.arange(8, dtype=torch.float32).expand(1, 3, 8, 8)
    half = cut_squares(
        slope, torch.tensor([[[0.25, 0.25, 0.75, 0.75]]]), 8
    )  # enlarged by two: centres at 1.75, 2.25, ... pixels
    assert half[0, 0, 0, 0].tolist() == pytest.approx([1.75 + 0.5 * i for i in range(8)])


def test_no_gradient_reaches_the_places() -> None:
    maps = torch.rand(2, 16, 8, 8, requires_grad=True)
    pictures = torch.rand(2, 3, 16, 16, requires_grad=True)
    crops = cut_squares(pictures, part_squares(peak_joints(maps)), 8)
    crops.sum().backward()
    assert maps.grad is None
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0


def test_the_graph_gives_what_the_layer_gives(tmp_path: Path) -> None:
    class Cropped(nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            maps = (
                nn.functional.avg_pool2d(pictures, 4).repeat(1, 6, 1, 1)[:, :16]
                + torch.arange(16)[:, None, None] * pictures[:, :1, ::4, ::4]
            )
            return cut_squares(pictures, part_squares(peak_joints(maps)), 16)

    pictures = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    export_onnx(
        Cropped(),
        pictures[:2],
        tmp_path / "crops.onnx",
        input_name="pictures",
        output_names=["crops"],
        free="N",
    )
    (found,) = check_parity(Cropped(), tmp_path / "crops.onnx", [pictures, pictures[:1]], output_names=["crops"])
    assert found.largest < 1e-4
