"""Reads the frames of one source: of a file all of them, of a live source the newest."""

import time
from collections.abc import Callable
from dataclasses import replace

from edgeact.memory import frames_in_work
from edgeact.queues import Allowance, BoundedQueue
from edgeact.runtime.job import SourceJob
from edgeact.stats import StageTimes
from edgeact.types import Frame


class CaptureLoop:
    """What the thread that reads a source does.

    Args:
        job: Whose source is read.
        queue: Where the frames go.
        allowance: How many frames of a file may be in work; a live source drops frames instead of waiting.
        times: Where the time of each read is noted.
        must_stop: Asked before each frame.
        is_stopped: Whether the source was stopped already.

    Attributes:
        captured: Frames that were read.
        newer: Frames that gave way to newer ones.
        is_exhausted: Whether the source ended by itself.
    """

    def __init__(
        self,
        job: SourceJob,
        queue: BoundedQueue[Frame],
        allowance: Allowance,
        times: StageTimes,
        *,
        must_stop: Callable[[], bool],
        is_stopped: Callable[[], bool],
    ) -> None:
        self.captured = self.newer = 0
        self.is_exhausted = False
        self._job, self._queue, self._allowance, self._times = job, queue, allowance, times
        self._must_stop, self._is_stopped = must_stop, is_stopped
        self._largest = job.source.info.width * job.source.info.height

    def run(self) -> None:
        """Read until the source ends or is stopped.

        Raises:
            EdgeactError: As raised by the source.
            QueueAbortedError: The source is stopping at once.
        """
        source = self._job.source
        is_live, name = source.info.live, source.info.name
        frames = source.frames()
        while not self._must_stop() and (is_live or self._allowance.take()):
            began = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                # A live source that was closed by a stop ends as well, but not by itself.
                self.is_exhausted = not is_live or not self._is_stopped()
                break
            self._times.add("capture", time.perf_counter() - began)
            self._fit_allowance(frame)
            self.captured += 1
            gone = self._queue.put(frame if frame.source else replace(frame, source=name))
            if not self._is_stopped():
                self.newer += len(gone)
        self._queue.close()

    def _fit_allowance(self, frame: Frame) -> None:
        """Where later pictures are larger than the source announced, fewer may be in work."""
        height, width = frame.image.shape[:2]
        if width * height > self._largest:
            self._largest = width * height
            info = replace(self._job.source.info, width=width, height=height)
            memory = self._job.budget.memory
            self._allowance.limit(frames_in_work(info, memory=memory, drawn=self._job.draw is not None))
