"""UT-Interaction, on a tiny copy of its official layout."""

from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.sets.layouts import write_clip
from trainer.data.sets.ut_interaction import read_ut_interaction


def test_ut_interaction(tmp_path: Path) -> None:
    for folder, name in (("segmented_set1", "0_1_4"), ("segmented_set1", "9_9_2"), ("segmented_set2", "9_12_0")):
        write_clip(tmp_path / folder / f"{name}.avi")
    found = read_ut_interaction(tmp_path)
    assert [(s.source, s.split, found.actions[s.actions[0]]) for s in found.samples] == [
        ("seq01", "train", "punch"), ("seq09", "test", "kick"), ("seq12", "train", "handshake"),
    ]  # fmt: skip


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_ut_interaction(tmp_path)
