"""System B: its maps by hand, which gradients reach where, export, and that it learns."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from deploy.export import export_onnx, round_weights
from deploy.parity import check_parity
from tests.trainer.models.small_backbone import images, small_backbone
from trainer.losses import human_mask
from trainer.models.loss_guided import LossGuidedNetwork, predicting_activations, sum_of_activations
from trainer.targets import box_masks


def network(classes: int = 3) -> LossGuidedNetwork:
    return LossGuidedNetwork(small_backbone(), 8, classes, class_channels=12, human_channels=(8, 4, 1))


def test_shapes_and_that_the_scores_come_from_the_class_maps_alone() -> None:
    model = network().eval()
    output = model(images())
    assert output.class_maps.shape == (2, 12, 4, 6)
    assert output.human.shape == (2, 1, 4, 6)
    assert (output.human >= 0).all()  # "four Conv-ReLu layers": the last one too
    expected = output.class_maps.mean((2, 3)) @ model.classifier.weight.T + model.classifier.bias
    assert torch.allclose(output.scores, expected, atol=1e-6)


def test_features_that_were_kept_give_what_the_pictures_give() -> None:
    model = network().eval()
    kept = model.from_features(model.backbone(images()))
    assert torch.equal(kept.scores, model(images()).scores)
    assert torch.equal(kept.human, model(images()).human)


@pytest.mark.parametrize("shape", [(2, 1, 16, 24), (3, 16, 24), (2, 3, 4, 16, 24)])
def test_what_is_no_batch_of_pictures_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"pictures \(N, 3, H, W\) .* given {re.escape(str(shape))}"):
        network()(torch.zeros(shape))


def test_the_papers_branches() -> None:
    model = LossGuidedNetwork(nn.Identity(), 2048, 40)
    assert tuple(model.class_branch.weight.shape) == (1024, 2048, 3, 3)
    assert [tuple(layer.weight.shape) for layer in model.human_branch] == [
        (512, 2048, 3, 3),
        (64, 512, 3, 3),
        (32, 64, 3, 3),
        (1, 32, 3, 3),
    ]


def test_activation_maps_by_hand() -> None:
    maps = torch.tensor([[[[1.0, 2.0]], [[4.0, 0.0]], [[3.0, 3.0]]]])  # one sample, three channels of 1×2
    weights = torch.tensor([[0.0, 0.0, 0.0], [1.0, -1.0, 2.0]])
    assert sum_of_activations(maps).tolist() == [[[8.0, 5.0]]]
    assert sum_of_activations(maps, normalised=True).tolist() == [[[1.0, 1.0]]]  # 0 + 1 + 0 and 1 + 0 + 0
    label = torch.tensor([1])
    assert predicting_activations(maps, weights, label).tolist() == [[[3.0, 8.0]]]
    assert predicting_activations(maps, weights, label, normalised=True).tolist() == [[[-1.0, 1.0]]]


def test_predicting_activations_sum_to_the_score() -> None:
    model = network().eval()
    output = model(images())
    labels = output.scores.argmax(1)
    maps = predicting_activations(output.class_maps, model.classifier.weight, labels)
    assert torch.allclose(maps.mean((1, 2)) + model.classifier.bias[labels], output.scores.amax(1), atol=1e-6)


def test_every_parameter_learns_and_each_branch_from_its_own_loss() -> None:
    model = network()
    output = model(images())
    functional.cross_entropy(output.scores, torch.tensor([0, 2])).backward()
    assert all(layer.weight.grad is None for layer in model.human_branch)
    assert model.class_branch.weight.grad is not None
    before = model.class_branch.weight.grad.clone()
    masks = box_masks(torch.tensor([[0.0, 0.0, 8.0, 8.0]]).repeat(2, 1), height=4, width=6, stride=4)
    human_mask(model(images()).human, masks).mean().backward()
    assert torch.equal(model.class_branch.weight.grad, before)  # "only trained using classification loss" (section 3.2)
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_it_learns_eight_pictures_by_heart() -> None:
    torch.manual_seed(0)
    model, pictures = network(4), images(8)
    labels = torch.arange(8) % 4
    masks = box_masks(
        torch.rand(8, 4) * torch.tensor([8.0, 4.0, 8.0, 4.0]) + torch.tensor([0.0, 0.0, 12.0, 10.0]),
        height=4,
        width=6,
        stride=4,
    )
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(200):
        output = model(pictures)
        loss = functional.cross_entropy(output.scores, labels) + human_mask(output.human, masks).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    output = model(pictures)
    assert (output.scores.argmax(1) == labels).all()
    assert ((output.human > 0.5) == (masks > 0.5)).float().mean() > 0.9


@pytest.mark.slow  # tests/deploy/systems compares the graph of this network B
def test_the_graph_gives_what_the_network_gives(tmp_path: Path) -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
            output = self.network(pictures)
            labels = output.scores.argmax(1)
            attention = predicting_activations(
                output.class_maps, self.network.classifier.weight, labels, normalised=True
            )
            return output.scores, output.human, sum_of_activations(output.class_maps), attention

    module = round_weights(Plain().eval())
    names = ["scores", "human", "sum", "attention"]
    export_onnx(module, images(), tmp_path / "b.onnx", input_name="images", output_names=names, free="N")
    found = check_parity(module, tmp_path / "b.onnx", [images(3, seed=5), images(1, seed=6)], output_names=names)
    assert max(row.largest for row in found) < 1e-4


def test_a_branch_that_ends_in_several_maps_is_refused() -> None:
    with pytest.raises(ValueError, match="must have 1"):
        LossGuidedNetwork(small_backbone(), 8, 3, human_channels=(8, 4))
