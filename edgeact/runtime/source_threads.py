"""The threads of one source: each reports its failure, and at the end they are waited for or left behind."""

import threading
from collections.abc import Callable

from edgeact.queues import QueueAbortedError
from edgeact.runtime.niceness import step_back
from edgeact.stopping import join_or_leave, named_thread, start_thread


class SourceThreads:
    """Starts the threads of a source and waits for them.

    Args:
        fail: Told the name of a thread and the error that ended it.
    """

    def __init__(self, fail: Callable[[str, BaseException], None]) -> None:
        self._fail = fail
        self._threads: list[tuple[str, threading.Thread]] = []

    def start(self, name: str, work: Callable[[], None], *, is_patient: bool) -> None:
        """Start a thread.

        Args:
            name: Of the thread.
            work: What the thread does.
            is_patient: Whether it gives way to others where cores are short.

        Raises:
            PipelineError: The system gives no more threads.
        """

        def run() -> None:
            try:
                if is_patient:
                    step_back()
                work()
            except QueueAbortedError:
                pass  # another thread failed and has said why
            except BaseException as error:  # noqa: BLE001 - the top of a thread: kept for whoever asks what came of it
                self._fail(name, error)

        thread = named_thread(name, run)
        start_thread(thread)
        self._threads.append((name, thread))

    def is_alive(self, name: str) -> bool:
        """Whether a thread of this name was started and has not ended."""
        return any(thread.is_alive() for of, thread in self._threads if of == name)

    def join(self, deadline: float) -> tuple[str, ...]:
        """Wait for all threads until ``deadline`` (of `time.monotonic`); the names of those that hang and are left."""
        return join_or_leave([thread for _, thread in self._threads], deadline)
