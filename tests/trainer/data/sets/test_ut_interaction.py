"""UT-Interaction, on a tiny copy of its official layout."""

from collections import Counter
from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, pixels_of, write, write_clip
from trainer.data.sets.ut_interaction import ACTIONS, read_packed_ut_interaction, read_ut_interaction
from trainer.data.splits import UT_INTERACTION_TEST


def test_ut_interaction(tmp_path: Path) -> None:
    for folder, name in (("segmented_set1", "0_1_4"), ("segmented_set1", "9_9_2"), ("segmented_set2", "9_12_0")):
        write_clip(tmp_path / folder / f"{name}.avi")
    found = read_ut_interaction(tmp_path)
    assert [pixels_of(sample) for sample in found.samples] == [CLIP] * 3
    assert [(s.source, s.split, found.actions[s.actions[0]]) for s in found.samples] == [
        ("seq01", "train", "punch"), ("seq09", "test", "kick"), ("seq12", "train", "handshake"),
    ]  # fmt: skip


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_ut_interaction(tmp_path)


def test_the_packed_copy_also_has_clips_in_which_nobody_interacts(tmp_path: Path) -> None:
    write(
        tmp_path / "index.csv",
        "file,label,set,group\na.mp4,push,set1,seq01\nb.mp4,none,set1,seq09\nc.mp4,hug,set2,seq20",
    )
    found = read_packed_ut_interaction(tmp_path)
    assert found.actions == ("hug", "push")
    assert [(sample.name, sample.source, sample.split, sample.actions) for sample in found.samples] == [
        ("a", "seq01", "train", (1,)),
        ("b", "seq09", "test", ()),
        ("c", "seq20", "test", (0,)),
    ]
    assert found.samples[0].video == tmp_path / "clips" / "a.mp4"
    write(tmp_path / "index.csv", "file,label,set,group\na.mp4,push,set1,\n")
    with pytest.raises(SourceFormatError, match="has not file, label, group; copy"):
        read_packed_ut_interaction(tmp_path)


@pytest.mark.data
def test_the_real_packed_copy_holds_out_four_of_twenty_sequences(shared_folder: Path) -> None:
    found = read_packed_ut_interaction(shared_folder / "data" / "ut_interaction")
    assert found.actions == ACTIONS
    sources = {part: {sample.source for sample in found.part(part)} for part in ("train", "test")}
    assert sources["test"] == UT_INTERACTION_TEST
    assert len(sources["train"]) == 16
    held_out = Counter(sample.actions for sample in found.part("test") if sample.actions)
    assert held_out == {(row,): 4 for row in range(6)}
