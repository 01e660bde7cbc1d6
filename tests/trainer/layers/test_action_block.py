"""The action part's features by brute force, and its sizes."""

import pytest
import torch

from trainer.layers.action_block import ActionBlock, _halve, appearance_features, max_plus_min


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


def padded(clip: torch.Tensor, frames: int, joints: int) -> torch.Tensor:
    """A clip (C, T, J) amid zeros, such that it has so many frames and joints; the odd one stands behind it."""
    made = torch.zeros(clip.shape[0], frames, joints)
    top, left = (frames - clip.shape[1]) // 2, (joints - clip.shape[2]) // 2
    made[:, top : top + clip.shape[1], left : left + clip.shape[2]] = clip
    return made


@pytest.mark.parametrize(
    ("frames", "joints", "all_frames", "all_joints", "stride"),
    [(8, 16, 8, 16, 1), (7, 13, 8, 16, 1), (1, 4, 2, 4, 1), (15, 8, 16, 8, 1), (16, 13, 16, 16, 2), (18, 8, 20, 8, 2)],
)
def test_pooling_is_the_authors(frames: int, joints: int, all_frames: int, all_joints: int, stride: int) -> None:
    """2×2 maxima by brute force: of clips under 16 frames with a stride of (1, 2), of others with (2, 2)."""
    clip = torch.randn(3, frames, joints, generator=torch.Generator().manual_seed(frames))
    whole = padded(clip, all_frames, all_joints)
    found = _halve(clip[None])[0]
    assert found.shape == (3, all_frames // stride, all_joints // 2)
    for row in range(found.shape[1]):
        for column in range(found.shape[2]):
            window = whole[:, stride * row : stride * row + 2, 2 * column : 2 * column + 2]  # ends with the clip
            assert torch.equal(found[:, row, column], window.amax((1, 2)))


def test_channels_that_cannot_be_shared_are_refused() -> None:
    with pytest.raises(ValueError, match="clip_channels is 20"):
        ActionBlock(2, 6, 20, 3, injected=False)
