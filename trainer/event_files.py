"""A training's figures as event files, which TensorBoard draws: the same numbers as in ``log.jsonl``.

`write_events_to` says where, for all trainings that a command starts; each has a folder of its name in it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from edgeact.errors import OutputError

_FOLDER: ContextVar[Path | None] = ContextVar("event_folder", default=None)
_VERSION = "brain.Event:2"  # what the first record of every file says


@contextmanager
def write_events_to(folder: Path | None) -> Iterator[None]:
    """Let all trainings write event files as long as this lasts; None lets them write none."""
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


class EventFile:
    """The event file of one training since it was started, or went on.

    Args:
        folder: Of the training; where it has none yet, the first file begins with all that the log holds.
        step: How many steps were done; what older files say of later ones does not count any more.
        logged: Lines of the log up to that step.

    Raises:
        OutputError: The folder cannot be written.
    """

    def __init__(self, folder: Path, *, step: int, logged: Sequence[Mapping[str, Any]]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        try:
            folder.mkdir(parents=True, exist_ok=True)
            earlier = sorted(folder.glob("events.out.tfevents.*"))
        except OSError as error:
            raise OutputError(f"{folder} cannot be made ({error.strerror}); name another --tensorboard") from error
        # TensorBoard reads the files of a folder in the order of their names, and once each.
        self._path = folder / f"events.out.tfevents.{len(earlier):06d}"
        self._append(Event(wall_time=time.time(), file_version=_VERSION))
        if earlier:
            start = SessionLog(status=SessionLog.START)
            self._append(Event(wall_time=time.time(), step=step + 1, session_log=start))
        for line in () if earlier else logged:
            self.write(line)

    def write(self, values: Mapping[str, Any]) -> None:
        """Append the numbers of a line of the log; those of a check are called ``check/NAME``.

        Raises:
            OutputError: The file cannot be written.
        """
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        figures = {**values, **{f"check/{name}": value for name, value in (values.get("check") or {}).items()}}
        shown = [
            Summary.Value(tag=name, simple_value=float(value))
            for name, value in figures.items()
            if isinstance(value, (int, float)) and name not in ("step", "of")
        ]
        self._append(Event(wall_time=time.time(), step=int(values["step"]), summary=Summary(value=shown)))

    def _append(self, event: Any) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        try:
            with self._path.open("ab") as file:
                RecordWriter(file).write(event.SerializeToString())
        except OSError as error:
            raise OutputError(
                f"{self._path} cannot be written ({error.strerror}); name another --tensorboard"
            ) from error


def event_file(name: str, *, step: int, logged: Sequence[Mapping[str, Any]]) -> EventFile | None:
    """The event file of a training of this name, where some are wanted."""
    folder = _FOLDER.get()
    return None if folder is None else EventFile(folder / name.replace(" ", "_"), step=step, logged=logged)
