"""System A: three streams on one backbone, the paper's equations and sizes, and what every network must pass."""

from pathlib import Path

import pytest
import torch
from torch import nn

from deploy.export import export_onnx, round_weights
from deploy.parity import check_parity
from tests.trainer.models.small_backbone import FourLevels
from trainer.attribution.gradcam import cam
from trainer.layers.part_crops import cut_squares, part_squares_in_shares, peak_joints
from trainer.layers.residual import BasicBlock
from trainer.losses import focal, is_annotated, multitask_aware, weighted_squared_error
from trainer.models.body_part_aware import PARTS, BodyPartAwareNetwork, BodyPartAwareOutput, Transition, ensemble
from trainer.models.hrnet import TINY, W32, HRNet
from trainer.models.resnet import ResNet, resnet18
from trainer.targets import gaussian_maps

CHANNELS = (8, 8, 16, 16)


def residual() -> ResNet:
    return ResNet(BasicBlock, (1, 1, 1, 1), classes=0, widths=CHANNELS)  # streams have classifiers of their own


def network(classes: int = 4) -> BodyPartAwareNetwork:
    torch.manual_seed(0)
    return BodyPartAwareNetwork(
        HRNet(TINY), TINY.branch_channels, residual(), residual(), CHANNELS, joints=16, classes=classes
    )


def small_network(classes: int = 4) -> BodyPartAwareNetwork:
    """On four convolutions instead of HRNet, which has tests of its own: what takes many steps or a whole export."""
    torch.manual_seed(0)
    return BodyPartAwareNetwork(
        FourLevels(), FourLevels.channels, residual(), residual(), CHANNELS, joints=16, classes=classes
    )


def pictures(count: int = 2, *, height: int = 64, width: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    large = torch.randn(count, 3, 2 * height, 2 * width, generator=torch.Generator().manual_seed(1))
    return nn.functional.avg_pool2d(large, 2), large


def test_shapes() -> None:
    output = network().eval()(*pictures())
    assert output.heat_maps.shape == (2, 16, 16, 16)
    assert output.attention.shape == (2, 3, 64, 64)
    assert output.parts.shape == (2, 3, 3, 64, 64)
    assert all(scores.shape == (2, 4) for scores in output.scores)


def test_the_part_stream_sees_the_squares_of_the_estimated_joints_cut_from_the_large_picture() -> None:
    model, (images, large) = network().eval(), pictures()
    output = model(images, large)
    squares = part_squares_in_shares(peak_joints(output.heat_maps), height=64, width=64)
    assert torch.equal(output.squares, squares)
    assert torch.equal(output.parts, cut_squares(large, squares, 64))
    alone = [
        model.part_stream(output.parts[:, [part] * 3])[:, 0] for part in range(3)
    ]  # shared weights, each part alone
    assert torch.allclose(torch.stack(alone, 1), output.part_maps, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(32, 96), (96, 32)])
def test_squares_are_square_in_pixels_whatever_the_pictures_shape(height: int, width: int) -> None:
    images, large = pictures(height=height, width=width)
    output = small_network().eval()(images, large)
    pixels = output.squares * torch.tensor([width, height, width, height])
    sides = pixels[..., 2:] - pixels[..., :2]
    assert torch.allclose(sides[..., 0], sides[..., 1], rtol=1e-4)
    joints = peak_joints(output.heat_maps) * torch.tensor([width, height])
    length = 0.25 * torch.linalg.vector_norm(joints.amax(1) - joints.amin(1), dim=1)  # eq. 2, in pixels
    assert torch.allclose(sides[:, :, 0], 2 * length[:, None].expand(-1, 3), rtol=1e-4)
    assert output.parts.shape == (2, 3, 3, width, width)


def test_the_maps_of_each_stream_average_to_its_score() -> None:
    """A class activation map is a score's share of each cell: their mean and the classifier's bias are the score."""
    model = small_network().eval()
    output = model(*pictures())
    streams = (
        (output.image_maps, model.image_classifier, output.image),
        (output.attended_maps, model.attended_classifier, output.attended),
        (output.part_maps.flatten(1, 2), model.part_classifier, output.part),
    )
    for maps, classifier, scores in streams:
        for label in range(4):
            labels = torch.full((2,), label)
            found = (
                cam(maps, classifier.weight, tuple(maps.shape[2:]), labels=labels).mean((1, 2)) + classifier.bias[label]
            )
            assert torch.allclose(found, scores[:, label], atol=1e-5)
    # And of each crop alone, with its part of the weights.
    weights = model.part_classifier.weight.unflatten(1, (PARTS, -1))
    labels = torch.tensor([3, 1])
    crops = [
        cam(output.part_maps[:, part], weights[:, part], (2, 2), labels=labels).mean((1, 2)) for part in range(PARTS)
    ]
    assert torch.allclose(
        torch.stack(crops).sum(0) + model.part_classifier.bias[labels], output.part[[0, 1], labels], atol=1e-5
    )


def test_the_attention_stream_sees_the_attended_picture() -> None:
    """Eq. 1: I_att = I + I∘A. With the attention's normalisation at 0 the picture is left as it is."""
    model, (images, large) = network().eval(), pictures()
    seen = []
    stem = model.attention_stream.residual.stem
    model.attention_stream.residual.stem = lambda x: (seen.append(x), stem(x))[1]  # type: ignore[method-assign, func-returns-value]
    output = model(images, large)
    assert (output.attention >= 0).all()
    assert output.attention.max() > 0
    assert torch.allclose(seen[0], images * (1 + output.attention))
    nn.init.zeros_(model.attention_stream.attention[1].weight)
    model(images, large)
    assert torch.equal(seen[1], images)


def test_transitions_join_layer_and_backbone() -> None:
    transition = Transition(4, 3).eval()
    layer, backbone = torch.randn(1, 4, 5, 5), torch.randn(1, 3, 5, 5)
    expected = torch.relu(transition.norm(transition.conv(torch.cat([layer, backbone], 1))))
    assert torch.equal(transition(layer, backbone), expected)
    assert transition.conv.kernel_size == (3, 3)


def test_ensemble_is_the_mean_of_image_part_and_joined() -> None:
    zero = torch.zeros(1, 2)
    maps = ("heat_maps", "attention", "squares", "parts", "image_maps", "attended_maps", "part_maps")
    nothing = dict.fromkeys(maps, torch.zeros(1))
    output = BodyPartAwareOutput(
        **nothing, image=torch.tensor([[0.0, 100.0]]), attended=torch.tensor([[100.0, 0.0]]), part=zero, joined=zero
    )
    assert ensemble(output)[0].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert ensemble(output, multi_label=True)[0].tolist() == pytest.approx([0.5, 2 / 3])


def test_the_papers_network() -> None:
    """HRNet-W32, two ResNet-18, Stanford 40: classifiers over 256, 512, 1536 and all of these features (table 1)."""
    with torch.device("meta"):
        model = BodyPartAwareNetwork(
            HRNet(W32), W32.branch_channels, resnet18(0), resnet18(0), (64, 128, 256, 512), joints=16, classes=40
        )
    sizes = [
        c.in_features
        for c in (model.image_classifier, model.attended_classifier, model.part_classifier, model.joined_classifier)
    ]
    assert sizes == [256, 512, 1536, 2304]
    assert [t.conv.out_channels for t in model.attention_stream.transitions] == [64, 128, 256, 512]
    assert model.pose.kernel_size == (3, 3)


def losses(model: BodyPartAwareNetwork, joints: torch.Tensor, labels: torch.Tensor, count: int = 2) -> torch.Tensor:
    output = model(*pictures(count))
    targets = gaussian_maps(joints, height=16, width=16, stride=4)
    pose = weighted_squared_error(output.heat_maps, targets, (joints != -1).any(-1).float())
    return multitask_aware(
        pose, is_annotated(joints), [focal(scores, labels) for scores in output.scores], labels != -1
    )


def test_every_parameter_learns_when_both_labels_are_there() -> None:
    model = network()
    losses(model, torch.rand(2, 16, 2) * 60, torch.tensor([1, 3])).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not without, without


def test_a_batch_without_actions_teaches_the_pose_alone() -> None:
    model = network()
    losses(model, torch.rand(2, 16, 2) * 60, torch.tensor([-1, -1])).backward()
    assert model.pose.weight.grad is not None
    assert model.pose.weight.grad.any()
    heads = (
        model.image_classifier,
        model.attended_classifier,
        model.part_classifier,
        model.joined_classifier,
        model.part_stream,
    )
    assert all(p.grad is None or not p.grad.any() for head in heads for p in head.parameters())


def test_a_batch_without_poses_still_teaches_the_backbone() -> None:
    model = network()
    losses(model, torch.full((2, 16, 2), -1.0), torch.tensor([1, 3])).backward()
    assert model.backbone.conv1.weight.grad is not None
    assert model.backbone.conv1.weight.grad.any()


def test_it_learns_eight_pictures_by_heart() -> None:
    model, labels = small_network(), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    images, large = pictures(8, height=32, width=32)
    for _ in range(30):
        output = model(images, large)
        loss = torch.stack([focal(scores, labels).mean() for scores in output.scores]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    output = model(images, large)
    assert (ensemble(output).argmax(1) == labels).all()


@pytest.mark.slow  # tests/deploy/systems compares the graph of this network A
def test_the_graph_gives_what_the_network_gives(tmp_path: Path) -> None:
    """With the crops inside: one input, the large picture, as a bundle's graph would have it; not square, so that units
    show.
    """

    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = small_network()

        def forward(self, large: torch.Tensor) -> tuple[torch.Tensor, ...]:
            output = self.network(nn.functional.avg_pool2d(large, 2), large)
            return ensemble(output), output.heat_maps, output.squares, output.attention

    module = round_weights(Plain().eval())
    names = ["actions", "heat_maps", "squares", "attention"]
    _, large = pictures(3, height=32, width=64)
    export_onnx(module, large[:2], tmp_path / "a.onnx", input_name="picture", output_names=names, free="N")
    found = check_parity(module, tmp_path / "a.onnx", [large, large[:1]], output_names=names)
    assert max(row.largest for row in found) < 1e-4


@pytest.mark.parametrize("joints", [14, 21])
def test_another_number_of_joints_is_refused(joints: int) -> None:
    with pytest.raises(ValueError, match=f"joints are {joints}; .* give 16"):
        BodyPartAwareNetwork(
            FourLevels(), FourLevels.channels, residual(), residual(), CHANNELS, joints=joints, classes=4
        )


@pytest.mark.parametrize(
    ("images", "large", "message"),
    [
        ((2, 1, 64, 64), (2, 3, 128, 128), r"pictures \(N, 3, H, W\) .* given \(2, 1, 64, 64\)"),
        ((3, 64, 64), (3, 128, 128), r"pictures \(N, 3, H, W\) .* given \(3, 64, 64\)"),
        ((2, 3, 64, 64), (2, 4, 128, 128), r"given \(2, 4, 128, 128\)"),
        ((2, 3, 64, 64), (2, 3, 128, 192), "large pictures are 192×128, the pictures 64×64; .* same ratio"),
        ((2, 3, 64, 64), (3, 3, 128, 128), "3 large pictures for 2 pictures"),
    ],
)
def test_pictures_of_other_shapes_are_refused(images: tuple[int, ...], large: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small_network()(torch.zeros(images), torch.zeros(large))
