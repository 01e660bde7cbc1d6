"""Stanford 40, on a tiny copy of its official layout."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import PICTURE, pixels_of, voc, write, write_picture
from trainer.data.sets.stanford40 import read_packed_stanford40, read_stanford40, read_stanford40_parts


def test_stanford40(tmp_path: Path) -> None:
    for action in ("eat", "run"):
        for part in ("train", "test"):
            write(tmp_path / "ImageSplits" / f"{action}_{part}.txt", f"{action}_{part}.jpg\n")
            write(tmp_path / "XMLAnnotations" / f"{action}_{part}.xml", voc(("person", "1 2 30 40")))
    write_picture(tmp_path / "JPEGImages" / "eat_train.jpg")
    found = read_stanford40(tmp_path)
    assert pixels_of(found.samples[0]) == PICTURE
    assert [(s.name, s.split, s.actions) for s in found.samples][:3] == [
        ("eat_train", "train", (0,)), ("eat_test", "test", (0,)), ("run_train", "train", (1,)),
    ]  # fmt: skip
    assert found.samples[0].boxes[0, 0].tolist() == [1, 2, 30, 40]
    assert [sample.name for sample in read_stanford40(tmp_path, parts=("test",)).samples] == ["eat_test", "run_test"]
    assert read_stanford40_parts(tmp_path) == {sample.picture.name: sample.split for sample in found.samples}
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


def test_the_packed_copy_has_a_table_with_boxes(tmp_path: Path) -> None:
    head = "file,action,split,width,height,x,y,w,h"
    write(tmp_path / "labels.csv", f"{head}\nb.jpg,run,train,90,120,1.5,2,30,40\na.jpg,eat,test,90,120,0,0,9,9\n")
    found = read_packed_stanford40(tmp_path)
    assert found.actions == ("eat", "run")
    assert [(sample.name, sample.split, sample.actions) for sample in found.samples] == [
        ("b", "train", (1,)),
        ("a", "test", (0,)),
    ]
    assert found.samples[0].boxes[0, 0].tolist() == [1.5, 2, 31.5, 42]
    assert found.samples[0].picture == tmp_path / "images" / "b.jpg"
    assert read_stanford40_parts(tmp_path) == {"b.jpg": "train", "a.jpg": "test"}
    for damaged, said in (
        ("b.jpg,run,train,90,120,left,2,30,40", "has no box in numbers"),
        ("b.jpg,run,val,90,120,1,2,30,40", "is of no part train or test"),
        ("b.jpg,run,train,90,120,1,2,30,", "has not file, action, split, x, y, w, h"),
    ):
        write(tmp_path / "labels.csv", f"{head}\n{damaged}\n")
        with pytest.raises(SourceFormatError, match=said):
            read_packed_stanford40(tmp_path)


@pytest.mark.parametrize("read", [read_packed_stanford40, read_stanford40_parts])
def test_an_empty_folder_is_named_by_the_others_too(tmp_path: Path, read: Callable) -> None:
    with pytest.raises(SourceNotFoundError, match="give the folder that"):
        read(tmp_path)
