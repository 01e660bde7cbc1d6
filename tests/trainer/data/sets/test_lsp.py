"""LSP and its extension, on a tiny copy of its official layout."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.sets.layouts import PICTURE, pixels_of, write_picture
from trainer.data.sample import HIDDEN, NOT_LABELLED, SEEN, Picture
from trainer.data.sets.lsp import read_lsp, read_lsp_extended


def test_lsp_marks_what_is_hidden_and_its_extension_what_is_labelled(tmp_path: Path) -> None:
    values = np.zeros((3, 14, 1002))
    values[0], values[1], values[2, 3] = 11, 21, 1
    (tmp_path / "lsp").mkdir()
    savemat(tmp_path / "lsp" / "joints.mat", {"joints": values})
    found = read_lsp(tmp_path / "lsp").samples
    assert [len([s for s in found if s.split == part]) for part in ("train", "test")] == [1000, 2]
    assert found[0].joints[0, 0, 0].tolist() == [10, 20]
    assert found[0].visibility[0, 0, 2:5].tolist() == [SEEN, HIDDEN, SEEN]
    (tmp_path / "extended").mkdir()
    savemat(tmp_path / "extended" / "joints.mat", {"joints": values.transpose(1, 0, 2)})
    other = read_lsp_extended(tmp_path / "extended").samples
    assert other[0].media == Picture(tmp_path / "extended" / "images" / "im00001.jpg")
    for path in (tmp_path / "lsp" / "images" / "im0001.jpg", tmp_path / "extended" / "images" / "im00001.jpg"):
        write_picture(path)
    assert pixels_of(found[0]) == pixels_of(other[0]) == PICTURE
    assert other[0].visibility[0, 0, 2:5].tolist() == [NOT_LABELLED, SEEN, NOT_LABELLED]
    assert np.isnan(other[0].joints[0, 0, 2]).all()


def test_an_empty_folder_is_named_by_read_lsp(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_lsp(tmp_path)


def test_an_empty_folder_is_named_by_read_lsp_extended(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_lsp_extended(tmp_path)
