"""The gallery's pictures: what is hot is bright, everything has a title, and every map is there."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeact.errors import SourceNotFoundError
from tests.trainer.attribution.toy import Toy
from trainer.attribution.clip_demonstrator import FRAMES, HEIGHT, WIDTH, ClipDemonstrator
from trainer.attribution.demonstrators import SIDE, Demonstrators
from trainer.attribution.gallery import check_inputs, clip_rows, heat, on_photo, photo_tiles, sheet, tile
from trainer.layers.attentional_pooling import RankOneAttentionalPooling
from trainer.layers.residual import BasicBlock
from trainer.models.attentional_pooling import AttentionalPoolingNetwork
from trainer.models.body_part_aware import BodyPartAwareNetwork
from trainer.models.compact_classifier import CompactClassifier
from trainer.models.gated3d import GatedNetwork, LayerSize
from trainer.models.hrnet import TINY, HRNet
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.models.resnet import ResNet


def test_the_hottest_place_is_the_brightest() -> None:
    values = np.zeros((20, 30), np.float32)
    values[5, 7] = 2.0
    picture = heat(np.full((20, 30, 3), 100, np.uint8), values)
    assert int(picture.sum(2).argmax()) == 5 * 30 + 7
    assert (
        heat(np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 3.0, np.float32)) < 10
    ).all()  # a flat map shows nothing


def test_maps_of_boxes_lie_where_the_boxes_are() -> None:
    maps = torch.stack([torch.full((1, 2), 3.0), torch.tensor([[1.0, -1.0]])])
    quarter = SIDE // 4
    boxes = torch.tensor([[0.25, 0.5, 0.5, 0.75], [0.25, 0.5, 1.25, 0.75]])  # the second reaches beyond the photo
    (found,) = on_photo(maps, boxes).numpy()
    assert found.shape == (SIDE, SIDE)
    inside = found[2 * quarter : 3 * quarter, quarter:].copy()
    assert (inside[:, :quarter] == 3.0).all()  # where they overlap, the highest
    centres = (np.arange(quarter, 3 * quarter) + 0.5) / (
        4 * quarter
    )  # as shares of the second box, of which the first quarter is covered
    slope = np.clip(1 - 2 * (2 * centres - 0.5), -1, 1)  # from the first cell's centre to the second's
    assert np.allclose(inside[:, quarter:], slope, atol=1e-5)
    found[2 * quarter : 3 * quarter, quarter:] = -1.0
    assert (found == -1.0).all()  # beside them, the least


def test_a_box_without_extent_shows_nothing() -> None:
    assert (on_photo(torch.ones(1, 2, 2), torch.full((1, 4), 0.5)) == 1.0).all()


def test_tiles_make_a_sheet_with_a_legend() -> None:
    tiles = [tile(np.zeros((50, 120, 3), np.uint8), f"map {number}", "note") for number in range(7)]
    assert (tiles[0][50:] < 200).any()  # the title
    picture = sheet(tiles, columns=3)
    assert picture.shape == (3 * tiles[0].shape[0] + 30, 360, 3)
    assert (picture[-30:].std(axis=(0, 1)) > 10).all()


def backbone() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 16, 16), nn.ReLU())


def demonstrators() -> Demonstrators:
    torch.manual_seed(0)
    guided, unguided = (
        LossGuidedNetwork(backbone(), 8, 2, class_channels=8, human_channels=(4, 1)).eval() for _ in range(2)
    )
    pooled = AttentionalPoolingNetwork(backbone(), 8, RankOneAttentionalPooling(8, 2), pose=False).eval()
    residuals = [ResNet(BasicBlock, (1, 1, 1, 1), classes=0, widths=(4, 4, 4, 4)) for _ in range(2)]
    parts = BodyPartAwareNetwork(
        HRNet(TINY), TINY.branch_channels, *residuals, (4, 4, 4, 4), joints=16, classes=2
    ).eval()
    accuracy = dict.fromkeys(("A", "B with mask", "B without mask", "D"), 0.5)
    return Demonstrators(("walk", "wave"), guided, unguided, pooled, parts, accuracy)


def test_a_photo_has_every_map() -> None:
    torch.manual_seed(0)
    photo = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    tiles = photo_tiles(photo, CompactClassifier(10).eval(), demonstrators())
    # The photo, CAM, GradCAM of 5 layers and their sum, 2DCAM of 5, sum, counterfactual, second class; 5 of B, 3 of D;
    # of A the pose, the attention, CAM of 3 streams and the squares; the joints' maps of the bundle that ships.
    assert len(tiles) == 1 + 1 + 6 + 8 + 5 + 3 + 6 + 1
    assert len({each.shape for each in tiles}) == 1
    assert len({each[:SIDE].tobytes() for each in tiles}) == len(
        tiles
    )  # without the captions, which would tell equal maps apart


def test_a_clip_has_every_map_over_the_same_frames() -> None:
    clip = np.random.default_rng(0).integers(0, 255, (FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    backbone = Toy()
    network = GatedNetwork(backbone, 3, {"first": LayerSize(4, FRAMES), "second": LayerSize(5, FRAMES)}).eval()
    tiles = clip_rows(clip, ClipDemonstrator(network, backbone.classifier, ("a", "b", "c"), 0.5), frames=(0, 15))
    # The clip, CAM, 3DCAM of two layers, sum, counterfactual, second class, GradCAM of two layers, their sum
    assert len(tiles) == 2 * 10
    assert len({each.shape for each in tiles}) == 1
    assert len({each[:160].tobytes() for each in tiles}) == len(tiles)


def test_what_is_missing_is_named_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError) as caught:
        check_inputs(tmp_path / "data", tmp_path / "photo.jpg")
    for name in ("stanford40", "lspet", "ut_interaction", "photo.jpg"):
        assert name in str(caught.value)


@pytest.mark.data
def test_the_shared_folder_has_what_the_gallery_trains_on(shared_folder: Path) -> None:
    check_inputs(shared_folder / "data", shared_folder / "teachers/mobilenet_v2_imagenet_fp16.safetensors")
