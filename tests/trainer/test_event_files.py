"""TensorBoard's own reader finds the figures of the log, and those of a training that went on once each."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from edgeact.errors import OutputError
from trainer.event_files import write_events_to
from trainer.training_log import TrainingLog


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    found = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def log(path: Path, *, step: int, lines: list[dict[str, object]]) -> None:
    file = TrainingLog(path, step=step, name="paper one")
    for line in lines:
        file.write(line)


def test_the_reader_finds_what_the_log_holds(tmp_path: Path) -> None:
    with write_events_to(tmp_path / "events"):
        lines: list[dict[str, object]] = [
            {"step": 2, "of": 4, "loss": 0.5, "check": {"mAP": 0.25}},
            {"step": 4, "of": 4, "loss": 0.25, "check": None},
        ]
        log(tmp_path / "log.jsonl", step=0, lines=lines)
    assert read(tmp_path / "events" / "paper_one") == {
        "loss": [(2, 0.5), (4, 0.25)],
        "check/mAP": [(2, 0.25)],
    }


def test_steps_that_are_done_again_count_once(tmp_path: Path) -> None:
    with write_events_to(tmp_path / "events"):
        log(tmp_path / "log.jsonl", step=0, lines=[{"step": step, "loss": step / 2} for step in (2, 4, 6)])
        log(tmp_path / "log.jsonl", step=4, lines=[{"step": 6, "loss": 9.0}])
    assert read(tmp_path / "events" / "paper_one") == {"loss": [(2, 1.0), (4, 2.0), (6, 9.0)]}


def test_a_training_that_goes_on_with_event_files_tells_its_beginning_too(tmp_path: Path) -> None:
    log(tmp_path / "log.jsonl", step=0, lines=[{"step": 2, "loss": 1.0}, {"step": 4, "loss": 2.0}])
    assert not (tmp_path / "events").exists()  # nobody asked for them
    with write_events_to(tmp_path / "events"):
        log(tmp_path / "log.jsonl", step=2, lines=[{"step": 4, "loss": 3.0}])
    log(tmp_path / "log.jsonl", step=4, lines=[{"step": 6, "loss": 4.0}])
    assert read(tmp_path / "events" / "paper_one") == {"loss": [(2, 1.0), (4, 3.0)]}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("a file")
    with write_events_to(tmp_path / "events"), pytest.raises(OutputError, match="name another --tensorboard"):
        log(tmp_path / "log.jsonl", step=0, lines=[])
