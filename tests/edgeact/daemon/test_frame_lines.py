from pathlib import Path

import pytest

from edgeact.config import PipelineConfig
from edgeact.daemon.frame_lines import FrameLines
from edgeact.errors import OutputError
from edgeact.sinks.jsonl import read_frames
from tests.results import bundle_without_graphs, person, result, source_info


def open_lines(path: Path, *, width: int = 64, largest: int = 10**6) -> FrameLines:
    return FrameLines(
        path,
        info=source_info(width=width),
        bundle=bundle_without_graphs(),
        config=PipelineConfig(),
        largest=largest,
        keep=3,
    )


def indices(path: Path) -> list[int]:
    return [frame["index"] for frame in read_frames(path)]


def test_a_restart_goes_on_in_the_same_file_and_a_change_begins_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "gate.frames.jsonl"
    for index, width in enumerate((64, 64, 32)):
        lines = open_lines(path, width=width)
        lines.write(result(index, persons=(person(),)), None)
        lines.close()
    assert indices(tmp_path / "gate.frames.jsonl.1") == [0, 1]
    assert indices(path) == [2]


def test_every_file_can_be_read_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "gate.frames.jsonl"
    lines = open_lines(path, largest=3000)
    for index in range(12):
        lines.write(result(index, persons=(person(),)), None)
    lines.close()
    files = [path.with_name(f"{path.name}.{number}") for number in (3, 2, 1)]
    assert [index for file in (*files, path) for index in indices(file)] == list(
        range(12 - sum(len(indices(file)) for file in (*files, path)), 12)
    )


def test_frames_that_there_is_no_room_for_are_lost_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = open_lines(tmp_path / "gate.frames.jsonl")

    def full(line: str) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr(lines._file, "write", full)
    lines.write(result(0), None)
    monkeypatch.undo()
    lines.write(result(1), None)
    lines.close()
    assert lines.lost == 1
    assert indices(tmp_path / "gate.frames.jsonl") == [1]
