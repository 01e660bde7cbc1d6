"""``edgeact annotate`` in the background: the same code, and so the same output."""

import threading
from collections.abc import Sequence
from pathlib import Path

from edgeact.batch.messages import AnnotateOptions, BatchReport, InputResult
from edgeact.capture.base import SourceInfo
from edgeact.types import Observation


class Annotating:
    """A batch that runs, and how far it is; a `BatchListener`. Read by the window, written by the batch's threads.

    Args:
        paths: The videos.
        out_dir: Where outputs go.
        options: How the videos are annotated.

    Attributes:
        report: What became of the videos, once all are done.
    """

    def __init__(self, paths: Sequence[str], out_dir: Path, options: AnnotateOptions) -> None:
        self.paths, self.out_dir = tuple(paths), out_dir
        self._options = options
        self._stop = threading.Event()
        self._done = 0
        self._name = ""
        self._duration: float | None = None
        self._time = 0.0
        self.report: BatchReport | None = None

    def run(self) -> BatchReport:
        """Annotate the videos; to be called on a thread that may take its time.

        Raises:
            EdgeactError: See `edgeact.batch.annotate.annotate`.
        """
        from edgeact.batch.annotate import (
            annotate,  # locks folders as POSIX does; the rest of the window needs no POSIX
        )

        self.report = annotate(self.paths, self.out_dir, self._options, listener=self, stop=self._stop)
        return self.report

    def stop(self) -> None:
        """End the batch early; what was read by now is still written."""
        self._stop.set()

    @property
    def name(self) -> str:
        """The name of the video that is annotated now."""
        return self._name

    @property
    def share(self) -> float:
        """How much is done, 0..1."""
        part = min(1.0, self._time / self._duration) if self._duration else 0.0
        return min(1.0, (self._done + part) / max(1, len(self.paths)))

    def batch_started(self, inputs: int) -> None:
        """So many inputs are to be done."""

    def inputs_left_out(self, line: str) -> None:
        """Something is not among them."""

    def input_started(self, path: Path, info: SourceInfo, every: int) -> None:
        """An input was opened."""
        self._name, self._duration, self._time = path.name, info.duration, 0.0

    def frame_done(self, observation: Observation) -> None:
        """A frame was done."""
        self._time = observation.frame.time

    def input_ended(self, result: InputResult) -> None:
        """An input is over."""
        self._done, self._duration = self._done + 1, None
