"""The photos that the gallery's networks train on: ``stanford40`` in its own layout, and its real copy where it is."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from edgeact.errors import SourceNotFoundError
from tests.trainer.paper_sets import write_lspet
from trainer.attribution.demonstrators import SIDE, _fit_body_part_aware, _fit_guided, _fit_pooled, read_stills
from trainer.data.wild_split import wild_split
from trainer.models.compact import LEVEL_CHANNELS, CompactBackbone

ACTIONS = ("jumping", "reading")


def write_set(folder: Path, *, width: int = 40, height: int = 20) -> Path:
    """Photos in black, each with a white person; the official test photo must never be read, and is not there."""
    (folder / "images").mkdir(parents=True)
    lines = ["file,action,split,width,height,x,y,w,h"]
    for number in range(30):
        file, action = f"{ACTIONS[number % 2]}_{number:03d}.jpg", ACTIONS[number % 2]
        photo = np.zeros((height, width, 3), np.uint8)
        photo[4:16, 10:30] = 255
        cv2.imwrite(str(folder / "images" / file), photo)
        lines.append(f"{file},{action},train,{width},{height},10.0,4.0,20.0,12.0")
    lines.append(f"reading_099.jpg,reading,test,{width},{height},10.0,4.0,20.0,12.0")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_photos_labels_and_boxes_of_a_split(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "stanford40")
    training, unseen = (read_stills(folder, split, ACTIONS) for split in ("train", "validation"))
    names = [f"{ACTIONS[number % 2]}_{number:03d}.jpg" for number in range(30)]
    kept = [number for number, name in enumerate(names) if wild_split("stanford40", name, official="train") == "train"]
    assert training.labels.tolist() == [number % 2 for number in kept]
    assert len(training.labels) + len(unseen.labels) == 30
    assert len(unseen.labels) > 0
    assert training.photos.shape == (len(kept), SIDE, SIDE, 3)
    x0, y0, x1, y1 = training.boxes[0].round().int().tolist()
    assert (x1 - x0, y1 - y0) == (SIDE // 2, SIDE * 12 // 40)  # the photo is 40 wide
    person = training.photos[0, y0 + 4 : y1 - 4, x0 + 4 : x1 - 4]
    assert person.mean() > 240
    assert training.photos[0, y0:y1, : x0 - 4].mean() < 120  # what is beside the box is not the person
    assert read_stills(folder, "train", ACTIONS, every=5).labels.tolist() == training.labels[::5].tolist()


def test_a_missing_set_or_photo_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SourceNotFoundError, match=r"labels\.csv not found; it holds the labels of Stanford 40: give the folder"
    ):
        read_stills(tmp_path, "train", ACTIONS)
    folder = write_set(tmp_path / "stanford40")
    (folder / "images" / "jumping_000.jpg").unlink()
    with pytest.raises(SourceNotFoundError, match=r"jumping_000\.jpg not found"):
        read_stills(folder, "train", ACTIONS)


def test_the_networks_of_a_b_and_d_are_trained_by_the_loop(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    stills = read_stills(write_set(tmp_path / "stanford40"), "train", ACTIONS, every=6)
    write_lspet(tmp_path)
    features = torch.rand(len(stills.labels), LEVEL_CHANNELS[2], 14, 14)
    cells = nn.Conv2d(1, 1, 1).requires_grad_(False)
    backbone = CompactBackbone().requires_grad_(False).eval()
    frozen = {name: value.clone() for name, value in backbone.state_dict().items()}
    made = [
        _fit_guided(cells, features, stills, 2, guided=True, steps=2),
        _fit_guided(cells, features, stills, 2, guided=False, steps=2),
        _fit_pooled(cells, features, stills, 2, steps=2),
        _fit_body_part_aware(backbone, tmp_path, stills, 2, steps=1),
    ]
    assert not any(network.training for network in made)
    assert not torch.equal(made[0].human_branch[0].weight, made[1].human_branch[0].weight)
    assert all(torch.equal(value, frozen[name]) for name, value in backbone.state_dict().items())


@pytest.mark.data
def test_the_real_set_is_read(shared_folder: Path) -> None:
    actions = ("applauding", "waving_hands")
    folder = shared_folder / "data" / "stanford40"
    every = [line.split(",")[1] for line in (folder / "labels.csv").read_text().splitlines()[1:]]
    assert len(every) == 800
    stills = read_stills(folder, "train", tuple(sorted(set(every))), every=150)
    assert len(stills.labels) == 5
    assert set(actions) < set(every)
    boxes = stills.boxes
    assert ((boxes[:, 2:] - boxes[:, :2]) > 10).all()
    assert (boxes > -1).all()
    assert (boxes < SIDE + 1).all()
