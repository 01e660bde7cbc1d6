"""Names of outputs, fingerprints of inputs, and when an input counts as done."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.batch.record import (
    InputRecord,
    RunRecord,
    RunSummary,
    fingerprint_input,
    is_current,
    load_record,
    output_stems,
    save_record,
)
from edgeact.errors import OutputError

SETTINGS = {"every": 1}
SUMMARY = RunSummary(
    frames=3,
    seconds=0.5,
    media_seconds=0.12,
    tracks=1,
    most_persons=1,
    action_seconds={"walk": 0.1},
    truncated=False,
    warning=None,
)


def test_stems_are_those_of_the_inputs_unless_they_collide(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.mp4", "b.mp4", "B.mov", "x/c.mp4", "y/c.mp4", "d.tar.mp4")]
    assert output_stems(paths, tmp_path) == ["a", "b.mp4", "B.mov", "x-c.mp4", "y-c.mp4", "d.tar"]


def test_stems_end_with_a_hash_when_nothing_else_tells_them_apart(tmp_path: Path) -> None:
    stems = output_stems([tmp_path / "1/x/c.mp4", tmp_path / "2/x/c.mp4"], tmp_path)
    assert len(set(stems)) == 2
    assert all(stem.startswith("c-") and len(stem) == 10 for stem in stems)


def test_a_folder_keeps_its_whole_name(tmp_path: Path) -> None:
    (tmp_path / "take.2").mkdir()
    assert output_stems([tmp_path / "take.2"], tmp_path) == ["take.2"]


def test_a_link_has_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "target.mp4").write_bytes(b"x")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "target.mp4")
    assert output_stems([tmp_path / "link.mp4"], tmp_path) == ["link"]


def test_long_names_leave_room_for_what_is_added_to_them(tmp_path: Path) -> None:
    paths = [tmp_path / f"{letter * 80}.{suffix}" for letter in ("a", "語") for suffix in ("mp4", "mkv")]
    stems = output_stems(paths, tmp_path)
    assert stems[:2] == [path.name for path in paths[:2]]
    assert all(stem.startswith("語" * 60) and len(stem.encode()) <= 200 for stem in stems[2:])
    assert len(set(stems)) == 4


def test_a_newcomer_of_the_same_stem_leaves_the_name_to_who_has_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "a.mkv"
    first.write_bytes(b"x")
    record = RunRecord(state="done", input=fingerprint_input(first), settings=SETTINGS, outputs={}, summary=SUMMARY)
    save_record(tmp_path / "a.run.json", record)
    assert output_stems([first, second], tmp_path) == ["a", "a.mkv"]
    assert output_stems([second, first], tmp_path) == ["a.mkv", "a"]


names = st.text("abAB.-", min_size=1, max_size=3).filter(lambda name: name.strip("."))


@given(st.sets(st.tuples(names, names, st.sampled_from([".mp4", ".mov", ""])), max_size=12))
def test_stems_are_always_distinct(parts: set[tuple[str, str, str]]) -> None:
    paths = sorted({Path("/videos") / folder / (name + suffix) for folder, name, suffix in parts})
    stems = output_stems(paths, Path("/no records there"))
    assert len({stem.casefold() for stem in stems}) == len(paths)
    assert all(stem and "/" not in stem for stem in stems)


def test_a_fingerprint_changes_with_size_and_time_but_not_with_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"1")
    os.utime(path, ns=(0, 10))
    first = fingerprint_input(path)
    assert first == InputRecord(path=str(path.resolve()), fingerprint=first.fingerprint)
    os.utime(path, ns=(0, 11))
    later = fingerprint_input(path)
    path.write_bytes(b"12")
    os.utime(path, ns=(0, 10))
    larger = fingerprint_input(path)
    assert len({first.fingerprint, later.fingerprint, larger.fingerprint}) == 3
    (tmp_path / "moved").mkdir()
    moved = tmp_path / "moved" / "a.mp4"
    path.rename(moved)
    assert fingerprint_input(moved).fingerprint == larger.fingerprint


def test_a_folder_of_images_changes_with_any_image(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, ns=(0, 10))
    before = fingerprint_input(tmp_path)
    assert fingerprint_input(tmp_path) == before
    (tmp_path / "3.png").write_bytes(b"x")
    assert fingerprint_input(tmp_path) != before


def test_a_record_counts_only_when_all_of_it_fits(tmp_path: Path) -> None:
    source = InputRecord(path="/videos/a.mp4", fingerprint="f")
    record = RunRecord(state="done", input=source, settings=SETTINGS, outputs={"a.frames.jsonl": 3}, summary=SUMMARY)
    save_record(tmp_path / "a.run.json", record)
    assert load_record(tmp_path / "a.run.json") == record
    output = tmp_path / "a.frames.jsonl"
    assert not is_current(record, source, SETTINGS, tmp_path)  # the output is missing
    output.write_bytes(b"12")
    assert not is_current(record, source, SETTINGS, tmp_path)  # it has another size
    output.write_bytes(b"123")
    assert is_current(record, source, SETTINGS, tmp_path)
    assert is_current(record, InputRecord(path="/moved/a.mp4", fingerprint="f"), SETTINGS, tmp_path)
    assert not is_current(record, InputRecord(path="/videos/a.mp4", fingerprint="g"), SETTINGS, tmp_path)
    assert not is_current(record, source, {"every": 2}, tmp_path)
    assert not is_current(record.model_copy(update={"state": "writing"}), source, SETTINGS, tmp_path)
    assert not is_current(record.model_copy(update={"state": "interrupted"}), source, SETTINGS, tmp_path)
    assert not is_current(None, source, SETTINGS, tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"state": "done"}', b"\xff\xfe", b"[" * 1000])
def test_an_unreadable_record_is_no_record(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.run.json").write_bytes(content)
    assert load_record(tmp_path / "a.run.json") is None
    assert load_record(tmp_path / "b.run.json") is None


def test_a_record_that_cannot_be_written_names_the_file_and_leaves_nothing(tmp_path: Path) -> None:
    record = RunRecord(
        state="done", input=InputRecord(path="/a", fingerprint="f"), settings={}, outputs={}, summary=None
    )
    (tmp_path / "a.run.json").mkdir()  # a folder is in the way
    with pytest.raises(OutputError, match=r"a\.run\.json cannot be written"):
        save_record(tmp_path / "a.run.json", record)
    assert [path.name for path in tmp_path.iterdir()] == ["a.run.json"]


def test_only_a_regular_file_of_a_sensible_size_is_read_as_a_record(tmp_path: Path) -> None:
    source = InputRecord(path="a.mp4", fingerprint="0")
    record = RunRecord(state="done", input=source, settings=SETTINGS, outputs={}, summary=SUMMARY)
    save_record(tmp_path / "a.run.json", record)
    assert load_record(tmp_path / "a.run.json") == record
    (tmp_path / "link.run.json").symlink_to(tmp_path / "a.run.json")
    os.mkfifo(tmp_path / "pipe.run.json")
    (tmp_path / "large.run.json").write_bytes((tmp_path / "a.run.json").read_bytes() + b" " * 2**20)
    for name in ("link", "pipe", "large"):
        assert load_record(tmp_path / f"{name}.run.json") is None


def test_a_record_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "a.run.json.partial").symlink_to(tmp_path / "precious")
    source = InputRecord(path="a.mp4", fingerprint="0")
    save_record(
        tmp_path / "a.run.json",
        RunRecord(state="done", input=source, settings=SETTINGS, outputs={}, summary=SUMMARY),
    )
    assert (tmp_path / "precious").read_text() == "kept"
    assert load_record(tmp_path / "a.run.json") is not None
