"""The action part's features by brute force, and its sizes."""

import pytest
import torch

from trainer.layers.action_block import ActionBlock, appearance_features, max_plus_min


def test_appearance_features_by_brute_force() -> None:
    """Outer product of joint maps and features, the cells summed up (section 3.3.2)."""
    maps, features = torch.rand(2, 3, 4, 5), torch.randn(2, 6, 4, 5)
    found = appearance_features(maps, features)
    assert found.shape == (2, 3, 6)
    for sample in range(2):
        for joint in range(3):
            for channel in range(6):
                total = sum(
                    maps[sample, joint, r, c].item() * features[sample, channel, r, c].item()
                    for r in range(4)
                    for c in range(5)
                )
                assert found[sample, joint, channel].item() == pytest.approx(total, abs=1e-4)


def test_maximum_plus_minimum() -> None:
    assert max_plus_min(torch.tensor([[[[3.0, -5.0], [1.0, 0.0]], [[-1.0, -2.0], [-3.0, -4.0]]]])).tolist() == [
        [-2.0, -5.0]
    ]


@pytest.mark.parametrize(
    ("frames", "joints", "clip"),
    [(16, 16, (8, 8)), (16, 13, (8, 8)), (8, 20, (8, 10)), (18, 5, (10, 4)), (7, 5, (8, 4)), (1, 4, (2, 2))],
)
def test_clips_of_any_length_and_any_number_of_joints(frames: int, joints: int, clip: tuple[int, int]) -> None:
    block = ActionBlock(2, 6, 16, 3, injected=False).eval()
    actions, y = block(torch.rand(2, 2, frames, joints), torch.rand(2, 6, frames, joints), None)
    assert actions.shape == (2, 3)
    assert y.shape == (2, 16, *clip)
    again = ActionBlock(2, 6, 16, 3, injected=True).eval()
    assert again(torch.rand(2, 2, frames, joints), torch.rand(2, 6, frames, joints), y)[1].shape == y.shape


def test_channels_that_cannot_be_shared_are_refused() -> None:
    with pytest.raises(ValueError, match="clip_channels is 20"):
        ActionBlock(2, 6, 20, 3, injected=False)
