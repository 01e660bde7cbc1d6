"""What the action network must not depend on, and what it must."""

import numpy as np
import torch

from trainer.inputs.action_clip import COMMON_MIRROR, spread_common
from trainer.models.edge_action import ClipNetwork, EdgeAction, normalise


def clip(seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    place = np.cumsum(rng.normal(0, 2, (2, 32, 13, 2)), 1) + rng.normal(0, 60, (2, 1, 13, 2)) + 200
    return torch.from_numpy(np.concatenate([place, rng.uniform(0.5, 1, (2, 32, 13, 1))], -1).astype(np.float32))


def test_place_and_size_of_the_person_do_not_matter() -> None:
    joints = clip()
    moved = joints.clone()
    moved[..., :2] = joints[..., :2] * 3.7 + torch.tensor([-500.0, 900.0])
    assert torch.allclose(normalise(joints), normalise(moved), atol=1e-3)


def test_a_joint_that_was_not_seen_has_no_influence() -> None:
    joints = clip()
    joints[:, :, 5, 2] = 0
    moved = joints.clone()
    moved[:, :, 5, :2] += 1000
    assert torch.allclose(normalise(joints), normalise(moved))


def test_movement_matters() -> None:
    joints = clip()
    still = joints[:, :1].expand(-1, 32, -1, -1).clone()
    still[..., 2] = joints[..., 2]
    assert not torch.allclose(normalise(joints), normalise(still), atol=0.1)


def test_nobody_at_all_gives_finite_scores() -> None:
    network = ClipNetwork(EdgeAction(5).eval(), temperature=1.0)
    assert torch.isfinite(network(torch.zeros(2, 32, 21, 3))).all()


def test_probabilities_and_temperature() -> None:
    torch.manual_seed(0)
    network = EdgeAction(5).eval()
    features = torch.from_numpy(spread_common(clip().numpy()))
    sharp, soft = ClipNetwork(network, temperature=0.5)(features), ClipNetwork(network, temperature=5.0)(features)
    assert torch.allclose(sharp.sum(1), torch.ones(2), atol=1e-5)
    assert (sharp.max(1).values > soft.max(1).values).all()
    assert torch.equal(sharp.argmax(1), soft.argmax(1))


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    model = EdgeAction(5).train()
    logits = model(clip())
    (logits * torch.randn_like(logits)).sum().backward()
    assert [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ] == []


def test_a_clip_is_judged_together_with_its_mirror_image() -> None:
    torch.manual_seed(0)
    plain, both = EdgeAction(5).eval(), EdgeAction(5, mirror=COMMON_MIRROR).eval()
    both.load_state_dict(plain.state_dict())
    joints = clip()
    mirrored = joints[:, :, COMMON_MIRROR] * torch.tensor([-1.0, 1.0, 1.0])
    logits, wanted = both(joints), (plain(joints) + plain(mirrored)) / 2
    assert torch.allclose(logits, wanted, atol=1e-5)
    assert torch.allclose(both(mirrored), logits, atol=1e-5)
    assert not torch.allclose(plain(mirrored), plain(joints), atol=1e-2)


def test_while_it_learns_each_clip_stands_for_itself() -> None:
    torch.manual_seed(0)
    plain, both = EdgeAction(5, dropout=0).train(), EdgeAction(5, dropout=0, mirror=COMMON_MIRROR).train()
    both.load_state_dict(plain.state_dict())
    for network in (plain, both):
        for block in network.blocks:
            block.dropout.p = 0.0
    assert torch.equal(plain(clip()), both(clip()))
