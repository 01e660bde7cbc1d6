"""The explain graph is the gradient, without autograd."""

from pathlib import Path

import onnxruntime
import torch
from torch import nn

from deploy.explain import explain_graph, joint_relevance, trace_gradient
from deploy.export import check_parity, export_onnx
from deploy.package import round_weights
from tests.deploy.networks import random_networks, random_samples
from trainer.attribution.cam3d import sum_cam3d
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


class Convolutions(nn.Module):
    """Two 3D convolutions with batch normalisation and pooling between them, whose layers' outputs come with the scores."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.norm = nn.Conv3d(3, 4, 3, stride=(1, 2, 2), padding=1), nn.BatchNorm3d(4)
        self.pool = nn.MaxPool3d(3, 2, 1)
        self.second, self.classifier = nn.Conv3d(4, 6, 3, padding=1), nn.Linear(6, 3)

    def forward(self, clip: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        first = torch.relu(self.norm(self.first(clip)))
        second = torch.relu(self.second(self.pool(first)))
        return {"first": first, "second": second}, self.classifier(second.mean((2, 3, 4)))


def test_3dcam_is_traced_with_its_gradients_and_exported(tmp_path: Path) -> None:
    network = round_weights(Convolutions().eval().requires_grad_(False))
    clip = torch.randn(1, 3, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    graph = trace_gradient(lambda inputs: sum_cam3d(network, inputs, label=1), clip)
    export_onnx(graph, clip, tmp_path / "cam.onnx", input_name="clip", output_names=["map"], dynamic_batch=False)
    other = torch.randn(1, 3, 4, 16, 16, generator=torch.Generator().manual_seed(2))
    session = onnxruntime.InferenceSession((tmp_path / "cam.onnx").read_bytes())
    (found,) = session.run(None, {"clip": other.numpy()})
    expected = sum_cam3d(network, other, label=1)
    assert expected.max() > 0
    assert abs(found - expected.numpy()).max() < 1e-5  # measured: 1e-6
