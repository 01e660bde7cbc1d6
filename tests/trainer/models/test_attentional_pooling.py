"""System D: pooling and pose on one backbone, export, and that it learns."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from deploy.export import check_parity, export_onnx
from deploy.package import round_weights
from tests.trainer.models.small_backbone import images, small_backbone
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, MeanPooling, RankOneAttentionalPooling, merged_attention
from trainer.models.attentional_pooling import AttentionalPoolingNetwork, pose_regularisation


def network(classes: int = 3, *, pose: bool = True) -> AttentionalPoolingNetwork:
    pooling = GeneralizedAttentionalPooling(8, classes, matrices=3, first_rank=16)
    return AttentionalPoolingNetwork(small_backbone(), 8, pooling, pose=pose, pose_width=8)


@pytest.mark.parametrize(
    "pooling", [MeanPooling(8, 3), RankOneAttentionalPooling(8, 3), GeneralizedAttentionalPooling(8, 3, first_rank=16)]
)
def test_every_pooling_fits(pooling: nn.Module) -> None:
    model = AttentionalPoolingNetwork(small_backbone(), 8, pooling, pose_width=8).eval()
    output = model(images())
    assert output.pooled.scores.shape == (2, 3)
    assert output.pooled.top_down.shape == (2, 3, 4, 6)
    assert output.pooled.bottom_up.shape == (2, 1, 4, 6)
    assert output.pose is not None
    assert output.pose.shape == (2, 16, 4, 6)


def test_pose_regularisation_by_hand() -> None:
    maps, targets = torch.zeros(3, 16, 1, 2), torch.zeros(3, 16, 1, 2)
    maps[:, 0, 0] = torch.tensor([3.0, 4.0])
    maps[2] = float("nan")
    loss = pose_regularisation(maps, targets, torch.tensor([True, False, False]))
    assert loss.tolist() == pytest.approx([25e-6, 0.0, 0.0])


def test_every_parameter_learns() -> None:
    model = network()
    output = model(images(4))
    assert output.pose is not None
    loss = functional.cross_entropy(output.pooled.scores, torch.tensor([0, 1, 2, 0]))
    loss = loss + pose_regularisation(output.pose, torch.rand_like(output.pose), torch.ones(4, dtype=torch.bool)).mean()
    loss.backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())
    assert network(pose=False)(images()).pose is None


def test_it_learns_eight_pictures_by_heart() -> None:
    torch.manual_seed(0)
    model, pictures, labels = network(4), images(8), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(150):
        loss = functional.cross_entropy(model(pictures).pooled.scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (model(pictures).pooled.scores.argmax(1) == labels).all()


def test_the_graph_gives_what_the_network_gives(tmp_path: Path) -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
            output = self.network(pictures)
            return output.pooled.scores, output.pose, merged_attention(output.pooled)

    module = round_weights(Plain().eval())
    names = ["scores", "pose", "attention"]
    export_onnx(module, images(), tmp_path / "d.onnx", input_name="images", output_names=names, dynamic_batch=True)
    found = check_parity(module, tmp_path / "d.onnx", [images(3, seed=5), images(1, seed=6)], output_names=names)
    assert max(row.largest for row in found) < 1e-4
