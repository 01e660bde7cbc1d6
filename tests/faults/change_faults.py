"""Scenarios in which somebody changes a running daemon, or asks more of it than is sensible."""

import contextlib
import signal
import socket
import time
from collections.abc import Sequence

from tests.faults.outcome import Outcome
from tests.faults.plant import Plant
from tests.tiny_bundle import build_tiny_bundle

READ_AGAIN = "the configuration was read again"
STAYS = "the old configuration stays"
SWITCH_SECONDS = 6.0  # a camera that a switch has begun anew is not begun anew again before five
LOOKING_SECONDS = 4.0
VIEWERS = 8  # as many as may look at a camera at once
# Another address of this machine than the one that asks for metrics: each client has its own number of requests.
STRANGER = "127.0.0.2"
RUBBISH = (
    b"GET / HTTP/1.1\r\n",  # and no more
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    b"GET /cameras/../../etc/passwd/picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /events/%00/clip HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"OPTIONS * HTTP/9.9\r\n\r\n\r\n",
)


def broken_config(plant: Plant) -> Outcome:
    """The file is broken at a reload, and mended."""
    count = plant.count_frames("gate")
    detected = _reload(plant, f"{plant.text}\n[cameras.gate\nurl = \n", STAYS)
    recovered = _reload(plant, plant.text, READ_AGAIN)
    return Outcome("the configuration is broken at a reload", detected, recovered, count.lost(), plant.lost_events())


def other_config(plant: Plant) -> Outcome:
    """A reload brings one more camera and a rule for another one; the next one takes them away."""
    count = plant.count_frames("gate")
    address = plant.http.address("/mjpeg")
    more = f'[cameras.extra]\nurl = "{address}"\nfps = 5\nprivacy = "skeleton"\n'
    more += '[rules.more]\nwhen = { persons_at_least = 1 }\ncameras = ["extra", "hall"]\n'
    detected = _reload(plant, plant.text + more, READ_AGAIN)
    plant.daemon.wait(lambda: plant.daemon.frames("extra") > 5, "the new camera runs")
    recovered = _reload(plant, plant.text, READ_AGAIN)
    plant.daemon.wait(lambda: plant.daemon.runs("hall"), "the changed camera runs as before")
    return Outcome(
        "a reload brings a camera and a rule, the next one ends them",
        detected,
        recovered,
        count.lost(),
        plant.lost_events(),
    )


def damaged_bundle(plant: Plant) -> Outcome:
    """A reload names a bundle that is damaged; the next one the old one."""
    count = plant.count_frames("gate")
    other = plant.folder / "other"
    if not other.exists():
        build_tiny_bundle(other)
        next(other.glob("*.onnx")).write_bytes(b"no graph")
    (line,) = (line for line in plant.text.splitlines() if line.startswith("bundle ="))
    detected = _reload(plant, plant.text.replace(line, f'bundle = "{other}"'), "under bundle needs a new start")
    recovered = _reload(plant, plant.text, READ_AGAIN)
    return Outcome("the bundle is damaged at a reload", detected, recovered, count.lost(), plant.lost_events())


def switches(plant: Plant) -> Outcome:
    """Privacy and detection are switched over MQTT and back, with rubbish in between."""
    daemon, listener = plant.daemon, plant.listener
    mark, begun = daemon.log_length, time.monotonic()
    listener.say("edgeact/hall/set/privacy", "skeleton")
    detected = daemon.wait(lambda: "privacy was switched" in daemon.log_since(mark), "privacy switched")
    listener.say("edgeact/yard/set/detection", "OFF")
    daemon.wait(lambda: _detects(plant, "yard") == 0.0, "detection off")
    for topic in ("edgeact/../set/privacy", "edgeact/gate/set/none", "edgeact/hall/set/privacy"):
        for content in (b"", b"\xff" * 1000, b'{"privacy": ' * 500):
            listener.say(topic, content)
    time.sleep(max(0.0, SWITCH_SECONDS - (time.monotonic() - begun)))
    mark, mended = daemon.log_length, time.monotonic()
    listener.say("edgeact/yard/set/detection", "ON")
    listener.say("edgeact/hall/set/privacy", "none")
    daemon.wait(lambda: "privacy was switched" in daemon.log_since(mark), "privacy switched back")
    daemon.wait(lambda: _detects(plant, "yard") == 1.0 and daemon.runs("hall"), "all switched back")
    recovered = time.monotonic() - mended
    return Outcome(
        "privacy and detection are switched over MQTT, amid rubbish", detected, recovered, None, plant.lost_events()
    )


def viewers(plant: Plant) -> Outcome:
    """Many look at a live picture, half of them without reading what comes; all leave without a word."""
    count = plant.count_frames("gate")
    ask = b"GET /cameras/gate/live.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as stack:
        looking = [stack.enter_context(_connected(plant)) for _ in range(VIEWERS)]
        for one in looking:
            one.sendall(ask)
        until, got = time.monotonic() + LOOKING_SECONDS, 0
        while time.monotonic() < until:
            got += sum(len(one.recv(2**16)) for one in looking[::2])
    assert got > 2**16, "viewers saw no pictures"
    return Outcome(f"{VIEWERS} viewers, half of whom read nothing", None, None, count.lost(), plant.lost_events())


def rubbish(plant: Plant) -> Outcome:
    """Somebody sends what is no request, or asks for what is not there."""
    count = plant.count_frames("gate")
    for content in _repeated(RUBBISH, 20):
        with _connected(plant) as one, contextlib.suppress(OSError):
            one.sendall(content)
            one.settimeout(0.1)
            one.recv(2**16)
    return Outcome("a hundred requests that are none", None, None, count.lost(), plant.lost_events())


def _repeated(contents: Sequence[bytes], times: int) -> Sequence[bytes]:
    return list(contents) * times


def _connected(plant: Plant) -> socket.socket:
    return socket.create_connection(("127.0.0.1", plant.daemon.port), timeout=10.0, source_address=(STRANGER, 0))


def _detects(plant: Plant, camera: str) -> float | None:
    return plant.daemon.numbers().get(("edgeact_camera_detects", camera))


def _reload(plant: Plant, text: str, words: str) -> float:
    """Let the daemon read another file; the seconds until it said so."""
    mark = plant.daemon.log_length
    plant.daemon.write(text)
    plant.daemon.signal(signal.SIGHUP)
    return plant.daemon.wait(lambda: words in plant.daemon.log_since(mark), words)
