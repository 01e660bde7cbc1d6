"""Which files of a folder are clips of which class and source, and what is said of folders that cannot be."""

from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError, UsageError
from trainer.data.class_folder import check_several_classes, read_class_folder


def make(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def test_sources_are_sub_folders_or_names_without_their_last_number(tmp_path: Path) -> None:
    folder = make(
        tmp_path,
        "wave/anna_01.mp4", "wave/anna_02.mp4", "wave/ben 3.MOV", "kick/anna/x.mp4", "kick/ben/deep/y.png",
        "Other/carl (2).mp4", "Other/dora.mp4",
    )  # fmt: skip
    found = read_class_folder(folder)
    assert found.labels == ("kick", "wave")
    assert [(clip.label, clip.source, clip.still) for clip in found.clips] == [
        ("kick", "anna", False), ("kick", "ben", True), ("other", "carl", False), ("other", "dora", False),
        ("wave", "anna", False), ("wave", "anna", False), ("wave", "ben", False),
    ]  # fmt: skip
    assert found.notes == ()


def test_names_that_tell_no_source_make_each_file_one_and_are_said(tmp_path: Path) -> None:
    found = read_class_folder(make(tmp_path, "wave/IMG_1.mp4", "wave/IMG_2.mp4", "kick/IMG_3.mp4"))
    assert len({clip.source for clip in found.clips}) == 3
    assert "kick, wave: names do not tell who was recorded" in found.notes[0]


def test_what_is_no_clip_is_left_out_and_named(tmp_path: Path) -> None:
    folder = make(
        tmp_path, "a/p_1.mp4", "a/q_1.mp4", "b/p.mp4", "b/q.mp4", "a/notes.txt", "a/.hidden.mp4", "empty/x.doc"
    )
    make(folder, ".git/a.mp4", "__MACOSX/b.mp4")
    found = read_class_folder(folder)
    assert len(found.clips) == 4
    assert [note for note in found.notes if "notes.txt" in note]
    assert [note for note in found.notes if "empty holds no clips" in note]


def test_one_class_alone_is_refused_and_with_other_it_is_enough(tmp_path: Path) -> None:
    make(tmp_path, "wave/a.mp4", "wave/b.mp4")
    with pytest.raises(UsageError, match=r"one class only, 'wave'; add a second one, or 'other'"):
        check_several_classes(read_class_folder(tmp_path), tmp_path)
    make(tmp_path, "other/a.mp4", "other/b.mp4")
    check_several_classes(read_class_folder(tmp_path), tmp_path)
    assert read_class_folder(tmp_path).labels == ("wave",)


def test_names_that_cannot_be_labels_are_listed(tmp_path: Path) -> None:
    make(tmp_path, "two\nlines/a.mp4", f"{'x' * 61}/a.mp4", "Kick/a.mp4", "kick/a.mp4", "ünder weg/a.mp4")
    with pytest.raises(UsageError) as refused:
        read_class_folder(tmp_path)
    message = str(refused.value)
    assert "two\\nlines" in message
    assert "longer than 60" in message
    assert "2 folders are called 'kick'" in message
    assert "weg" not in message  # spaces and letters of all languages are fine


@pytest.mark.parametrize("names", [(), ("readme.txt",), ("empty/x.doc",)])
def test_a_folder_without_classes_says_what_to_make(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(SourceNotFoundError, match="make one for each class"):
        read_class_folder(make(tmp_path, *names))
    with pytest.raises(SourceNotFoundError, match="is no folder"):
        read_class_folder(tmp_path / "none")
