"""What a camera must not show is in no output: a person with a pattern of known colours, seen through a whole daemon.

Four cameras see the same person. The one that may show everything is the control: in each of its outputs the pattern is
found, so that a test that looks in the wrong place fails.
"""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edgeact.daemon.run import run_daemon
from edgeact.watching.watched import Watched
from tests.edgeact.daemon.test_run import configuration, stopper
from tests.edgeact.daemon.test_run_media import events_of
from tests.edgeact.daemon.test_web_app import ask
from tests.media import Picture
from tests.servers.free_port import free_port
from tests.servers.guard import Guard
from tests.servers.http_streams import HttpStreams
from tests.servers.mosquitto import Listener, Mosquitto
from tests.servers.rtsp_record import RtspRecorder

MODES = ("none", "heads", "persons", "skeleton")
# Bright enough for the toy world's detector, and of colours that nothing else has, also not what is drawn.
HEAD, OTHER_HEAD, BODY, GROUND = (255, 255, 110), (255, 130, 255), (140, 255, 255), (0, 0, 110)
WIDTH, HEIGHT, PATCH = 48, 120, 6
ENOUGH = 30  # pixels


def picture(left: int, top: int = 60) -> Picture:
    """A person on blue ground: a chequered head of 24×24 pixels in a body of 48×120."""
    image = np.full((240, 320, 3), GROUND, np.uint8)
    image[top : top + HEIGHT, left : left + WIDTH] = BODY
    for row in range(4):
        for column in range(4):
            y, x = top + row * PATCH, left + WIDTH // 2 + (column - 2) * PATCH
            image[y : y + PATCH, x : x + PATCH] = HEAD if (row + column) % 2 else OTHER_HEAD
    return image


def count(image: Picture, colour: tuple[int, int, int]) -> int:
    """Pixels that are nearly of a colour."""
    return cv2.countNonZero(cv2.inRange(image, np.array(colour) - 30, np.array(colour) + 30))


def chequered(image: Picture) -> int:
    """Pixels of each of the head's two colours, the fewer ones: what is drawn has pixels of one of them at most."""
    return min(count(image, HEAD), count(image, OTHER_HEAD))


def decoded(data: bytes) -> Picture:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def pictures_of(path: Path) -> Iterator[Picture]:
    if path.suffix == ".jpg":
        yield decoded(path.read_bytes())
        return
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def first_of_stream(port: int, camera: str) -> Picture:
    """The first picture of a camera's MJPEG."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"/cameras/{camera}/live.mjpeg")
    answer, head = connection.getresponse(), b""
    while not head.endswith(b"\r\n\r\n"):
        head += answer.read(1)
    (length,) = re.findall(rb"Content-Length: (\d+)", head)
    data = answer.read(int(length))
    answer.close()
    connection.close()
    return decoded(data)


def newest(port: int, camera: str) -> Picture:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"/cameras/{camera}/picture.jpg")
    data = connection.getresponse().read()
    connection.close()
    return decoded(data)


def check(mode: str, where: str, pictures: list[Picture]) -> None:
    """Whether pictures show what they may, and nothing else.

    Snapshots may be of the first second, in which nothing is shown.
    """
    assert pictures, (mode, where)
    heads, bodies, grounds = (
        max(look(image) for image in pictures)
        for look in (chequered, lambda image: count(image, BODY), lambda image: count(image, GROUND))
    )
    assert heads > ENOUGH if mode == "none" else heads < PATCH, (mode, where, heads)  # a patch has PATCH² pixels
    if "snapshots" in where and mode != "none":
        assert bodies == 0 or mode == "heads", (mode, where, bodies)
        return
    assert (bodies > ENOUGH) == (mode in ("none", "heads")), (mode, where, bodies)
    assert (grounds > ENOUGH) == (mode != "skeleton"), (mode, where, grounds)


@pytest.mark.rtsp
@pytest.mark.mqtt
def test_no_output_shows_what_the_camera_must_not(tmp_path: Path, tiny_bundle: Path) -> None:
    steps = [*range(12), *range(12, 0, -1)]
    pictures = [picture(100 + step) for step in steps]
    port, seen_over_http = free_port(), dict[str, dict[str, list[Picture]]]()
    texts: list[str] = []
    with (
        HttpStreams(tmp_path, pictures, rate=8) as streams,
        Mosquitto(tmp_path) as broker,
        Listener(broker.port) as listener,
        RtspRecorder(tmp_path, MODES) as server,
        closing(Guard()) as guard,
    ):
        config = configuration(
            tmp_path,
            tiny_bundle,
            {mode: {"url": streams.address("/mjpeg"), "privacy": mode} for mode in MODES},
            rules={"seen": {"when": {"persons_at_least": 1}}},
            events={"actions": False},
            record={"mode": "continuous", "before_seconds": 5, "segment_seconds": 5},
            snapshots={},
            http={"listen": f"127.0.0.1:{port}"},
            webhook={"guard": {"url": guard.url}},
            mqtt={"port": broker.port},
            restream={mode: {"camera": mode, "url": server.address(mode)} for mode in MODES},
        )
        stop = threading.Event()

        def is_done(seen: dict[str, Watched]) -> bool:
            if any(seen[mode].frames < 36 for mode in MODES):
                return False
            if not all(server.has_come(mode) for mode in MODES) or not guard.got:
                return False
            for mode in MODES:
                seen_over_http[mode] = {
                    "picture": [newest(port, mode)],
                    "stream": [first_of_stream(port, mode)],
                }
            texts.extend(ask(port, path).text for path in ("/", "/metrics"))
            return True

        run_daemon(config, stop=stop, tick=stopper(stop, is_done, seconds=60))
        published = {mode: server.pictures(mode) for mode in MODES}
        texts += [content for _, content, _ in listener.heard] + [json.dumps(body) for body in guard.got]
    state = tmp_path / "state"
    assert set(seen_over_http) == set(MODES)
    for mode in MODES:
        for where, shown in seen_over_http[mode].items():
            check(mode, where, shown)
        check(mode, "rtsp", published[mode])
        check(mode, "MQTT's snapshots", [decoded(listener.pictures[f"edgeact/{mode}/snapshot"])])
        recordings = [path for path in (state / "recordings" / mode).rglob("*") if path.is_file()]
        check(mode, "recordings", [image for path in recordings for image in pictures_of(path)])
        events = [event for event in events_of(state) if event.source == mode]
        clips = {state / str(event.clip) for event in events}
        check(mode, "clips", [image for path in clips for image in pictures_of(path)])
        snapshots = [state / str(event.snapshot) for event in events]
        check(mode, "snapshots", [image for path in snapshots for image in pictures_of(path)])
        plain = [path.with_name(f"{path.stem}.plain.jpg") for path in snapshots]
        check(mode, "plain snapshots", [image for path in plain for image in pictures_of(path)])
    # Whatever else is on the disk or was said holds no picture at all.
    others = [path for path in state.rglob("*") if path.is_file() and path.suffix not in (".jpg", ".mp4", ".mkv")]
    assert {path.name.split(".")[0] for path in others} <= {"events", *MODES, ""}
    for path in others:
        assert b"\xff\xd8\xff" not in path.read_bytes()
    assert any("rule" in json.loads(text) for text in texts if text.startswith("{"))
    for text in texts:
        assert "data:image" not in text
        assert re.search(r"[A-Za-z0-9+/]{400}", text) is None
