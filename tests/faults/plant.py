"""Three cameras, a broker and an alarm around one daemon, all of which can be broken one by one."""

import contextlib
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType

from tests.faults.daemon_process import POLL_SECONDS, DaemonProcess
from tests.faults.outcome import Outcome
from tests.media import Picture
from tests.servers.guard import Guard
from tests.servers.http_streams import HttpStreams, write_segments
from tests.servers.mosquitto import Listener, Mosquitto
from tests.servers.rtsp import RtspServer, write_loop
from tests.servers.tcp_proxy import TcpProxy
from tests.servers.udp import UdpSender
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from tests.toy_video import one_walker

RATE = 10
STEADY_SECONDS = 3.0  # in which the rate without a fault is counted
USER, PASSWORD = "viewer", "hunter2"  # of the RTSP server

CONFIG = """
bundle = {bundle}
[cameras.gate]
url = "{gate}"
timeout = {timeout}
[cameras.yard]
url = "{yard}"
timeout = {timeout}
[cameras.hall]
url = "{hall}"
timeout = {timeout}
[rules.seen]
when = {{ persons_at_least = 1 }}
gap_seconds = 0.2
[events]
actions = false
[jsonl]
[mqtt]
port = {broker}
[webhook.guard]
url = "{guard}"
timeout = 2
"""


def pictures(width: int = 320, height: int = 240) -> list[Picture]:
    """Two seconds: somebody walks for one, and nobody is there for one, so that events come and go."""
    walkers = [
        [tuple(value * width / 320 for value in box) for box in one_walker(index / RATE)] for index in range(RATE)
    ]
    return [tiny_picture(width, height, boxes) for boxes in (*walkers, *([] for _ in range(RATE)))]


class ChangingStreams(HttpStreams):
    """An HTTP camera that may begin to answer something else."""

    instead: str | None = None

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if self.instead is not None:
            request.path = self.instead
        super().answer(request)


class Plant:
    """Three cameras, an MQTT broker, a webhook receiver and the configuration of a daemon that uses them all.

    Args:
        timeout: Seconds without a frame after which a camera is connected to anew.
        state: The folder of state; None takes one of its own.
        config: What the configuration is made of, with the names that `CONFIG` uses.
        shown: What the cameras show, again and again; None shows `pictures`.
        before: What the daemon's process runs before the command, Python.
    """

    def __init__(
        self,
        *,
        timeout: float = 4.0,
        state: Path | None = None,
        config: str = CONFIG,
        shown: Sequence[Picture] | None = None,
        before: str = "",
    ) -> None:
        shown = shown or pictures()
        self._charged: set[str] = set()  # lost events that an outcome has told of
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeact-faults-")))
            segments = self.folder / "segments"
            segments.mkdir()
            write_segments(segments, shown, rate=RATE)
            self.loop = write_loop(self.folder / "loop", shown, rate=RATE)
            self.rtsp = stack.enter_context(
                RtspServer(self.loop, rate=RATE, auth="digest", user=USER, password=PASSWORD)
            )
            self.proxy = stack.enter_context(TcpProxy(self.rtsp.port))
            self.http = ChangingStreams(self.folder, shown, rate=RATE)
            stack.callback(self.http.close)
            self.udp = stack.enter_context(UdpSender(segments))
            self.broker = stack.enter_context(Mosquitto(self.folder))
            self.listener = stack.enter_context(Listener(self.broker.port, topics="edgeact/+/events"))
            self.guard = Guard()
            self.bundle = build_tiny_bundle(self.folder / "bundle")
            self.text = config.format(
                bundle=f'"{self.bundle}"',
                gate=self.rtsp.address.replace(f":{self.rtsp.port}/", f":{self.proxy.port}/"),
                yard=self.http.address("/mjpeg"),
                hall=self.udp.address,
                broker=self.broker.port,
                guard=self.guard.url,
                timeout=timeout,
            )
            self.daemon = DaemonProcess(self.folder, self.text, state=state, before=before)
            stack.callback(self.daemon.close)
            self._stack = stack.pop_all()

    def start(self) -> None:
        """Start the daemon, and wait until all cameras run."""
        self.daemon.start()
        for camera in ("gate", "yard", "hall"):
            self.daemon.wait(lambda camera=camera: self.daemon.frames(camera) > 5, f"{camera} running")

    def close(self) -> None:
        """Stop the daemon and all servers."""
        self._stack.close()
        self.guard.close()

    def __enter__(self) -> "Plant":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def mend(self) -> None:
        """Put everything around the daemon back as it was at the beginning; the daemon goes on."""
        self.proxy.go_on()
        self.proxy.shut()
        self.rtsp.kill()
        self.rtsp.start(path=str(self.loop), codec="h264", password=PASSWORD)
        self.proxy.listen()
        self.http.instead, self.udp.lost_share = None, 0.0
        self.http.is_ending.clear()
        self.broker.kill()
        self.broker.start()
        old = self.guard
        old.close()
        self.guard = Guard(old.port)
        self.guard.got = old.got
        self.daemon.write(self.text)
        self.daemon.signal(signal.SIGHUP)

    def lost_events(self) -> int:
        """Events that the daemon has acknowledged and an output did not get, once nothing waits any more.

        Each is told once, so that it is charged to the fault that lost it.
        """
        kept = set(self.daemon.kept()) - self._charged  # before the outputs are looked at: later ones are not missed
        until = time.monotonic() + 20.0
        while (missing := self._missing(kept)) and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        self._charged |= missing
        return len(missing)

    def _missing(self, kept: set[str]) -> set[str]:
        heard = {content.partition('"id": "')[2].partition('"')[0] for _, content, _ in list(self.listener.heard)}
        posted = {record["id"] for record in list(self.guard.got)}
        written = {record["id"] for record in self.daemon.lines()}
        return kept - (heard & posted & written)

    def break_camera(
        self,
        fault: str,
        camera: str,
        begin: Callable[[], None],
        end: Callable[[], None],
        *,
        hold: float = 0.0,
    ) -> Outcome:
        """Break a camera, hold that for a while after it was noticed, mend it, and wait until frames come again.

        Args:
            fault: In a few words.
            camera: Its name.
            begin: Breaks it.
            end: Mends it.
            hold: Seconds from the beginning to the end, at least; the end also waits for the detection.
        """
        daemon = self.daemon
        count = self.count_frames(camera)
        epoch, begun = daemon.reconnects(camera), time.monotonic()
        begin()
        daemon.wait(lambda: not daemon.runs(camera) or daemon.reconnects(camera) > epoch, f"told: {fault}")
        detected = time.monotonic() - begun
        told = daemon.state_and_reason(camera)
        while time.monotonic() - begun < hold:
            time.sleep(POLL_SECONDS)
            told = daemon.state_and_reason(camera)
        end()
        at_end = daemon.frames(camera)
        recovered = daemon.wait(lambda: daemon.runs(camera) and daemon.frames(camera) > at_end, f"well: {fault}")
        return Outcome(fault, detected, recovered, count.lost(), self.lost_events(), told)

    def count_frames(self, camera: str) -> "FrameCount":
        """Measure how many frames a second of a camera are perceived without a fault, and count those from now on."""
        before, begun = self.daemon.frames(camera), time.monotonic()
        time.sleep(STEADY_SECONDS)
        rate = (self.daemon.frames(camera) - before) / (time.monotonic() - begun)
        return FrameCount(self.daemon, camera, rate)


class FrameCount:
    """Counts the frames of a camera that were due and not perceived since the count began.

    Args:
        daemon: Perceives the camera.
        camera: Its name.
        rate: Frames a second that are due.
    """

    def __init__(self, daemon: DaemonProcess, camera: str, rate: float) -> None:
        self._daemon, self._camera, self._rate = daemon, camera, rate
        self._before, self._begun = daemon.frames(camera), time.monotonic()

    def lost(self) -> int:
        """Frames that were due until now and not perceived."""
        due = self._rate * (time.monotonic() - self._begun)
        return max(0, round(due - (self._daemon.frames(self._camera) - self._before)))
