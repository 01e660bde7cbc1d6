"""Labelling goes on where it was stopped."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer.data import label as module
from trainer.data.label import label


def rows(_data: Path, _teachers: Path) -> Iterator[dict]:
    yield {"file": "a.jpg"}
    yield {"file": "b.jpg"}


def broken(_data: Path, _teachers: Path) -> Iterator[dict]:
    yield {"file": "a.jpg"}
    raise KeyboardInterrupt


def test_a_finished_file_is_left_alone_and_a_broken_one_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PARTS", {"first": rows, "second": broken})
    with pytest.raises(KeyboardInterrupt):
        label(tmp_path, tmp_path, tmp_path / "labels", ["first", "second"])
    assert not (tmp_path / "labels/second.jsonl").exists()
    monkeypatch.setattr(module, "PARTS", {"first": broken, "second": rows})
    label(tmp_path, tmp_path, tmp_path / "labels", ["first", "second"])
    for name in ("first", "second"):
        lines = (tmp_path / f"labels/{name}.jsonl").read_text().splitlines()
        assert [json.loads(line)["file"] for line in lines] == ["a.jpg", "b.jpg"]
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == ["first.jsonl", "second.jsonl"]
