"""What hangs is left behind after a stop, and signals ask for one."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from edgeact.errors import PipelineError
from edgeact.stopping import do_or_leave, join_or_leave, left_behind, named_thread, stop_on_signals

SECONDS = 0.6  # a tenth of them counts, the rest is the margin


@pytest.fixture
def over() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()
    deadline = time.monotonic() + 5
    while left_behind() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_what_ends_gives_its_value_or_error_also_after_a_stop() -> None:
    stop = threading.Event()
    assert do_or_leave(lambda: 7, name="seven", doing="counting", stop=stop) == 7
    stop.set()
    assert do_or_leave(lambda: 8, name="eight", doing="counting", stop=stop) == 8
    with pytest.raises(ZeroDivisionError):
        do_or_leave(lambda: 1 // 0, name="nought", doing="dividing", stop=stop)
    assert left_behind() == ()


def test_what_does_not_end_after_a_stop_is_left_behind_and_named(over: threading.Event) -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    with pytest.raises(PipelineError, match=r"opening clip\.mp4 did not end within 1 s .* left behind"):
        do_or_leave(over.wait, name="opening", doing="opening clip.mp4", stop=stop, seconds=SECONDS)
    assert time.monotonic() - began < 5
    assert left_behind() == ("opening",)


def test_an_interruption_of_the_waiting_leaves_all_behind(
    over: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = named_thread("slow", partial(over.wait, 30))
    thread.start()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(thread, "join", interrupt)
        with pytest.raises(KeyboardInterrupt):
            join_or_leave([thread], time.monotonic())
    assert left_behind() == ("slow",)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_asks_for_a_stop_and_only_a_second_ctrl_c_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(5)
        if number == signal.SIGINT:
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        else:
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_nohup_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)
