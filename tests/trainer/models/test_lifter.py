"""What the lifter must not depend on, what it promises of bones, and how much it costs."""

import numpy as np
import torch

from edgeact.skeleton import BODY_21
from tests.trainer.data.lifting.walkers import exact_bank, walker
from trainer.data.lifting.motions import join_clips
from trainer.data.lifting.views import USUAL, LiftingViews
from trainer.inputs.body_tree import LENGTH_OF_BONE, bones_of
from trainer.inputs.lifter_clip import CLIP_LENGTH
from trainer.models.lifter import Lifter


def poses() -> torch.Tensor:
    return LiftingViews(join_clips([walker()], {"studio": 1.0}), exact_bank()).draw(6, 0, USUAL, noise=False).poses


def lifter() -> Lifter:
    torch.manual_seed(0)
    return Lifter().eval()


def test_place_and_size_of_the_person_do_not_matter() -> None:
    seen = poses()
    moved = seen.clone()
    moved[..., :2] = seen[..., :2] * 0.3 + torch.tensor([-200.0, 700.0])
    network = lifter()
    assert torch.allclose(network(seen), network(moved), atol=1e-3)


def test_a_joint_that_was_not_seen_has_no_influence() -> None:
    seen = poses()
    seen[:, :, 3, 2] = 0
    moved = seen.clone()
    moved[:, :, 3, :2] += 500
    network = lifter()
    assert torch.allclose(network(seen), network(moved), atol=1e-5)


def test_both_sides_are_as_long_and_the_pelvis_is_the_origin() -> None:
    found = lifter()(poses())
    assert found.shape == (6, 21, 3)
    assert torch.equal(found[:, BODY_21.index("pelvis")], torch.zeros(6, 3))
    lengths = bones_of(found).norm(dim=-1)
    for group in set(LENGTH_OF_BONE):
        same = lengths[:, [bone for bone, other in enumerate(LENGTH_OF_BONE) if other == group]]
        assert torch.allclose(same, same[:, :1].expand_as(same), atol=1e-4)


def test_nobody_at_all_gives_finite_joints() -> None:
    assert torch.isfinite(lifter()(torch.zeros(2, CLIP_LENGTH, 21, 3))).all()


def test_a_step_costs_the_same_however_long_the_track_is_and_it_is_small() -> None:
    """The clip has a fixed length, so that the cost is flat; a million weights are read once a step."""
    weights = sum(parameter.numel() for parameter in Lifter().parameters())
    assert 300_000 < weights < 1_200_000


def test_rows_of_a_batch_do_not_touch_each_other() -> None:
    network, seen = lifter(), poses()
    together = network(seen)
    alone = torch.cat([network(seen[row : row + 1]) for row in range(len(seen))])
    assert np.allclose(together.detach(), alone.detach(), atol=1e-5)
