"""UCF101 and UCF24, on a tiny copy of its official layout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, pixels_of, write, write_clip
from tests.trainer.data.sets.matlab_files import write_version5, write_version73
from trainer.data.sample import Video
from trainer.data.sets.ucf101 import read_ucf24, read_ucf101


@pytest.mark.parametrize("write_matlab", [write_version5, write_version73])
def test_ucf101_and_the_boxes_of_ucf24(write_matlab: Callable, tmp_path: Path) -> None:
    lists = tmp_path / "ucfTrainTestlist"
    write(lists / "classInd.txt", "1 Diving\n2 Fencing\n")
    write(lists / "trainlist01.txt", "Fencing/v_Fencing_g01_c02.avi 2\n")
    write(lists / "testlist01.txt", "Diving/v_Diving_g02_c01.avi\n")
    for name in ("Fencing/v_Fencing_g01_c02", "Diving/v_Diving_g02_c01"):
        write_clip(tmp_path / "UCF-101" / f"{name}.avi")
    train, test = read_ucf101(tmp_path).samples
    assert (pixels_of(train), pixels_of(test)) == (CLIP, CLIP)
    assert (train.split, train.actions, train.source) == ("train", (1,), "v_Fencing_g01")
    assert (test.split, test.actions) == ("test", (0,))
    assert test.media == Video(tmp_path / "UCF-101" / "Diving" / "v_Diving_g02_c01.avi")
    boxes = np.array([[1.0, 2, 10, 20], [2, 3, 10, 20]])
    tubes = [{"sf": 2.0, "ef": 3.0, "class": 1.0, "boxes": boxes}, {"sf": 1.0, "ef": 2.0, "class": 1.0, "boxes": boxes}]
    names = ("Fencing/v_Fencing_g01_c02", "Diving/v_Diving_g02_c01")
    annotations = [{"name": name, "num_imgs": 4.0, "tubes": tubes} for name in names]
    write_matlab(tmp_path / "finalAnnots.mat", {"annot": annotations})
    diving, fencing = read_ucf24(tmp_path).samples
    assert (diving.split, fencing.split) == ("test", "train")
    assert pixels_of(diving) == CLIP
    assert diving.boxes.shape == (4, 2, 4)
    assert diving.boxes[1, 0].tolist() == [0, 1, 10, 21]
    assert np.isnan(diving.boxes[0, 0]).all()
    assert np.isnan(diving.boxes[3]).all()
    annotations[0]["tubes"][0]["ef"] = 9.0
    write_matlab(tmp_path / "finalAnnots.mat", {"annot": annotations})
    with pytest.raises(SourceFormatError, match="2 boxes for frames 2 to 9 of 4"):
        read_ucf24(tmp_path)


def test_an_empty_folder_is_named_by_read_ucf101(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_ucf101(tmp_path)


def test_an_empty_folder_is_named_by_read_ucf24(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_ucf24(tmp_path)
