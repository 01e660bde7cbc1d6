"""When an input counts as done."""

import os
from pathlib import Path

import pytest

from edgeact.batch.record import InputRecord, RunRecord, RunSummary, is_current, load_record, save_record
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
    with pytest.raises(OutputError, match=r"a\.run\.json is a folder"):
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
    (tmp_path / ".a.run.json.partial").symlink_to(tmp_path / "precious")
    source = InputRecord(path="a.mp4", fingerprint="0")
    save_record(
        tmp_path / "a.run.json",
        RunRecord(state="done", input=source, settings=SETTINGS, outputs={}, summary=SUMMARY),
    )
    assert (tmp_path / "precious").read_text() == "kept"
    assert load_record(tmp_path / "a.run.json") is not None
