"""The person detector's training: labels that two detectors agree on, turned pictures, cells that answer, one loss."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.data.detector_augment import DetectorAugmentation, augment_scene, turned_boxes
from trainer.data.detector_batches import PictureDrawer, SceneBatch
from trainer.data.detector_pictures import DetectorPicture, agree, read_pictures
from trainer.detector_losses import assign, cell_centres, detector_loss
from trainer.fit_detector import fit, recall
from trainer.models.person_detector import PersonDetector, pair_iou
from trainer.recipe import DetectorTraining

NOBODY = np.zeros((0, 4), np.float32)


def _boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_two_detectors_agree_on_sure_people_and_leave_the_others_open() -> None:
    first = _boxes((0, 0, 10, 20), (50, 0, 60, 20), (80, 0, 90, 20)), np.array([0.9, 0.9, 0.1], np.float32)
    second = _boxes((0, 0, 12, 20), (30, 0, 40, 20), (80, 0, 90, 20)), np.array([0.8, 0.3, 0.1], np.float32)
    sure, unsure = agree(first, second, NOBODY)
    assert np.allclose(sure, [(0, 0, 11, 20)])
    assert np.allclose(np.sort(unsure[:, 0]), [30, 50])  # of one detector each; what both score .1 is nobody


def test_a_person_that_a_human_boxed_is_there_once_and_as_boxed() -> None:
    both = _boxes((0, 0, 10, 20)), np.array([0.9], np.float32)
    known = _boxes((1, 0, 11, 21))
    sure, unsure = agree(both, both, known)
    assert np.allclose(sure, known)
    assert len(unsure) == 0


def test_who_is_sure_for_one_and_likely_for_the_other_is_unsure() -> None:
    box = _boxes((0, 0, 10, 20))
    sure, unsure = agree((box, np.array([0.9], np.float32)), (box, np.array([0.2], np.float32)), NOBODY)
    assert len(sure) == 0
    assert np.allclose(unsure, box)


@given(st.integers(0, 3), st.floats(0.5, 2.0), st.tuples(*[st.floats(1, 60)] * 4))
def test_a_box_that_is_turned_by_quarters_is_the_turned_box(
    quarters: int, scale: float, box: tuple[float, ...]
) -> None:
    x, y, width, height = box
    matrix = cv2.getRotationMatrix2D((0.0, 0.0), 90.0 * quarters, scale)
    corners = np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)]) @ matrix[:, :2].T
    (turned,) = turned_boxes(np.array([(x, y, x + width, y + height)]), matrix)
    assert np.allclose(turned, [*(corners.min(0)), *(corners.max(0))], atol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_the_box_stays_on_what_it_was_drawn_around(seed: int) -> None:
    picture = np.zeros((160, 240, 3), np.uint8)
    cv2.ellipse(picture, (120, 70), (20, 45), 0, 0, 360, (255, 255, 255), -1)
    box = _boxes((100, 25, 140, 115))
    plain = DetectorAugmentation(low_resolution=0.0, erase=0.0, scale=(0.6, 1.1), shift=0.1)
    canvas, seen, left = augment_scene(picture, box, np.random.default_rng(seed), width=256, height=192, strength=plain)
    grey = canvas.astype(int).sum(2)
    # The ellipse is the brightest there is: the picture was black, and grey lies around it.
    rows, columns = np.where(grey >= 0.97 * grey.max())
    assert left[0] > 0.9
    assert np.abs(seen[0] - [columns.min(), rows.min(), columns.max(), rows.max()]).max() < 4


def test_what_is_left_of_a_box_outside_of_the_canvas_is_nothing() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    boxes = _boxes((0, 0, 10, 10), (200, 200, 220, 240))
    strength = DetectorAugmentation(quarter=0.0, half=0.0, scale=(0.9, 0.9), shift=0.0)
    _, _, left = augment_scene(picture, boxes, np.random.default_rng(0), width=96, height=96, strength=strength)
    assert left[1] == 0


def test_cells_near_a_person_answer_and_those_of_an_unsure_one_are_left_out() -> None:
    centres, strides = cell_centres(64, 96)
    around = torch.cat([centres - 2 * strides[:, None], centres + 2 * strides[:, None]], 1)
    person, unsure = torch.tensor([[4.0, 4.0, 36.0, 36.0]]), torch.tensor([[60.0, 30.0, 90.0, 60.0]])
    given_cells = assign(around, torch.full((len(around),), 0.5), person, unsure, height=64, width=96)
    assert 1 <= len(given_cells.cells) <= 10
    chosen = centres[given_cells.cells]
    assert ((chosen >= 4) & (chosen <= 36)).all()
    assert torch.allclose(given_cells.overlap, pair_iou(around[given_cells.cells], person[given_cells.people]))
    inside = ((centres >= unsure[:, :2]) & (centres <= unsure[:, 2:])).all(1)
    assert (given_cells.counted[inside] == 0).all()
    assert (given_cells.counted[~inside] == 1).all()


def test_a_person_smaller_than_a_cell_is_given_one() -> None:
    centres, strides = cell_centres(64, 64)
    around = torch.cat([centres - strides[:, None], centres + strides[:, None]], 1)
    tiny = torch.tensor([[30.0, 30.0, 33.0, 33.0]])
    given_cells = assign(around, torch.full((len(around),), 0.5), tiny, torch.zeros(0, 4), height=64, width=64)
    assert len(given_cells.cells) == 1


def test_the_loss_is_finite_where_nobody_is() -> None:
    network = PersonDetector(4)
    batch = SceneBatch(torch.zeros(1, 3, 64, 64), (torch.zeros(0, 4),), (torch.zeros(0, 4),))
    assert torch.isfinite(detector_loss(network(batch.images), batch))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pictures of a bright figure on dark ground, and one of the ground alone."""
    rows = []
    for number, (name, split) in enumerate(
        (("stanford40", "train"), ("backgrounds", "train"), ("gym_stills", "validation"))
    ):
        image = np.full((96, 128, 3), 30, np.uint8)
        if name != "backgrounds":
            cv2.ellipse(image, (64, 48), (14, 34), 0, 0, 360, (90, 200, 240), -1)
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), image)
        sure = [] if name == "backgrounds" else [[50, 14, 78, 82]]
        rows.append({"set": name, "file": str(path), "split": split, "sure": sure, "unsure": []})
    listed = tmp_path / "pictures.jsonl"
    listed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return listed


def test_training_lowers_the_loss_and_what_is_done_is_not_done_again(pictures: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    start = PersonDetector(4)
    drawer = PictureDrawer(read_pictures(pictures, "train"))
    batch = drawer.draw(np.random.default_rng(0), 8)
    before = detector_loss(start(batch.images), batch).item()
    whole = fit(
        pictures, start, tmp_path / "a/net.safetensors", DetectorTraining(steps=4, rate=2e-3, batch=4, start_share=0.0)
    )
    assert detector_loss(whole(batch.images), batch).item() < before
    half = DetectorTraining(steps=4, rate=2e-3, batch=4, start_share=0.5)
    again = fit(pictures, start, tmp_path / "a/net.safetensors", half)  # done: nothing is trained anew
    for mixed, full, first in zip(again.parameters(), whole.parameters(), start.parameters(), strict=True):
        assert torch.allclose(mixed, (full + first) / 2, atol=1e-6)


def test_recall_turns_the_people_with_the_picture(pictures: Path) -> None:
    class Seer(PersonDetector):
        """Finds the bright figure."""

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            rows, columns = torch.where(x[0].sum(0) > 400)
            box = torch.stack([columns.min(), rows.min(), columns.max(), rows.max()]).float()
            boxes = torch.cat([box[None], torch.zeros(199, 4)])[None]
            return boxes, torch.full((1, 200), 9.0), torch.tensor([[9.0, *[-9.0] * 199]])

    rows: list[DetectorPicture] = read_pictures(pictures, "validation")
    assert [recall(Seer(4).eval(), rows, turn=turn) for turn in range(4)] == [1.0, 1.0, 1.0, 1.0]
