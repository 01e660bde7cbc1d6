"""Pictures of paper A's streams: the parts are where the joints are, and attention lies on sure joints."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from edgeact.bundle.load import load_bundle
from edgeact.skeleton import MPII_16
from trainer.data.labelled_samples import LabelledSample
from trainer.layers.pixels import SIGNED_UNIT
from trainer.precomputed.stream_features import attention_of, stream_features, stream_pictures

BOX = np.array([20, 20, 180, 180], np.float32)


def some_joints() -> np.ndarray:
    joints = np.full((16, 2), 100, np.float32)
    joints[MPII_16.index("upper_neck")], joints[MPII_16.index("head_top")] = (100, 50), (100, 30)
    joints[MPII_16.index("right_wrist")], joints[MPII_16.index("left_wrist")] = (40, 120), (160, 120)
    joints[MPII_16.index("left_ankle")] = (100, 150)
    return joints


def test_parts_are_cut_around_head_and_wrists() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    for colour, (x, y) in enumerate([(100, 40), (40, 120), (160, 120)]):
        image[y - 4 : y + 5, x - 4 : x + 5, colour] = 255
    pictures = stream_pictures(image, BOX, some_joints(), side=32)
    assert pictures.shape == (4, 32, 32, 3)
    for colour, part in enumerate(pictures[1:]):
        assert part[14:18, 14:18, colour].min() > 100  # in the middle of its own picture
        assert part[:4].max() == 0


def test_attention_lies_on_joints_that_are_sure() -> None:
    joints, confidence = some_joints(), np.zeros(16, np.float32)
    confidence[MPII_16.index("right_wrist")] = 0.9
    heat = attention_of(BOX, joints, confidence, side=64, least=0.3)
    # The box grown by a quarter is 200 wide, from 0 on: the wrist lies at 40/200 and 120/200.
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert row == pytest.approx(0.6 * 64, abs=3)
    assert column == pytest.approx(0.2 * 64, abs=3)
    assert heat.max() == pytest.approx(1, abs=0.1)
    assert attention_of(BOX, joints, np.zeros(16), side=64, least=0.3).max() == 0


class _Mean(nn.Module):
    """A backbone that says the pictures' own colours, and counts its calls."""

    pixel_range = SIGNED_UNIT

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return images


def test_features_of_all_views_are_computed_once(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((200, 200, 3), (0, 0, 255), np.uint8))
    samples = [LabelledSample(tmp_path / "a.png", "train", label, BOX) for label in (0, 1)]
    backbone = _Mean()
    for _ in range(2):
        found = stream_features(backbone, samples, load_bundle(None), 32, tmp_path / "kept", progress=lambda i, _: i)
        assert found.shape == (2, 5, 3)
        assert found[:, 0] == pytest.approx(np.array([[1, -1, -1]] * 2), abs=0.02)  # the person, red
    assert backbone.calls == 2  # one an action
