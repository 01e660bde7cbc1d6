"""The log holds each step once, whatever was killed when."""

from pathlib import Path

from trainer.training_log import TrainingLog, with_bar


def test_lines_of_steps_that_are_done_again_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first = TrainingLog(path, step=0, name="letters")
    for step in (2, 4, 6):
        first.write({"step": step, "loss": step / 2})
    with path.open("a") as file:
        file.write('{"step": 7, "lo')
    TrainingLog(path, step=4, name="letters").write({"step": 6, "loss": 9.0})
    assert path.read_text() == '{"step": 2, "loss": 1.0}\n{"step": 4, "loss": 2.0}\n{"step": 6, "loss": 9.0}\n'


def test_a_bar_gives_what_it_counts() -> None:
    assert list(with_bar(iter("abc"), "letters", total=5, done=2)) == ["a", "b", "c"]
