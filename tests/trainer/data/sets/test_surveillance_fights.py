"""Surveillance Fights, on a tiny copy of its layout: clips of one source video stay on one side."""

from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, pixels_of, write, write_clip
from trainer.data.sets.surveillance_fights import read_surveillance_fights

ROWS = ("fi1.mp4,fight,b", "fi2.mp4,fight,a", "nofi1.mp4,nofight,c", "nofi2.mp4,nofight,a", "fi3.mp4,fight,d")


def test_every_third_video_measures_with_all_of_its_clips(tmp_path: Path) -> None:
    write(tmp_path / "groups.csv", "\n".join(("file,label,group", *ROWS)))
    found = read_surveillance_fights(tmp_path)
    assert [(sample.name, sample.source, sample.split, sample.actions) for sample in found.samples] == [
        ("fi1", "b", "train", (0,)),
        ("fi2", "a", "test", (0,)),
        ("nofi1", "c", "train", (1,)),
        ("nofi2", "a", "test", (1,)),
        ("fi3", "d", "test", (0,)),
    ]
    write_clip(tmp_path / "clips" / "fi1.mp4")
    assert pixels_of(found.samples[0]) == CLIP


def test_a_clip_without_a_known_label_or_a_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"groups\.csv not found"):
        read_surveillance_fights(tmp_path)
    for damaged, said in (
        ("fi1.mp4,brawl,a", "'brawl' is none of fight, nofight; copy"),
        ("fi1.mp4,fight,", "has not file, label, group; copy"),
        ("fi1.mp4", "has not file, label, group; copy"),
    ):
        write(tmp_path / "groups.csv", f"file,label,group\n{damaged}\n")
        with pytest.raises(SourceFormatError, match=said):
            read_surveillance_fights(tmp_path)


@pytest.mark.data
def test_the_real_set_has_both_classes_on_both_sides(shared_folder: Path) -> None:
    found = read_surveillance_fights(shared_folder / "data" / "surveillance_fights")
    assert [sum(sample.actions == (row,) for sample in found.samples) for row in (0, 1)] == [150, 150]
    assert all(sample.media.path.is_file() for sample in found.samples)
    sources = {part: {sample.source for sample in found.part(part)} for part in ("train", "test")}
    assert (len(sources["train"]), len(sources["test"])) == (30, 16)
    assert not sources["train"] & sources["test"]
    assert [sum(sample.actions == (row,) for sample in found.part("test")) for row in (0, 1)] == [59, 51]
