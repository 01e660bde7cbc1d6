"""Maps are those of the picture that a graph is given, and are computed once."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from edgeact.bundle.manifest import CropSpec, GraphSpec, TensorSpec
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import PERSON_PADDING
from trainer.evaluate.held_out import picture_of
from trainer.layers.pixels import IMAGENET, to_range
from trainer.precomputed.frozen_maps import frozen_maps, view_of

BOX = np.array([10, 5, 30, 60], np.float32)


class Backbone(torch.nn.Module):
    pixel_range = IMAGENET

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.calls = torch.nn.Conv2d(3, 4, 3, 2), 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.layer(images)


@pytest.fixture
def samples(tmp_path: Path) -> list[LabelledSample]:
    found = []
    for number in range(11):
        image = np.random.default_rng(number).integers(0, 255, (80, 60, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number:02d}.png"), image)
        found.append(LabelledSample(tmp_path / f"{number:02d}.png", "train", 0, BOX))
    return found


@pytest.mark.parametrize(("view", "scope"), [("person", "person"), ("frame", "scene")])
def test_the_picture_is_that_of_the_runtime(view: str, scope: str, samples: list[LabelledSample]) -> None:
    spec = GraphSpec.model_construct(
        scope=scope,
        inputs=(TensorSpec.model_construct(name="image", meaning="picture", shape=("N", 32, 32, 3)),),
        crop=CropSpec(padding=PERSON_PADDING),
    )
    assert (view_of(samples[3], view, 32) == picture_of(samples[3], spec)).all()


def test_maps_are_computed_once_for_the_same_weights_and_boxes(samples: list[LabelledSample], tmp_path: Path) -> None:
    backbone, shown = Backbone().eval(), []

    def progress(items: object, title: str) -> object:
        shown.append(title)
        return items

    maps = frozen_maps(backbone, samples, "person", 32, tmp_path / "kept", progress=progress)
    assert maps.shape == (11, 4, 15, 15)
    with torch.no_grad():
        alone = backbone(to_range(torch.from_numpy(view_of(samples[10], "person", 32))[None], IMAGENET))
    assert maps[10] == pytest.approx(alone[0].numpy(), abs=2e-3)
    calls = backbone.calls
    assert (frozen_maps(backbone, samples, "person", 32, tmp_path / "kept", progress=progress) == maps).all()
    assert backbone.calls == calls
    with torch.no_grad():
        backbone.layer.bias += 1
    other = frozen_maps(backbone, samples, "person", 32, tmp_path / "kept", progress=progress)
    assert other == pytest.approx(maps + 1, abs=5e-3)
    assert len(list((tmp_path / "kept").iterdir())) == 2
    assert shown == ["features: person"] * 2


def test_a_person_without_a_box_is_named(samples: list[LabelledSample]) -> None:
    with pytest.raises(ValueError, match="has no box"):
        view_of(LabelledSample(samples[0].path, "train"), "person", 32)
