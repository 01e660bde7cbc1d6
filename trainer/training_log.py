"""What a training leaves to be read: a line of JSON for each look at it, event files, and a bar while it runs."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edgeact.atomic import prepare_partial, publish
from trainer.event_files import event_file

Item = TypeVar("Item")


class TrainingLog:
    """``log.jsonl`` beside the checkpoint, a line for every checkpoint, and event files where a command asked for them.

    Args:
        path: The file; lines of steps after ``step``, which are done again, are dropped.
        step: How many steps were done.
        name: Of the training.

    Raises:
        OutputError: Event files are wanted, and cannot be written.
    """

    def __init__(self, path: Path, *, step: int, name: str) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if _step(line) <= step]
        if kept != lines:
            prepare_partial(path).write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
            publish(path)
        self._events = event_file(name, step=step, logged=[json.loads(line) for line in kept])

    def write(self, values: dict[str, object]) -> None:
        """Append a line; ``values`` hold the ``step``."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
        if self._events is not None:
            self._events.write(values)


def _step(line: str) -> float:
    """The step of a line; a line that broke off is of no step that counts."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")


def with_bar(items: Iterable[Item], title: str, *, total: int, done: int = 0) -> Iterator[Item]:
    """The items, with a bar on the error stream where that is a terminal.

    Args:
        items: What is done, one after the other.
        title: What the bar is called.
        total: How many there are in all.
        done: How many of them were done before.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=total, completed=done)
        for item in items:
            yield item
            progress.advance(task)
