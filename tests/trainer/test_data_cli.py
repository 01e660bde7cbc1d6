"""``edgeact data check`` on a folder with one fault of each kind."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edgeact.errors import SourceNotFoundError
from tests.toy_video import write_toy_video
from tests.trainer.data.test_class_cvat import box, track
from tests.trainer.data.test_class_cvat import write as write_cvat
from trainer.data.class_check import check_folder
from trainer.data_cli import app


def picture(path: Path, seed: int, *, size: int = 96, quality: int = 95) -> Path:
    """A picture of random soft blobs, which stays itself in another size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = cv2.resize(np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8), (size, size))
    cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return path


def faulty_folder(root: Path) -> Path:
    for part, label, name, seed in (
        ("train", "wave", "anna_1", 1), ("train", "wave", "ben_1", 2), ("train", "kick", "anna_1", 3),
        ("train", "kick", "ben_1", 4), ("test", "wave", "carl_1", 5), ("test", "wave", "dora_1", 6),
        ("test", "kick", "carl_1", 7), ("test", "kick", "dora_1", 8), ("train", "kicks", "anna_1", 9),
        ("train", "kicks", "ben_1", 10),
    ):  # fmt: skip
        picture(root / part / label / f"{name}.jpg", seed)
    picture(root / "test" / "wave" / "again_1.jpg", 1, size=160, quality=60)  # of train
    picture(root / "train" / "kick" / "carl_1.jpg", 2)  # is a wave
    (root / "train" / "wave" / "broken_1.jpg").write_bytes(b"no picture")
    return root


def test_every_fault_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    folder = faulty_folder(tmp_path / "recordings")
    result = CliRunner().invoke(app, ["check", str(folder), "--out", str(tmp_path / "out")], env={"COLUMNS": "200"})
    assert result.exit_code == 3
    figures = json.loads((tmp_path / "out" / "check.json").read_text())
    assert [line for line in figures["unreadable"] if "broken_1.jpg" in line]
    (across,) = [line for line in figures["duplicates"] if "again_1.jpg" in line]
    assert across.endswith("in test and in train")
    (mislabelled,) = [line for line in figures["duplicates"] if "carl_1.jpg" in line]
    assert mislabelled.endswith("labelled kick and wave")
    assert len(figures["duplicates"]) == 2
    assert any("'kick' and 'kicks' may be one class" in line for line in figures["labels"])
    assert any("'kicks' is missing in test" in line for line in figures["labels"])
    assert any("no class 'other'" in line for line in figures["remarks"])
    assert "5 to put right" in result.output
    sheet = cv2.imread(str(tmp_path / "out" / "sheet.jpg"))
    assert sheet.shape == (3 * 114, 8 * 128, 3)
    assert sheet[18:114, :128].std() > 20  # a picture, not an empty tile


def test_a_folder_in_order_passes(tmp_path: Path) -> None:
    for label, seed in (("wave", 20), ("other", 40)):
        for number in range(10):
            picture(tmp_path / label / f"{'ab'[number % 2]}_{number}.jpg", seed + number)
    result = CliRunner().invoke(app, ["check", str(tmp_path)], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "nothing to put right" in result.output
    shutil.rmtree(tmp_path / "other")
    with pytest.raises(SourceNotFoundError):
        CliRunner().invoke(app, ["check", str(tmp_path / "none")], catch_exceptions=False)


def test_an_export_is_looked_at_where_it_is_labelled(tmp_path: Path) -> None:
    write_toy_video(tmp_path / "gate_1.mp4", seconds=1.0, size=(160, 144), rate=15)
    tracks = track(0, *(box(n, "walk", left=40 + 2.7 * n) for n in range(8)))
    write_cvat(tmp_path, tracks + track(1, *(box(n, "other", left=100) for n in range(9, 15))))
    (_, walk) = sorted(check_folder(tmp_path, progress=lambda items, _: items).clips, key=lambda seen: seen.clip.label)
    assert walk.clip.label == "walk"
    assert walk.seconds == pytest.approx(7 / 15, abs=0.01)
    assert walk.tile.mean() > 60  # the walker's box, not the dark picture around
    result = CliRunner().invoke(app, ["check", str(tmp_path)], env={"COLUMNS": "200"})
    assert "2 clips can be read" in result.output
    assert "nothing to put right" in result.output
