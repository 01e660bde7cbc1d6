"""ImageNet's localisation task, on a tiny copy of its official layout."""

from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.sets.layouts import PICTURE, pixels_of, voc, write, write_picture
from trainer.data.sample import Picture
from trainer.data.sets.ilsvrc import read_ilsvrc


def test_ilsvrc(tmp_path: Path) -> None:
    root = tmp_path / "ILSVRC"
    write(tmp_path / "LOC_synset_mapping.txt", "n01 tench, a fish\nn02 goldfish\n")
    write(root / "ImageSets" / "CLS-LOC" / "val.txt", "ILSVRC2012_val_1 1\n")
    boxes = voc(("n02", "1 2 3 4"), ("n02", "5 6 7 8"))
    write(root / "Annotations" / "CLS-LOC" / "val" / "ILSVRC2012_val_1.xml", boxes)
    write(root / "ImageSets" / "CLS-LOC" / "train_loc.txt", "n01/n01_1 1\nn01/n01_2 2\n")
    write(root / "Annotations" / "CLS-LOC" / "train" / "n01" / "n01_1.xml", voc(("n01", "1 2 3 4")))
    (sample,) = read_ilsvrc(root).samples
    assert (sample.actions, sample.boxes.tolist()) == ((1,), [[[1, 2, 3, 4], [5, 6, 7, 8]]])
    assert sample.media == Picture(root / "Data" / "CLS-LOC" / "val" / "ILSVRC2012_val_1.JPEG")
    write_picture(sample.picture)
    assert pixels_of(sample) == PICTURE
    boxed, bare = read_ilsvrc(root, parts=("train",)).samples
    assert boxed.boxes.shape == (1, 1, 4)
    assert (bare.actions, bare.boxes) == ((0,), None)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_ilsvrc(tmp_path)
