"""Reads the frames of one source: of a file all of them, of a live source the newest."""

import time
from collections.abc import Callable
from dataclasses import replace

from edgeact.memory import frames_in_work
from edgeact.queues import Allowance, BoundedQueue
from edgeact.runtime.budget import Pace
from edgeact.runtime.job import SourceJob
from edgeact.stats import StageTimes
from edgeact.types import Frame

_STOP_LOOK_SECONDS = 0.05  # how often whoever waits for its budget looks whether it is to stop


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
        over_budget: Frames of a live source that were more than may be perceived of it.
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
        self.captured = self.newer = self.over_budget = 0
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
        frames, pace = source.frames(), Pace(self._job.budget.most_frames_per_second)
        while not self._must_stop() and (is_live or (self._keep_pace(pace) and self._allowance.take())):
            began = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                # A live source that was closed by a stop ends as well, but not by itself.
                self.is_exhausted = not is_live or not self._is_stopped()
                break
            self._times.add("capture", time.perf_counter() - began)
            self._fit_allowance(frame)
            self.captured += 1
            if pace.seconds_left(now := time.monotonic()) > 0.0:  # of a live source; a file is read when it may be
                self.over_budget += 1
                continue
            pace.take(now)
            gone = self._queue.put(frame if frame.source else replace(frame, source=name))
            if not self._is_stopped():
                self.newer += len(gone)
        self._queue.close()

    def _keep_pace(self, pace: Pace) -> bool:
        """Wait until the next frame of a file is within its budget; False where a stop came first."""
        while (seconds := pace.seconds_left(time.monotonic())) > 0.0:
            if self._must_stop():
                return False
            time.sleep(min(seconds, _STOP_LOOK_SECONDS))
        return True

    def _fit_allowance(self, frame: Frame) -> None:
        """Where later pictures are larger than the source announced, fewer may be in work."""
        height, width = frame.image.shape[:2]
        if width * height > self._largest:
            self._largest = width * height
            info = replace(self._job.source.info, width=width, height=height)
            memory = self._job.budget.memory
            self._allowance.limit(frames_in_work(info, memory=memory, drawn=self._job.draw is not None))
