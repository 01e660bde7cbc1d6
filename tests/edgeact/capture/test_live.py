import itertools
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeact.capture import supervisor
from edgeact.capture.base import SourceState
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.capture.live import LiveSource, LiveStatus
from edgeact.errors import UsageError
from edgeact.stopping import left_behind
from tests.edgeact.capture.scripted_connection import Script, ScriptedConnection, pictures
from tests.servers.patience import wait_until

PATIENT = 30.0  # a time limit that a busy machine does not reach
CUT = SourceFaultError("camera", FaultKind.CONNECTION, "the connection was cut")
REFUSED = SourceFaultError("camera", FaultKind.AUTH, "the server refuses user name or password")


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "seconds_to_wait", lambda outage, **_: 0.01)


@pytest.fixture
def changes() -> list[LiveStatus]:
    return []


def states(changes: list[LiveStatus]) -> list[str]:
    return [change.state.value for change in changes]


def reader_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "camera" in thread.name]


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    yield
    wait_until(lambda: not reader_threads())


def test_a_cut_connection_is_made_anew_and_opens_an_epoch(changes: list[LiveStatus]) -> None:
    script = Script(
        ScriptedConnection(pictures(3), then=CUT), CUT, ScriptedConnection(pictures(3, width=32), then="end", ends=True)
    )
    with LiveSource(script.open, name="camera", timeout=PATIENT, on_change=changes.append) as source:
        frames = list(source.frames())
    assert {frame.epoch for frame in frames} == {0, 1}
    assert all(later.time > earlier.time for earlier, later in itertools.pairwise(frames))
    assert all(later.index > earlier.index for earlier, later in itertools.pairwise(frames))
    assert {(frame.epoch, frame.image.shape[1]) for frame in frames} == {(0, 64), (1, 32)}
    assert source.info.width == 32
    assert states(changes) == ["running", "reconnecting", "running", "ended"]
    assert changes[1].fault is CUT
    assert changes[1].next_attempt is not None  # what a countdown is made of
    assert [change.next_attempt for change in (changes[0], *changes[2:])] == [None, None, None]
    assert script.attempts == 3


def test_a_source_that_never_gives_up_waits_for_what_is_not_there_yet(changes: list[LiveStatus]) -> None:
    unknown = SourceFaultError("camera", FaultKind.NOT_FOUND, "the host camera is not known here")
    script = Script(unknown, REFUSED, ScriptedConnection(pictures(2), then="end", ends=True))
    with LiveSource(script.open, name="camera", timeout=PATIENT, gives_up=False, on_change=changes.append) as source:
        assert len(list(source.frames())) >= 1
    assert states(changes) == ["reconnecting", "running", "ended"]


def test_a_stream_that_ends_is_no_end_of_a_camera(changes: list[LiveStatus]) -> None:
    script = Script(ScriptedConnection(pictures(2), then="end"), ScriptedConnection(pictures(2), then="end", ends=True))
    with LiveSource(script.open, name="camera", timeout=PATIENT, on_change=changes.append) as source:
        assert {frame.epoch for frame in source.frames()} == {0, 1}
    assert "the stream ended" in str(changes[1].fault)


def test_a_read_that_hangs_is_noticed_from_outside_and_left_behind(changes: list[LiveStatus]) -> None:
    hanging = ScriptedConnection(pictures(2), then="hang")
    script = Script(hanging, ScriptedConnection(pictures(2), then="end", ends=True))
    with LiveSource(script.open, name="camera", timeout=0.5, on_change=changes.append) as source:
        assert {frame.epoch for frame in source.frames()} == {0, 1}
    assert states(changes) == ["running", "stalled", "reconnecting", "running", "ended"]
    assert changes[2].fault is not None
    assert (changes[2].fault.kind, changes[2].fault.reason) == (FaultKind.TIMEOUT, "it sends nothing any more")
    assert not hanging.is_closed  # nobody but its own thread may touch it
    hanging.released.set()
    wait_until(lambda: hanging.is_closed)


def test_a_source_that_recovers_by_itself_keeps_its_connection(changes: list[LiveStatus]) -> None:
    connection = ScriptedConnection(pictures(2), then="end", ends=True, pause=1.0)
    with LiveSource(Script(connection).open, name="camera", timeout=1.6, on_change=changes.append) as source:
        assert {frame.epoch for frame in source.frames()} == {0}
    assert states(changes)[:3] == ["running", "stalled", "running"]


@pytest.mark.parametrize("kind", [FaultKind.AUTH, FaultKind.TLS, FaultKind.NOT_FOUND, FaultKind.CODEC])
def test_what_waiting_does_not_mend_is_final_before_the_first_frame(kind: FaultKind) -> None:
    script = Script(SourceFaultError("camera", kind, "it is wrong"))
    with LiveSource(script.open, name="camera") as source:
        with pytest.raises(SourceFaultError, match="camera: it is wrong; ") as caught:
            list(source.frames())
        assert caught.value.kind is kind
        assert source.state is SourceState.FAILED
    assert source.state is SourceState.FAILED
    assert script.attempts == 1


def test_after_the_first_frame_everything_is_tried_again(changes: list[LiveStatus]) -> None:
    script = Script(
        ScriptedConnection(pictures(2), then=REFUSED), REFUSED, ScriptedConnection(pictures(2), then="end", ends=True)
    )
    with LiveSource(script.open, name="camera", timeout=PATIENT, on_change=changes.append) as source:
        list(source.frames())
    assert states(changes) == ["running", "reconnecting", "running", "ended"]


def test_a_device_that_is_not_there_yet_is_waited_for() -> None:
    script = Script(CUT, CUT, CUT, ScriptedConnection(pictures(1), then="end", ends=True))
    with LiveSource(script.open, name="camera", timeout=PATIENT) as source:
        assert [frame.epoch for frame in source.frames()] == [0]
    assert source.status.epoch == 0


def test_packets_without_a_picture_are_a_fault_of_the_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "KEY_FRAME_SECONDS", 0.3)
    with (
        LiveSource(Script(ScriptedConnection([], then="babble")).open, name="camera", timeout=0.2) as source,
        pytest.raises(SourceFaultError, match="no picture that can be decoded"),
    ):
        list(source.frames())


def test_a_connection_that_says_nothing_is_a_timeout(changes: list[LiveStatus]) -> None:
    silent = ScriptedConnection([], then="hang")
    with LiveSource(Script(silent).open, name="camera", timeout=0.1, on_change=changes.append):
        wait_until(lambda: bool(changes))
        silent.released.set()
    assert str(changes[0].fault).startswith("camera: it is connected, but sends nothing; ")


def test_attempts_that_hang_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "OPEN_GRACE_SECONDS", 0.0)
    released, attempts = threading.Event(), []

    def hang() -> ScriptedConnection:
        attempts.append(time.monotonic())
        released.wait(30)
        raise CUT

    with LiveSource(hang, name="camera", timeout=0.02) as source:
        wait_until(lambda: "hang" in str(source.status.fault))
        time.sleep(0.1)
        assert len(attempts) == supervisor.MOST_HANGING
        assert len(reader_threads()) == supervisor.MOST_HANGING + 1
        released.set()
        wait_until(lambda: len(attempts) > supervisor.MOST_HANGING)


def test_closing_does_not_wait_for_a_read_that_hangs() -> None:
    hanging = ScriptedConnection(pictures(1), then="hang")
    source = LiveSource(Script(hanging).open, name="camera", timeout=PATIENT)
    frames = source.frames()
    next(frames)
    begun = time.monotonic()
    source.close()
    assert time.monotonic() - begun < 10.0  # the hang lasts 30 s
    assert list(frames) == []
    assert source.state is SourceState.ENDED
    assert left_behind() == ()  # else nobody would complete the files of this source
    hanging.released.set()


def test_fifty_reconnects_leave_no_thread_behind() -> None:
    class Cut(ScriptedConnection):
        opened = 0

        def __init__(self) -> None:
            super().__init__(pictures(1), then="end", pause=0.0)
            Cut.opened += 1

    before = threading.active_count()
    with LiveSource(Cut, name="camera", timeout=PATIENT) as source:
        wait_until(lambda: source.epoch >= 50, seconds=120)
        assert threading.active_count() <= before + 3  # the supervisor, a reader, and one that is just ending
    wait_until(lambda: threading.active_count() == before)
    assert Cut.opened >= 50


def test_a_recording_gives_every_frame_to_a_slow_taker() -> None:
    connection = ScriptedConnection(pictures(12), then="end", ends=True, pause=0.0)
    with LiveSource(Script(connection).open, name="camera", kind="file", timeout=0.4) as source:
        taken = []
        for frame in source.frames():
            taken.append(frame.index)
            time.sleep(0.1 if frame.index != 3 else 1.0)  # longer than the time limit of the connection
    assert taken == list(range(12))
    assert source.status.dropped == 0
    assert not source.info.live


def test_a_recording_that_breaks_off_gives_what_came_and_then_the_fault() -> None:
    script = Script(ScriptedConnection(pictures(5), then=CUT, pause=0.0))
    taken = []
    with LiveSource(script.open, name="camera", kind="file", timeout=PATIENT) as source:
        with pytest.raises(SourceFaultError, match="was cut"):
            taken += [frame.index for frame in source.frames()]
        assert source.state is SourceState.FAILED
    assert script.attempts == 1


def test_an_error_of_our_own_is_a_fault_and_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    error = RuntimeError("cannot read rtsp://viewer:hunter2@camera/stream")
    with (
        caplog.at_level(logging.INFO),
        LiveSource(Script(error).open, name="camera", kind="file") as source,
        pytest.raises(SourceFaultError, match=r"reading failed \(RuntimeError\); this is a fault of edgeact"),
    ):
        list(source.frames())
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


def test_pictures_are_turned() -> None:
    connection = ScriptedConnection(pictures(1), then="end", ends=True)
    with LiveSource(Script(connection).open, name="camera", turn=90, timeout=PATIENT) as source:
        assert [frame.image.shape for frame in source.frames()] == [(64, 48, 3)]
        assert (source.info.width, source.info.height) == (48, 64)
    with pytest.raises(UsageError, match="turn is 45"):
        LiveSource(Script(connection).open, name="camera", turn=45)


def test_a_picture_of_another_size_in_mid_stream_is_a_frame_of_that_size(tmp_path: Path) -> None:
    both = [*pictures(1), *pictures(1, width=32, height=24)]
    connection = ScriptedConnection(both, then="end", ends=True, pause=0.0)
    with LiveSource(Script(connection).open, name="camera", kind="file", timeout=PATIENT) as source:
        assert [frame.image.shape[:2] for frame in source.frames()] == [(48, 64), (24, 32)]
