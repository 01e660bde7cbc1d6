"""Bones hang on each other, bodies differ, and limbs that change places keep their posture."""

import numpy as np
import torch

from edgeact.skeleton import BODY_21
from tests.trainer.data.lifting.walkers import standing
from trainer.data.lifting.body import pose_limbs, random_lengths, rotation, swap_limbs, turn_limbs, with_lengths
from trainer.inputs.body_tree import CHILDREN, HEIGHT, bones_of, joints_of

BODY = torch.from_numpy(standing())[None, None]
LEGS = [CHILDREN.index(BODY_21.index(f"{side}_{part}")) for side in ("left", "right") for part in ("knee", "ankle")]


def seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_joints_come_back_from_their_bones() -> None:
    rooted = BODY - BODY[..., [BODY_21.index("pelvis")], :]
    assert torch.allclose(joints_of(bones_of(BODY)), rooted, atol=1e-6)


def test_bodies_are_as_tall_as_people_and_both_sides_alike() -> None:
    lengths = random_lengths(500, seed(0))
    body = joints_of(with_lengths(bones_of(BODY).expand(500, 1, -1, -1), lengths))[:, 0]
    tall = body[..., 1].amax(1) - body[..., 1].amin(1)
    assert HEIGHT[0] * 0.85 < float(tall.min()) < float(tall.max()) < HEIGHT[1] * 1.15
    assert float(tall.max() - tall.min()) > 0.3
    left, right = (
        body[:, BODY_21.index(f"{side}_knee")] - body[:, BODY_21.index(f"{side}_hip")] for side in ("left", "right")
    )
    assert torch.allclose(left.norm(dim=-1), right.norm(dim=-1), atol=1e-5)


def test_limbs_that_change_places_hang_on_the_new_body_as_on_their_own() -> None:
    """Somebody else's bent knees, taken by a body that faces another way, bend that body's way."""
    bent = standing()
    for side in ("left", "right"):
        bent[BODY_21.index(f"{side}_knee"), 2] += 0.3
    other = bones_of(torch.from_numpy(bent)[None, None])
    turn = rotation(torch.tensor([0.0, 2.0, 0.0]))
    own = torch.einsum("ij,ntbj->ntbi", turn, bones_of(BODY))
    yes, no = torch.tensor([True]), torch.tensor([False])
    mixed = swap_limbs(own, other, arms=no, legs=yes)
    wanted = torch.einsum("ij,ntbj->ntbi", turn, other)
    assert torch.allclose(mixed[..., LEGS, :], wanted[..., LEGS, :], atol=1e-5)
    rest = [bone for bone in range(20) if bone not in LEGS]
    assert torch.equal(mixed[..., rest, :], own[..., rest, :])


def test_posed_knees_never_bend_forward() -> None:
    bones = bones_of(BODY).expand(300, 9, -1, -1)
    posed = pose_limbs(bones, seed(1), arms=torch.zeros(300, dtype=torch.bool), legs=torch.ones(300, dtype=torch.bool))
    joints = joints_of(posed)
    forward = torch.tensor([0.0, 0.0, 1.0])
    for side in ("left", "right"):
        hip, knee, ankle = (joints[:, :, BODY_21.index(f"{side}_{part}")] for part in ("hip", "knee", "ankle"))
        thigh, shin = knee - hip, ankle - knee
        # Seen from the side, the shin goes on from the thigh towards the back.
        ahead = torch.linalg.cross(torch.tensor([1.0, 0.0, 0.0]).expand_as(thigh), thigh)
        assert float(((shin * ahead).sum(-1) / thigh.norm(dim=-1) / shin.norm(dim=-1)).min()) > -0.75
        assert torch.allclose(
            thigh.norm(dim=-1), bones[..., CHILDREN.index(BODY_21.index(f"{side}_knee")), :].norm(dim=-1), atol=1e-5
        )
        lifted = (thigh / thigh.norm(dim=-1, keepdim=True)) @ forward
        assert float(lifted.max()) > 0.8  # seated people are among them
    assert torch.equal(
        posed[..., [b for b in range(20) if b not in LEGS], :], bones[..., [b for b in range(20) if b not in LEGS], :]
    )


def test_small_turns_keep_lengths_and_are_proper_rotations() -> None:
    bones = bones_of(BODY).expand(50, 2, -1, -1)
    turned = turn_limbs(bones, seed(2))
    assert torch.allclose(turned.norm(dim=-1), bones.norm(dim=-1), atol=1e-5)
    assert not torch.allclose(turned, bones, atol=0.01)
    matrix = rotation(torch.randn(20, 3, generator=seed(3)) * 2)
    assert torch.allclose(torch.linalg.det(matrix), torch.ones(20), atol=1e-4)
    assert np.allclose(matrix @ matrix.transpose(1, 2), np.eye(3), atol=1e-4)
