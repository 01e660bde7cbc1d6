"""System D: pooling and pose on one backbone, export, and that it learns."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from deploy.export import export_onnx, round_weights
from deploy.parity import check_parity
from tests.trainer.models.small_backbone import images, small_backbone
from trainer.layers.attentional_pooling import (
    GeneralizedAttentionalPooling,
    MeanPooling,
    RankOneAttentionalPooling,
    merged_attention,
)
from trainer.models.attentional_pooling import AttentionalPoolingNetwork, pose_regularisation


def generalized(channels: int, classes: int) -> nn.Module:
    return GeneralizedAttentionalPooling(channels, classes, matrices=3, first_rank=16)


every_pooling = pytest.mark.parametrize("pooling", [MeanPooling, RankOneAttentionalPooling, generalized])


def network(
    pooling: Callable[[int, int], nn.Module] = generalized, *, classes: int = 3, pose: bool = True
) -> AttentionalPoolingNetwork:
    torch.manual_seed(0)
    return AttentionalPoolingNetwork(small_backbone(), 8, pooling(8, classes), pose=pose, pose_width=8)


@every_pooling
def test_every_pooling_fits(pooling: Callable[[int, int], nn.Module]) -> None:
    model = network(pooling).eval()
    output = model(images())
    assert torch.equal(model.from_features(model.backbone(images())).pooled.scores, output.pooled.scores)
    assert output.pooled.scores.shape == (2, 3)
    assert output.pooled.top_down.shape == (2, 3, 4, 6)
    assert output.pooled.bottom_up.shape == (2, 1, 4, 6)
    assert output.pose is not None
    assert output.pose.shape == (2, 16, 4, 6)


def test_pose_regularisation_by_hand() -> None:
    maps, targets = torch.zeros(3, 16, 1, 2), torch.zeros(3, 16, 1, 2)
    maps[:, 0, 0] = torch.tensor([3.0, 4.0])
    targets[2] = float("nan")
    loss = pose_regularisation(maps, targets, torch.tensor([True, False, False]))
    assert loss.tolist() == pytest.approx([25e-6, 0.0, 0.0])


def test_targets_of_samples_without_a_pose_leave_the_gradient_alone() -> None:
    """Through a weight: that of the others, not the NaN that 0·NaN would be."""
    features = torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1, 1, 1).expand(3, 16, 1, 2)
    targets = torch.full((3, 16, 1, 2), float("nan"))
    targets[0] = 0.0
    gradients = []
    for samples in (slice(0, 3), slice(0, 1)):
        weight = torch.ones((), requires_grad=True)
        pose_regularisation(
            weight * features[samples], targets[samples], torch.tensor([True, False, False])[samples]
        ).sum().backward()
        gradients.append(weight.grad)
    assert gradients == [pytest.approx(64e-6)] * 2  # 2·32 cells, 1 each


@every_pooling
def test_every_parameter_learns(pooling: Callable[[int, int], nn.Module]) -> None:
    model = network(pooling)
    output = model(images(4))
    assert output.pose is not None
    loss = functional.cross_entropy(output.pooled.scores, torch.tensor([0, 1, 2, 0]))
    loss = loss + pose_regularisation(output.pose, torch.rand_like(output.pose), torch.ones(4, dtype=torch.bool)).mean()
    loss.backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_without_the_pose_branch_there_is_no_pose() -> None:
    assert network(pose=False)(images()).pose is None


@pytest.mark.parametrize("shape", [(2, 1, 16, 24), (3, 16, 24), (2, 3, 4, 16, 24)])
def test_what_is_no_batch_of_pictures_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"pictures \(N, 3, H, W\) .* given {re.escape(str(shape))}"):
        network()(torch.zeros(shape))


def test_it_learns_eight_pictures_by_heart() -> None:
    model, pictures, labels = network(classes=4), images(8), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(150):
        loss = functional.cross_entropy(model(pictures).pooled.scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (model(pictures).pooled.scores.argmax(1) == labels).all()


@every_pooling
def test_the_graph_gives_what_the_network_gives(pooling: Callable[[int, int], nn.Module], tmp_path: Path) -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network(pooling)

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
            output = self.network(pictures)
            return output.pooled.scores, output.pose, merged_attention(output.pooled)

    module = round_weights(Plain().eval())
    names = ["scores", "pose", "attention"]
    export_onnx(module, images(), tmp_path / "d.onnx", input_name="images", output_names=names, free="N")
    found = check_parity(module, tmp_path / "d.onnx", [images(3, seed=5), images(1, seed=6)], output_names=names)
    assert max(row.largest for row in found) < 1e-4
