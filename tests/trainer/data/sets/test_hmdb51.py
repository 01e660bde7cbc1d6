"""HMDB51, on a tiny copy of its official layout."""

from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, pixels_of, write, write_clip
from trainer.data.sets.hmdb51 import read_hmdb51


def test_hmdb51(tmp_path: Path) -> None:
    lists = tmp_path / "testTrainMulti_7030_splits"
    write(
        lists / "wave_test_split1.txt", "A film (2)_wave_u_cm_np1_fr_med_0.avi 1\nB_wave_u_0.avi 2\nC_wave_u_0.avi 0\n"
    )
    write_clip(tmp_path / "wave" / "B_wave_u_0.avi")
    found = read_hmdb51(tmp_path)
    assert [(s.source, s.split) for s in found.samples] == [("A film (2)", "train"), ("B", "test"), ("C", None)]
    assert pixels_of(found.samples[1]) == CLIP
    write(lists / "wave_test_split1.txt", "A.avi")
    with pytest.raises(SourceFormatError, match="does not end in 0, 1 or 2"):
        read_hmdb51(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_hmdb51(tmp_path)
