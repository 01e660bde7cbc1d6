"""Both versions of MATLAB's files give the same content."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.matlab_files import Cell, write_version5, write_version73
from trainer.data.sets.matlab import listed, number, read_matlab

CONTENT = {
    "numbers": np.arange(24.0).reshape(2, 3, 4),
    "text": "golf swing",
    "struct": {"name": "a", "inner": {"value": 3.0}},
    "structs": [{"id": 1.0, "label": "x"}, {"id": 2.0, "label": "yz"}],
    "cell": Cell(["one", np.array([[1.0, 2.0]])]),
}


@pytest.mark.parametrize("write", [write_version5, write_version73])
def test_everything_comes_back(write: Callable, tmp_path: Path) -> None:
    write(tmp_path / "a.mat", CONTENT)
    found = read_matlab(tmp_path / "a.mat", "a test")
    assert set(found) == set(CONTENT)
    assert found["numbers"].shape == (2, 3, 4)
    assert (found["numbers"] == CONTENT["numbers"]).all()
    assert found["text"] == "golf swing"
    assert found["struct"]["name"] == "a"
    assert number(found["struct"]["inner"]["value"]) == 3.0
    assert [(number(row["id"]), row["label"]) for row in found["structs"]] == [(1.0, "x"), (2.0, "yz")]
    assert found["cell"][0] == "one"
    assert np.ravel(found["cell"][1]).tolist() == [1, 2]


def test_one_struct_none_and_several_are_listed() -> None:
    assert listed({"a": 1}) == [{"a": 1}]
    assert listed(np.zeros((0, 0))) == []
    assert listed([1, 2]) == [1, 2]


@pytest.mark.parametrize("write", [write_version5, write_version73])
def test_what_is_damaged_or_missing_is_named(write: Callable, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"a\.mat not found; it holds a test"):
        read_matlab(tmp_path / "a.mat", "a test")
    write(tmp_path / "a.mat", CONTENT)
    whole = (tmp_path / "a.mat").read_bytes()
    for length in (0, 4, 200, len(whole) // 2):
        (tmp_path / "a.mat").write_bytes(whole[:length])
        with pytest.raises(SourceFormatError, match=r"a\.mat cannot be read as a MATLAB file"):
            read_matlab(tmp_path / "a.mat", "a test")
    (tmp_path / "a.mat").write_text("no MATLAB file at all, but some text that is long enough" * 20)
    with pytest.raises(SourceFormatError, match=r"a\.mat cannot be read as a MATLAB file"):
        read_matlab(tmp_path / "a.mat", "a test")


def test_several_numbers_are_no_scalar() -> None:
    with pytest.raises(SourceFormatError, match="2 numbers where one should be"):
        number(np.zeros(2))
