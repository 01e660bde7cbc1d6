"""Claims with a backbone whose last blocks learn: photos, batches, and every variant of both claims."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from edgeact.bundle.load import load_bundle
from edgeact.skeleton import MPII_16
from tests.trainer.data.sets.layouts import write_stanford40
from trainer.claims.linear_floor import FLOOR, linear_floor
from trainer.claims.mask_loss import mask_loss_variants
from trainer.claims.tuned_blocks import TunedVariant, paired_rows, training_batch, try_tuned, tuned_rows
from trainer.claims.tuned_photos import TunedPhotos, beside_another, read_tuned_photos
from trainer.claims.tuned_pooling import tuned_pooling_variants
from trainer.data.labelled_samples import LabelledSample
from trainer.models.efficientnet_lite import EfficientNetLite

BLOCKS, SIDE = 15, 64  # all but the last block of an EfficientNet-Lite0


def some_photos() -> TunedPhotos:
    """Two actions, whose maps differ in one channel."""
    generator = np.random.default_rng(0)
    actions = np.arange(16) % 2
    maps = generator.normal(0, 0.1, (16, 192, 2, 2)).astype(np.float16)
    maps[:, 0] += 4 * actions[:, None, None]
    training, measured = np.arange(8), np.arange(8, 16)
    boxes = np.tile(np.float32([0, 0, 31, 63]), (8, 1))
    joints = np.full((8, 16, 2), -1, np.float32)
    joints[:, MPII_16.index("left_wrist")] = (10, 20)
    return TunedPhotos(
        maps, maps[training][..., ::-1], maps[measured[::4]], actions, boxes, joints, training, measured,
        measured[::4], 2, SIDE,
    )  # fmt: skip


def test_a_mirrored_photo_has_its_box_and_joints_mirrored() -> None:
    batch = training_batch(some_photos(), np.array([0, 1]), np.array([False, True]))
    assert batch.boxes.tolist() == [[0, 0, 31, 63], [32, 0, 63, 63]]
    left, right = MPII_16.index("left_wrist"), MPII_16.index("right_wrist")
    assert batch.joints[0, left].tolist() == [10, 20]
    assert batch.joints[1, right].tolist() == [53, 20]
    assert batch.joints[1, left].tolist() == [-1, -1]
    assert batch.actions.tolist() == [0, 1]


@pytest.mark.parametrize(("variants", "names"), [
    (mask_loss_variants, {"class loss alone", "with the mask loss"}),
    (tuned_pooling_variants, {
        "mean", "rank-1", "generalised, T=1", "generalised, T=3", "generalised, T=3, pose 1e-6",
        "generalised, T=3, pose 1e-2",
    }),
])  # fmt: skip
def test_every_variant_learns_and_is_measured(
    variants: Callable[..., list[TunedVariant]], names: set[str], tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    photos = some_photos()
    tried = variants(EfficientNetLite(classes=0), BLOCKS, photos)
    outcomes = try_tuned("a claim", tried, photos, tmp_path, seeds=1, epochs=6)
    assert {outcome.variant for outcome in outcomes if "photo" not in outcome.variant} == names
    assert len(outcomes) == 3 * len(names)
    assert all(0 < outcome.mean <= 1 for outcome in outcomes)
    assert outcomes[0].mean > 0.8  # two actions by chance: a half


def test_the_floor_learns_from_features_of_fixed_blocks(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    photos, network = some_photos(), EfficientNetLite(classes=0)
    rows = photos.measured[:4]
    photos = dataclasses.replace(photos, misled=photos.maps[rows], misled_rows=rows)
    whole, twice, beside = linear_floor(network, BLOCKS, photos, tmp_path, seeds=2)
    assert whole.variant == FLOOR
    assert beside.variant == f"{FLOOR}, the same beside a photo of another action"
    assert len(whole.figures) == 2
    assert whole.mean > 0.8  # two actions by chance: a half
    # What is beside the persons here is the photo itself.
    assert beside.figures == twice.figures
    wrong = dataclasses.replace(photos, misled=photos.maps[rows + 1])  # of the other action
    assert linear_floor(network, BLOCKS, wrong, tmp_path, seeds=2)[2].mean < 0.7


def test_rows_are_named_and_paired() -> None:
    photos = some_photos()
    rows = tuned_rows("a", [(0.5, 0.25, 0.125), (0.75, 0.5, 0.25)], photos)
    assert [row.figures for row in rows] == [(0.5, 0.75), (0.25, 0.5), (0.125, 0.25)]
    assert rows[1].variant == "a, every fourth photo"
    whole = dataclasses.replace(photos, misled_rows=photos.measured, misleading="somebody")
    one = tuned_rows("a", [(0.5, 0.5, 0.125), (0.75, 0.75, 0.25)], whole)
    other = tuned_rows("b", [(0.75, 0.75, 0.0), (0.5, 0.5, 0.5)], whole)
    assert [row.variant for row in one] == ["a", "a, the same beside somebody"]
    paired = paired_rows([*one, *other], 2)
    assert [row.figures for row in paired] == [(0.25, -0.25), (-0.125, 0.25)]
    assert paired[0].variant == "b less a"


def test_another_photo_stands_where_the_person_is_not(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((100, 100, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "b.png"), np.full((100, 100, 3), 255, np.uint8))
    person = LabelledSample(tmp_path / "a.png", "test", 0, np.float32([0, 0, 60, 100]))
    square = beside_another(person, LabelledSample(tmp_path / "b.png", "test", 1), 50)
    assert square[:20, 30:].min() == 255  # a corner at the right
    assert square[:, :30].max() == 0
    assert (square == 255).mean() == pytest.approx(0.16)


def test_photos_become_maps_boxes_and_joints(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for action in ("eat", "read"):
            photos = {f"{action}_{part}{index}.jpg": np.zeros((100, 200, 3), np.uint8) for index in range(3)}
            write_stanford40(tmp_path, action, part, photos, "0 0 99 99")
    torch.manual_seed(0)
    found = read_tuned_photos(
        EfficientNetLite(classes=0), BLOCKS, tmp_path, load_bundle(None), tmp_path / "work", photos=2, side=SIDE,
        progress=lambda items, _: items,
    )  # fmt: skip
    assert found.maps.shape == (8, 192, 2, 2)
    assert (len(found.training), len(found.measured), len(found.misled)) == (4, 4, 1)
    assert found.actions.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert found.mirrored.shape == (4, 192, 2, 2)
    # The photo is shrunk to 64×32, and lies at the top of the square.
    assert found.boxes[0] == pytest.approx([0, 0, 32, 32], abs=1)
    assert found.joints.shape == (4, 16, 2)
