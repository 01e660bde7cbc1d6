"""Claims about paper C: people are placed in the network's pictures, and maps are scored by where they point."""

from pathlib import Path

import numpy as np
import pytest
import torch

from edgeact.errors import SourceNotFoundError
from tests.toy_video import write_toy_video
from tests.trainer.paper_sets import tiny_recipe, write_surveillance_fights
from tests.trainer.teacher_networks import write_teachers
from trainer.claims.cam3d import VARIANTS, find_people, of_fights, try_cam3d
from trainer.claims.cam_maps import BLOB, MOVEMENT, KnownFrame, MapScore, all_maps, score_maps
from trainer.data.clip_batches import clip_frames
from trainer.data.labelled_samples import LabelledSample
from trainer.inputs.batch import MISSING, Batch


class _Painted(torch.nn.Module):
    """Layers that say the red channel of the input, and a score that grows with it."""

    def forward(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        red = torch.relu(clips[:, :1])
        names = ("conv", "layer1", "layer2", "layer3", "layer4")
        layers = {name: red * (1.0 + place) for place, name in enumerate(names)}
        total = torch.stack(list(layers.values())).square().sum(0)
        return layers, torch.stack([total.sum((1, 2, 3, 4)), -total.sum((1, 2, 3, 4))], 1)


def clips_with_a_red_corner() -> Batch:
    pixels = torch.zeros(2, 2, 32, 32, 3, dtype=torch.uint8)
    pixels[:, :, 2:10, 20:30, 0] = 255
    return Batch(pixels, torch.tensor([0, 1]), torch.full((2, 4), torch.nan), torch.full((2, 16, 2), float(MISSING)))


def test_maps_that_point_at_a_person_score_and_the_blob_does_not() -> None:
    batch = clips_with_a_red_corner()
    box = np.array([[20, 2, 29, 9]], np.float32)
    known = [KnownFrame(clip, frame, box) for clip in range(2) for frame in range(2)]
    scored = score_maps(_Painted(), [batch], known, progress=lambda items, _: items)
    for kind in ("3DCAM conv", "Sum3DCAM all layers", "Sum3DCAM 2 to 4", "GradCAM layer4", "Sum GradCAM all layers"):
        assert scored[kind] == MapScore(1.0, 1.0, 1.0, None), kind
    assert scored[BLOB].points == 0.0
    assert scored[BLOB].boxes < 0.7
    maps = all_maps(_Painted(), batch)
    assert all(values.shape == (2, 2, 32, 32) for values in maps.values())


def test_the_blob_lies_in_the_middle_of_the_picture_and_not_of_its_square() -> None:
    batch = clips_with_a_red_corner()
    batch.pixels[1, :, 17:] = 114  # below a picture of 17 rows lies the border
    whole, upper = all_maps(_Painted(), batch)[BLOB][:, 1]
    assert np.unravel_index(whole.argmax(), whole.shape)[0] == 15
    assert np.unravel_index(upper.argmax(), upper.shape)[0] == 8
    assert not upper[16:].any()


class _Dark(_Painted):
    """As `_Painted`, but where there is little red."""

    def forward(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        return super().forward(-clips)


def test_a_map_that_is_highest_in_the_grey_beside_the_picture_may_be_measured_without_it() -> None:
    batch = clips_with_a_red_corner()
    batch.pixels[...] = 200
    batch.pixels[:, :, :, 24:] = 114  # beside the picture
    batch.pixels[:, :, 2:10, 10:20, 0] = 114  # somebody as dark
    known = [KnownFrame(clip, 0, np.array([[10, 2, 19, 9]], np.float32)) for clip in range(2)]
    scored = [
        score_maps(_Dark(), [batch], known, inside=inside, progress=lambda items, _: items)["3DCAM conv"]
        for inside in (False, True)
    ]
    assert [score.points for score in scored] == [0.0, 1.0]
    assert scored[1].boxes == 1.0


def test_what_moves_is_high_where_a_frame_differs_from_the_rest_of_its_clip() -> None:
    batch = clips_with_a_red_corner()
    batch.pixels[0, 1, 5, 7] = 120
    moves = all_maps(_Painted(), batch)[MOVEMENT]
    assert moves[0, :, 5, 7].tolist() == [180, 180]  # 60 from the mean in each colour
    assert (moves > 0).sum() == 2


def test_with_masks_it_counts_which_pixels_show_the_person() -> None:
    batch = clips_with_a_red_corner()
    box = np.array([[20, 2, 29, 9]], np.float32)
    red = batch.pixels[0, 0, ..., 0].numpy() > 0
    half = red & (np.arange(32) < 25)[:, None].T  # the box stays, but half of its pixels show somebody else
    for mask, expected in ((red, 1.0), (half, 0.5)):
        known = [KnownFrame(clip, frame, box, mask) for clip in range(2) for frame in range(2)]
        scored = score_maps(_Painted(), [batch], known, progress=lambda items, _: items)
        assert scored["Sum3DCAM all layers"].pixels == pytest.approx(expected)
        assert scored["Sum3DCAM all layers"].points == 1.0  # of the highest cells the first
        share = mask.mean()
        assert scored[BLOB].pixels == pytest.approx(share, rel=0.5)  # about what chance gives


def test_people_are_looked_for_in_the_frames_that_the_network_sees(tmp_path: Path) -> None:
    teachers = write_teachers(tmp_path / "teachers")
    write_toy_video(tmp_path / "clip.mp4", seconds=0.5)
    clips = [LabelledSample(tmp_path / "clip.mp4", "test", 0)]
    with pytest.raises(
        SourceNotFoundError, match="in none of 1 clips the teacher is sure of 2"
    ):  # it finds one at most
        find_people(clips, tiny_recipe("gated3d"), teachers, progress=lambda items, _: items)
    assert clip_frames(100, 5) == [0, 25, 51, 74, 99]  # of 48 kept ones
    assert clip_frames(5, 5) == [0, 1, 2, 3, 4]


def test_networks_with_and_without_gates_are_trained_on_fights(tmp_path: Path) -> None:
    write_surveillance_fights(tmp_path)
    teachers = write_teachers(tmp_path / "teachers")
    torch.set_num_threads(1)
    recipe = of_fights(tiny_recipe("gated3d"))
    found = try_cam3d(recipe, tmp_path, teachers, tmp_path / "work", seeds=1, progress=lambda items, _: items)
    assert [outcome.variant for outcome in found.accuracy] == list(VARIANTS) == list(found.maps)
    assert found.frames == 2 * 4  # one of three videos measures, and in all frames of its clips somebody large is seen
    for maps in found.maps.values():
        assert {outcome.variant for outcome in maps.boxes} >= {"3DCAM layer1", "Sum3DCAM all layers", "GradCAM layer4"}
        assert all(0 <= outcome.mean <= 1 for outcome in (*maps.boxes, *maps.points))
        assert maps.pixels == ()
