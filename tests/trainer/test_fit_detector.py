"""The person detector's training: people whom two detectors agree on, turned pictures, and what is imitated in them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from trainer.data.detector_augment import DetectorAugmentation, augment_scene
from trainer.data.detector_batches import PictureDrawer
from trainer.data.detector_pictures import DetectorPicture, read_pictures
from trainer.detector_losses import imitation_loss, turn_cells, without_people
from trainer.detector_recipe import DetectorTraining
from trainer.fit_detector import FEWEST_PEOPLE, evaluate, fit, mean_over_turns, precision
from trainer.layers.relative_steps import train_absolute, train_relative
from trainer.models.person_detector import STRIDES, PersonDetector
from trainer.worst_gain import worst_gain

NOBODY = np.zeros((0, 4), np.float32)
MIX = {"stanford40": 0.9, "backgrounds": 0.1}
CANVASES = ((128, 96),)


def _boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_a_close_view_shows_the_person_and_nothing_stretches() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    cv2.circle(picture, (240, 40), 12, (255, 255, 255), -1)
    strength = DetectorAugmentation(low_resolution=0.0, erase=0.0, scale=(2.0, 2.0), shift=0.0, tilt_degrees=0.0)
    box = _boxes((228, 28, 252, 52))
    canvas = augment_scene(picture, box, np.random.default_rng(0), width=96, height=96, strength=strength)
    grey = canvas.astype(int).sum(2)
    rows, columns = np.where(grey >= 0.9 * grey.max())
    wide, high = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert abs(wide - high) <= 1
    assert abs(columns.mean() - 47.5) < 2
    assert abs(rows.mean() - 47.5) < 2


@given(st.integers(0, 7), st.sampled_from([(32, 64), (64, 64), (96, 32)]))
def test_turned_cells_are_those_of_the_turned_picture(quarters: int, size: tuple[int, int]) -> None:
    height, width = size

    def says(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """A network that turns with the picture: boxes around the cells' centres, scores of the cells' brightness."""
        boxes, scores = [], []
        for stride in STRIDES:
            rows, columns = image.shape[2] // stride, image.shape[3] // stride
            y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            centre = (torch.stack([x, y], -1).reshape(-1, 2) + 0.5) * stride - 0.5
            boxes.append(torch.cat([centre - stride, centre + stride], 1)[None])
            scores.append(functional.avg_pool2d(image, stride).mean(1).flatten(1))
        return torch.cat(boxes, 1), torch.cat(scores, 1), -torch.cat(scores, 1)

    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(quarters))
    turned = turn_cells(says(image), height=height, width=width, quarters=quarters)
    for part, wanted in zip(turned, says(torch.rot90(image, quarters, (2, 3))), strict=True):
        assert torch.allclose(part, wanted, atol=1e-5)


def test_who_imitates_perfectly_has_nothing_to_learn() -> None:
    torch.manual_seed(0)
    boxes = torch.rand(2, 5, 2) * 40
    teacher = torch.cat([boxes, boxes + 20], -1), torch.randn(2, 5), torch.randn(2, 5)
    student = tuple(part.clone().requires_grad_() for part in teacher)
    imitation_loss(student, teacher).backward()
    assert all(part.grad is not None and part.grad.abs().max() < 1e-4 for part in student[1:])
    moved = teacher[0] + 3.0, teacher[1], teacher[2]
    assert imitation_loss(moved, teacher) > imitation_loss(teacher, teacher)
    nobody = torch.full((2, 5), -20.0)
    assert torch.isfinite(imitation_loss(teacher, (teacher[0], nobody, nobody)))


def test_steps_are_relative_to_the_weights_and_what_is_computed_stays() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 2, 3)
    with torch.no_grad():
        layer.weight[0] *= 1e-3
    network, image = nn.Sequential(layer), torch.rand(1, 3, 8, 8)
    first, before = layer.weight.detach().clone(), network(image)
    train_relative(network)
    assert torch.allclose(network(image), before, atol=1e-6)
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    network(image).square().sum().backward()
    optimizer.step()
    train_absolute(network)
    moved = (layer.weight - first).detach().abs().flatten(1).mean(1) / first.abs().flatten(1).mean(1)
    assert 0.5 < moved[0] / moved[1] < 2.0
    assert type(layer) is nn.Conv2d


def write_pictures(folder: Path) -> Path:
    """Two pictures of a bright figure on dark ground, and one of the ground alone."""
    rows = []
    for number, (name, split) in enumerate(
        (("stanford40", "train"), ("backgrounds", "train"), ("gym_stills", "validation"))
    ):
        image = np.full((96, 128, 3), 30, np.uint8)
        if name != "backgrounds":
            cv2.ellipse(image, (64, 48), (14, 34), 0, 0, 360, (90, 200, 240), -1)
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), image)
        sure = [] if name == "backgrounds" else [[50, 14, 78, 82]]
        rows.append({"set": name, "file": str(path), "split": split, "sure": sure})
    listed = folder / "pictures.jsonl"
    listed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return listed


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_pictures(tmp_path)


def lively_network() -> PersonDetector:
    """A network whose answers depend on the picture, unlike those of a fresh one."""
    torch.manual_seed(0)
    network = PersonDetector(4).eval()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight *= 2.5
    return network


def test_training_lowers_the_loss_and_what_is_done_is_not_done_again(pictures: Path, tmp_path: Path) -> None:
    start = lively_network()
    images, _ = PictureDrawer(read_pictures(pictures, "train"), MIX, canvases=CANVASES).draw(
        np.random.default_rng(0), 8
    )
    with torch.no_grad():
        upright = start(images)
    wanted = turn_cells(upright, height=images.shape[2], width=images.shape[3], quarters=1)
    turned = torch.rot90(images, 1, (2, 3))
    before = imitation_loss(start(turned), wanted).item()
    training = DetectorTraining(steps=30, rate=0.01, batch=4, canvases=CANVASES, mix=MIX)
    whole = fit(pictures, start, tmp_path / "a/net.safetensors", training)
    assert imitation_loss(whole.eval()(turned), wanted).item() < before
    again = fit(pictures, start, tmp_path / "a/net.safetensors", training)  # done: nothing is trained anew
    full = whole.state_dict()
    assert all(torch.equal(weight, full[name]) for name, weight in again.state_dict().items())


class Seer(PersonDetector):
    """Finds the bright figure."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rows, columns = torch.where(x[0].sum(0) > 400)
        box = torch.stack([columns.min(), rows.min(), columns.max(), rows.max()]).float()
        boxes = torch.cat([box[None], torch.zeros(199, 4)])[None]
        return boxes, torch.full((1, 200), 9.0), torch.tensor([[9.0, *[-9.0] * 199]])


def test_precision_turns_the_people_with_the_picture(pictures: Path) -> None:
    rows: list[DetectorPicture] = read_pictures(pictures, "validation")
    assert [precision(Seer(4).eval(), rows, turn=turn) for turn in range(4)] == pytest.approx([1.0] * 4)


def test_a_source_with_enough_people_chooses_upright_and_turned(pictures: Path) -> None:
    (row,) = read_pictures(pictures, "validation")
    many = [row] * FEWEST_PEOPLE
    few = [DetectorPicture("lspet", row.path, row.people)] * (FEWEST_PEOPLE - 1)
    figures = evaluate(Seer(4).eval(), [*many, *few])
    assert figures == {"gym_stills": 1.0, "gym_stills turned": 1.0}
    elsewhere = [DetectorPicture("vn_everyday", row.path, row.people + 60)] * FEWEST_PEOPLE
    assert evaluate(Seer(4).eval(), elsewhere) == {"vn_everyday": 0.0, "vn_everyday turned": 0.0}


def test_the_source_that_gains_least_upright_and_turned_together_is_the_worst() -> None:
    former = {"lspet": 0.7, "lspet turned": 0.2, "coco_mini": 0.8, "coco_mini turned": 0.4}
    figures = {"lspet": 0.68, "lspet turned": 0.4, "coco_mini": 0.82, "coco_mini turned": 0.44}
    assert worst_gain(mean_over_turns(figures), mean_over_turns(former)) == 0.03
    assert worst_gain(mean_over_turns({}), mean_over_turns(former)) == 0.0


def test_in_pictures_of_nobody_whom_the_teacher_sees_is_a_mistake(tmp_path: Path) -> None:
    listed = write_pictures(tmp_path)
    rows = [json.loads(line) for line in listed.read_text().splitlines()]
    listed.write_text("".join(json.dumps({**row, "nobody": row["set"] == "backgrounds"}) + "\n" for row in rows))
    read = read_pictures(listed, "train")
    assert [picture.nobody for picture in read] == [False, True]
    _, nobody = PictureDrawer(read, MIX).draw(np.random.default_rng(0), 64)
    assert 0 < int(nobody.sum()) < 32
    said = torch.zeros(2, 5, 4), torch.full((2, 5), 3.0), torch.full((2, 5), 3.0)
    _, presence, person = without_people(said, torch.tensor([False, True]))
    assert torch.equal(presence, said[1])  # an object may be there
    assert torch.equal(person[0], said[2][0])
    assert torch.sigmoid(person[1]).max() < 1e-4
