"""Stanford 40, on a tiny copy of its official layout."""

from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import voc, write
from trainer.data.sets.stanford40 import read_stanford40


def test_stanford40(tmp_path: Path) -> None:
    for action in ("eat", "run"):
        for part in ("train", "test"):
            write(tmp_path / "ImageSplits" / f"{action}_{part}.txt", f"{action}_{part}.jpg\n")
            write(tmp_path / "XMLAnnotations" / f"{action}_{part}.xml", voc(("person", "1 2 30 40")))
    (tmp_path / "JPEGImages").mkdir()
    found = read_stanford40(tmp_path)
    assert [(s.name, s.split, s.actions) for s in found.samples][:3] == [
        ("eat_train", "train", (0,)), ("eat_test", "test", (0,)), ("run_train", "train", (1,)),
    ]  # fmt: skip
    assert found.samples[0].boxes[0, 0].tolist() == [1, 2, 30, 40]
    write(tmp_path / "XMLAnnotations" / "run_test.xml", "<annotation><object>")
    with pytest.raises(SourceFormatError, match=r"run_test\.xml is no XML"):
        read_stanford40(tmp_path)


@pytest.mark.data
def test_the_whole_of_stanford40_where_it_was_packed(shared_folder: Path) -> None:
    """The packed set has a table instead of the official lists: it says so."""
    with pytest.raises(SourceNotFoundError, match="the lists of Stanford 40"):
        read_stanford40(shared_folder / "data" / "stanford40")


def test_a_billion_laughs_are_refused(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write(tmp_path / "ImageSplits" / f"eat_{part}.txt", "a.jpg")
    (tmp_path / "images").mkdir()
    bomb = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><annotation>&c;</annotation>'
    write(tmp_path / "XMLAnnotations" / "a.xml", bomb)
    with pytest.raises(SourceFormatError, match=r"a\.xml is no XML"):
        read_stanford40(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_stanford40(tmp_path)
