"""What the maps are taught: a peak where a joint is, nothing where nobody saw it, and less by who was unsure."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.models.edge_pose import LOGIT_SCALE, MAP_STRIDE, peak_soft_argmax
from trainer.pose_losses import (
    IMITATION,
    LOSS,
    agrees_with_labels,
    pose_loss,
    target_maps,
)

HEIGHT, WIDTH = 40, 32


def joint(x: float, y: float, *, weight: float = 1.0, score: float = 0.9) -> torch.Tensor:
    return torch.tensor([[[x, y, weight, score]]])


def logits_for(x: float, y: float) -> torch.Tensor:
    """A network's logits that are the target's of a joint there: `LOGIT_SCALE` times a heat map."""
    return torch.log(target_maps(joint(x, y), height=HEIGHT, width=WIDTH).clamp_min(1e-12))


@given(st.floats(-40, 170), st.floats(-40, 200), st.floats(0, 1))
def test_a_target_is_a_distribution_whatever_is_asked(x: float, y: float, score: float) -> None:
    maps = target_maps(joint(x, y, score=score), height=HEIGHT, width=WIDTH)
    assert maps.shape == (1, 1, HEIGHT, WIDTH)
    assert (maps >= 0).all()
    assert maps.sum().item() == pytest.approx(1.0, abs=1e-4)


@given(st.floats(20, 107), st.floats(20, 139))
def test_a_target_peaks_at_the_joint(x: float, y: float) -> None:
    maps = target_maps(joint(x, y), height=HEIGHT, width=WIDTH)
    row, column = divmod(int(maps.argmax()), WIDTH)
    assert abs((column + 0.5) * MAP_STRIDE - 0.5 - x) <= MAP_STRIDE / 2 + 1e-3
    assert abs((row + 0.5) * MAP_STRIDE - 0.5 - y) <= MAP_STRIDE / 2 + 1e-3
    # What decodes a network's maps finds the joint in the target: nothing is off by half a cell.
    found, _, _ = peak_soft_argmax(torch.log(maps))
    assert found[0, 0].tolist() == pytest.approx([x, y], abs=0.6)
    if abs((x + 0.5) / MAP_STRIDE % 1 - 0.5) < 0.01 and abs((y + 0.5) / MAP_STRIDE % 1 - 0.5) < 0.01:
        assert maps.max() / maps.min() == pytest.approx(torch.tensor(LOGIT_SCALE * LOSS.peak).exp().item(), rel=0.05)


def test_the_map_of_a_joint_that_nobody_saw_is_flat() -> None:
    unseen = target_maps(joint(60, 80, score=LOSS.unseen_score / 2), height=HEIGHT, width=WIDTH)
    assert torch.allclose(unseen, torch.full_like(unseen, 1 / (HEIGHT * WIDTH)))
    seen = target_maps(joint(60, 80, score=LOSS.unseen_score), height=HEIGHT, width=WIDTH)
    assert seen.max() > 10 * seen.mean()


@pytest.mark.parametrize(("x", "y"), [(60.3, 81.2), (8.0, 150.0)])
def test_the_loss_is_least_at_the_label(x: float, y: float) -> None:
    label = joint(x, y)
    there = pose_loss(logits_for(x, y), label).item()
    assert there == pytest.approx(0.0, abs=1e-5)
    steps = ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5))
    assert all(pose_loss(logits_for(x + dx, y + dy), label).item() > there + 1e-4 for dx, dy in steps)
    further = [pose_loss(logits_for(x + away, y), label).item() for away in (0, 2, 8, 30)]
    assert further == sorted(further)


def test_a_sure_map_costs_where_nobody_saw_the_joint_and_a_flat_one_does_not() -> None:
    label = joint(60, 80, score=0.0)
    assert pose_loss(torch.zeros(1, 1, HEIGHT, WIDTH), label).item() == pytest.approx(0.0, abs=1e-6)
    assert pose_loss(logits_for(60, 80), label).item() > 0.05


def test_joints_that_a_teacher_was_unsure_of_weigh_less() -> None:
    logits = torch.zeros(1, 2, HEIGHT, WIDTH, requires_grad=True)
    joints = torch.cat([joint(60, 80, score=0.8), joint(60, 80, score=0.2)], 1)
    pose_loss(logits, joints).backward()
    assert logits.grad is not None
    sure, unsure = logits.grad[0].abs().sum((1, 2)).tolist()
    assert sure / unsure == pytest.approx(4.0, rel=1e-3)  # both are taught the same map


def test_unlabelled_joints_do_not_count() -> None:
    logits = torch.randn(2, 3, HEIGHT, WIDTH, requires_grad=True)
    joints = joint(30, 40).repeat(2, 3, 1)
    joints[:, 1, 2] = 0
    pose_loss(logits, joints).backward()
    assert logits.grad is not None
    assert not logits.grad[:, 1].any()
    assert logits.grad[:, 0].any()


def test_nobody_labelled_gives_zero_not_nan() -> None:
    assert pose_loss(torch.randn(2, 3, HEIGHT, WIDTH), torch.zeros(2, 3, 4)).item() == 0.0


@pytest.mark.parametrize("scale", [1, 2])
def test_who_contradicts_a_sure_label_sees_it_wrong(scale: int) -> None:
    """Also a network that looked at the same crop twice as large."""
    height = MAP_STRIDE * HEIGHT
    moved = IMITATION.largest_error * height
    maps = logits_for(60, 80).repeat_interleave(scale, 2).repeat_interleave(scale, 3)

    def seen(x: float, *, weight: float = 1.0, score: float = 0.9) -> bool:
        return bool(agrees_with_labels(maps, joint(x, 80, weight=weight, score=score), height=height).item())

    assert seen(60)
    assert seen(60 + 0.7 * moved)
    assert not seen(60 + 1.4 * moved)
    assert seen(60 + 1.4 * moved, weight=0.0)  # nobody named it
    assert seen(60 + 1.4 * moved, score=IMITATION.sure_score - 0.01)
