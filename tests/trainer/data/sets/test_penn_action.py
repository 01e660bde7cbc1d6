"""Penn Action, on a tiny copy of its official layout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.sets.layouts import PICTURE, pixels_of, write_picture
from tests.trainer.data.sets.matlab_files import write_version5, write_version73
from trainer.data.sample import HIDDEN, SEEN, FrameFiles
from trainer.data.sets.penn_action import read_penn_action


@pytest.mark.parametrize("write_matlab", [write_version5, write_version73])
def test_penn_action_with_and_without_frames(write_matlab: Callable, tmp_path: Path) -> None:
    x = np.arange(26.0).reshape(2, 13) + 1
    for number, (action, train) in enumerate((("squat", 1.0), ("bowl", -1.0)), 1):
        content = {
            "action": action, "train": train, "x": x, "y": x + 100, "visibility": np.array([[1.0] * 12 + [0.0]] * 2),
            "bbox": np.array([[1.0, 2, 3, 4]]), "nframes": 2.0, "dimensions": np.array([[9.0, 9, 2]]),
        }  # fmt: skip
        write_matlab(tmp_path / "labels" / f"{number:04d}.mat", content)
    first, second = read_penn_action(tmp_path).samples
    assert (first.split, first.actions, first.media) == ("train", (1,), None)
    assert (second.split, second.actions) == ("test", (0,))
    assert first.joints[1, 0, 0].tolist() == [13, 113]
    assert first.visibility[0, 0, -2:].tolist() == [SEEN, HIDDEN]
    assert first.boxes[0, 0].tolist() == [0, 1, 2, 3]
    assert np.isnan(first.boxes[1]).all()
    for frame in (1, 2):
        write_picture(tmp_path / "frames" / "0001" / f"{frame:06d}.jpg")
    sample = read_penn_action(tmp_path).samples[0]
    assert pixels_of(sample) == PICTURE * 2
    assert sample.media == FrameFiles(tuple(tmp_path / "frames" / "0001" / f"{frame:06d}.jpg" for frame in (1, 2)))


@pytest.mark.data
def test_the_real_labels_of_penn_action(shared_folder: Path) -> None:
    found = read_penn_action(shared_folder / "data" / "penn_action")
    assert [len(found.part(part)) for part in ("train", "test")] == [1258, 1068]
    assert len(found.actions) == 15


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_penn_action(tmp_path)
