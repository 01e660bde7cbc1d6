"""The explain graph is the gradient, without autograd."""

from pathlib import Path

import torch

from deploy.explain import explain_graph, joint_relevance
from deploy.export import check_parity, export_onnx
from deploy.package import round_weights
from tests.deploy.networks import random_networks, random_samples
from trainer.models.edge_action import ClipNetwork


def test_the_graph_gives_what_autograd_gives(tmp_path: Path) -> None:
    network = random_networks().action
    assert network is not None
    clip_network = ClipNetwork(round_weights(network), temperature=1.3).eval()
    clips = random_samples().clips
    graph = explain_graph(clip_network, clips[:1])
    path = tmp_path / "explain.onnx"
    export_onnx(graph, clips[:1], path, input_name="features", output_names=["relevance"], dynamic_batch=False)
    (parity,) = check_parity(graph, path, list(clips.split(1)), output_names=["relevance"])
    for clip in clips.split(1):
        wanted = joint_relevance(clip_network, clip.clone().requires_grad_(True)).detach()
        assert torch.allclose(graph(clip), wanted, atol=1e-5 * float(wanted.max()))
        assert (wanted >= 0).all()
        assert wanted.any()
    assert parity.largest < 1e-4  # measured: 2e-6; the largest relevance is 6e-3


def test_relevance_is_the_change_of_the_logit_to_first_order() -> None:
    """Finite differences are the reference for the gradient."""
    network = random_networks().action
    assert network is not None
    clip_network = ClipNetwork(network.double(), temperature=1.0).eval()
    clip = random_samples().clips[:1].double()
    best = int(clip_network.logits(clip).argmax())
    features = clip.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(clip_network.logits(features)[0, best], features)
    step = torch.zeros_like(clip)
    step[0, 20, 9, 0] = 1e-4
    slope = (clip_network.logits(clip + step)[0, best] - clip_network.logits(clip - step)[0, best]) / 2e-4
    assert torch.allclose(slope, gradient[0, 20, 9, 0], rtol=1e-3, atol=1e-8)
