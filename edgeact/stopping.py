"""Ending what may hang: how long it is waited for, and what was left behind.

A thread that hangs in a file system, a decoder or a graph cannot be killed. It is a daemon: it is left behind, its name
is kept here so that an error can name it, and nothing that it may still use is touched any more.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from edgeact.errors import PipelineError

# What a user is promised: so long after a stop or a failure everything that may hang has ended or was left behind.
STOP_SECONDS = 5.0
# Completing the files of a long video copies gigabytes; past this a stopped run does not wait for a disk any more.
COMPLETE_SECONDS = 60.0

_POLL_SECONDS = 0.1
_MARGIN_SECONDS = 0.5  # so that the promise is kept on a busy machine, too
_PREFIX = "edgeact-"

_left: list[threading.Thread] = []

Value = TypeVar("Value")


def named_thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread that does not keep the program from ending, not yet started."""
    return threading.Thread(target=work, name=f"{_PREFIX}{name}", daemon=True)


def start_thread(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        PipelineError: The system gives no more threads.
    """
    try:
        thread.start()
    except (RuntimeError, OSError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise PipelineError(
            f"the thread {thread.name} cannot be started ({reason}); close other programs or raise the limit of "
            "processes (ulimit -u)"
        ) from error


def join_or_leave(threads: list[threading.Thread], deadline: float) -> tuple[str, ...]:
    """Wait for threads until a moment of `time.monotonic`; names of those that were left behind."""
    try:
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
    finally:  # also when a second Ctrl-C ends the waiting
        hanging = [thread for thread in threads if thread.is_alive()]
        _left.extend(hanging)
    return tuple(_name(thread) for thread in hanging)


def left_behind() -> tuple[str, ...]:
    """Names of everything that was left behind in this process and still hangs."""
    return tuple(_name(thread) for thread in _left if thread.is_alive())


def do_or_leave(
    work: Callable[[], Value], *, name: str, doing: str, stop: threading.Event, seconds: float = STOP_SECONDS
) -> Value:
    """Do something that may hang; once a stop was asked for, wait at most ``seconds`` more.

    Args:
        work: What to do; runs in a thread of its own.
        name: Of the thread.
        doing: What it is in words, for the error: "opening clip.mp4".
        stop: Set when the user wants to stop.
        seconds: How long to wait after that.

    Raises:
        PipelineError: It was left behind, or the system gives no more threads.
        BaseException: As raised by ``work``.
    """
    done = threading.Event()
    values: list[Value] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            values.append(work())
        except BaseException as error:  # noqa: BLE001 - the top of a thread: raised to the caller below
            errors.append(error)
        finally:
            done.set()

    thread = named_thread(name, run)
    start_thread(thread)
    stopped: float | None = None
    try:
        while not done.wait(_POLL_SECONDS):
            now = time.monotonic()
            if stopped is None and stop.is_set():
                stopped = now
            if stopped is not None and now - stopped >= seconds - _MARGIN_SECONDS:
                raise PipelineError(
                    f"{doing} did not end within {seconds:.0f} s of the stop and was left behind; check the disk or "
                    "network that it lies on"
                )
    except BaseException:  # also a second Ctrl-C
        _left.append(thread)
        raise
    thread.join(_MARGIN_SECONDS)
    if errors:
        raise errors[0]
    return values[0]


@contextlib.contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and SIGHUP (the terminal was closed) set; one is enough.

    A second Ctrl-C interrupts at once, and what is unfinished is lost. SIGTERM and SIGHUP may come more than once for
    one reason (``timeout`` and systemd send them to the process and to its group), so they do not. A SIGHUP that is
    ignored (``nohup``) stays ignored.
    """
    stop = threading.Event()

    def ask(number: int, _: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    before = {number: signal.signal(number, ask) for number in (numbers[:-1] if ignored else numbers)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _name(thread: threading.Thread) -> str:
    return thread.name.removeprefix(_PREFIX)
