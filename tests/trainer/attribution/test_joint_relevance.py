"""Relevance of joints against finite differences, without the gradient that it is computed by."""

import torch

from trainer.attribution.joint_relevance import joint_relevance
from trainer.models.edge_action import ClipNetwork, EdgeAction


def test_relevance_is_what_a_joints_displacement_adds_to_the_logit_to_first_order() -> None:
    torch.manual_seed(0)
    network = ClipNetwork(EdgeAction(5).double(), temperature=1.3).eval()
    generator = torch.Generator().manual_seed(1)
    place = (
        200
        + 60 * torch.randn(1, 1, 21, 2, generator=generator)
        + torch.randn(1, 32, 21, 2, generator=generator).cumsum(1) * 3
    )
    clip = torch.cat([place, 0.3 + 0.7 * torch.rand(1, 32, 21, 1, generator=generator)], -1).double()
    relevance = joint_relevance(network, clip.clone().requires_grad_(True))
    assert relevance.shape == (1, 32, 21)
    with torch.no_grad():
        best = int(network.logits(clip).argmax())
        displacement = clip[..., :2] - clip[..., :2].mean((1, 2), keepdim=True)
        found = []
        for frame, joint in ((20, 9), (3, 4), (11, 12), (30, 0), (15, 7), (8, 16)):
            step = torch.zeros_like(clip)
            step[0, frame, joint, :2] = 1e-6 * displacement[0, frame, joint]
            slope = (network.logits(clip + step)[0, best] - network.logits(clip - step)[0, best]) / 2e-6
            assert torch.allclose(relevance[0, frame, joint], slope.clamp_min(0), rtol=1e-3, atol=1e-9)
            found.append(float(slope))
    assert min(found) < 0 < max(found)  # what speaks against the action is cut off
