"""Pixels come to published weights as these were trained to see them."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from trainer.layers.pixels import ACTIVITYNET, IMAGENET, SIGNED_UNIT, FromPixels, PixelRange, to_range
from trainer.layers.residual import BasicBlock
from trainer.models.body_part_aware import BodyPartAwareNetwork
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.hrnet import TINY, HRNet, HRNetClassifier, HRNetPose
from trainer.models.i3d import I3d
from trainer.models.inception_resnet_v2 import InceptionResNetV2
from trainer.models.resnet import ResNet, resnet50
from trainer.models.resnext3d import ResNeXt3d


def test_imagenet_is_that_of_torchvision() -> None:
    """Mean .485 .456 .406 and deviation .229 .224 .225 of pixels in 0..1."""
    assert [value / 255 for value in IMAGENET.mean] == pytest.approx([0.485, 0.456, 0.406])
    assert [value / 255 for value in IMAGENET.deviation] == pytest.approx([0.229, 0.224, 0.225])


@pytest.mark.parametrize(
    ("wanted", "black", "white"),
    [
        (IMAGENET, (-2.1179, -2.0357, -1.8044), (2.2489, 2.4286, 2.64)),
        (ACTIVITYNET, (-114.7748, -107.7354, -99.475), (140.2252, 147.2646, 155.525)),
        (SIGNED_UNIT, (-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)),
    ],
)
def test_pictures_and_clips_get_their_range(wanted: PixelRange, black: tuple, white: tuple) -> None:
    pixels = torch.zeros(2, 4, 6, 3, dtype=torch.uint8)
    pixels[1] = 255
    found = to_range(pixels, wanted)
    assert found.shape == (2, 3, 4, 6)
    assert found[0, :, 3, 5].tolist() == pytest.approx(black, abs=1e-4)
    assert found[1, :, 0, 0].tolist() == pytest.approx(white, abs=1e-4)
    clips = torch.stack([pixels] * 5, 1)
    assert torch.equal(to_range(clips, wanted), torch.stack([found] * 5, 2))


def test_each_published_network_names_its_range() -> None:
    with torch.device("meta"):
        assert resnet50().pixel_range == IMAGENET
        for kind in (HRNet, HRNetClassifier):
            assert kind(TINY).pixel_range == IMAGENET
        assert HRNetPose(TINY, joints=16).pixel_range == IMAGENET
        assert InceptionResNetV2(2, repeats=(1, 1, 1), narrowing=8).pixel_range == SIGNED_UNIT
        assert I3d(2, narrowing=16).pixel_range == SIGNED_UNIT


def test_system_a_sees_both_pictures_with_imagenets_mean_and_deviation() -> None:
    """Section 4.1 of paper A."""
    torch.manual_seed(0)
    residuals = [ResNet(BasicBlock, (1, 1, 1, 1), classes=0, widths=(4, 4, 4, 4)) for _ in range(2)]
    network = BodyPartAwareNetwork(HRNet(TINY), TINY.branch_channels, *residuals, (4,) * 4, joints=16, classes=2).eval()
    large = torch.randint(0, 256, (1, 128, 128, 3), dtype=torch.uint8)
    pixels = large[:, ::2, ::2]
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    by_hand = [((each / 255 - mean) / deviation).permute(0, 3, 1, 2) for each in (pixels, large)]
    with torch.no_grad():
        found, expected = FromPixels(network)(pixels, large), network(*by_hand)
    assert torch.allclose(found.joined, expected.joined, atol=1e-4)
    assert torch.allclose(found.parts, expected.parts, atol=1e-4)


def test_system_c_sees_clips_as_its_backbone_was_trained_to() -> None:
    torch.manual_seed(0)
    backbone = ResNeXt3d((1, 1, 1, 1), classes=2, widths=(32, 32, 32, 32), stem_channels=4, cardinality=8)
    network = GatedNetwork(ExplainedBackbone(backbone), 2, {"layer1": LayerSize(64, 2)}).eval()
    clip = torch.randint(0, 256, (1, 4, 32, 32, 3), dtype=torch.uint8)
    by_hand = (clip - torch.tensor([114.7748, 107.7354, 99.475])).permute(0, 4, 1, 2, 3)
    with torch.no_grad():
        assert torch.allclose(FromPixels(network)(clip)[1], network(by_hand)[1], atol=1e-4)


@dataclass
class Case:
    pixels: torch.Tensor
    words: str


@pytest.mark.parametrize(
    "case",
    [
        Case(torch.zeros(1, 4, 4, 3), r"pixels are \(1, 4, 4, 3\) float32; give uint8 RGB"),
        Case(torch.zeros(1, 3, 4, 4, dtype=torch.uint8), r"pixels are \(1, 3, 4, 4\) uint8"),
    ],
    ids=["already normalised", "channels first"],
)
def test_what_are_no_pixels_is_refused(case: Case) -> None:
    with pytest.raises(ValueError, match=case.words):
        to_range(case.pixels, IMAGENET)


def test_a_network_without_a_range_is_refused() -> None:
    with pytest.raises(ValueError, match="Linear names no pixel_range"):
        FromPixels(nn.Linear(2, 2))
