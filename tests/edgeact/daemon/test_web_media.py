"""Pictures and recordings over HTTP, and how a browser shows them."""

import http.client
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from ulid import ULID

from edgeact.capture.base import SourceState
from edgeact.daemon import web_app as web_app_module
from edgeact.daemon import web_media as web_media_module
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.live_view import LiveView, LiveViewSink
from edgeact.daemon.standing import CameraStanding, Standing
from edgeact.daemon.status_page import status_page
from edgeact.types import Frame, Observation
from tests.edgeact.daemon.test_event_store import RECORD
from tests.edgeact.daemon.test_web_app import TOKEN, ask, served
from tests.servers import chromium
from tests.servers.patience import wait_until
from tests.toy_video import write_toy_video

RED, GREEN = (220, 30, 40), (30, 200, 60)


def seen(colour: tuple[int, int, int], index: int = 0) -> Observation:
    image = np.zeros((90, 160, 3), np.uint8)
    image[:] = colour
    return Observation(Frame(index, index / 10, image))


def shown(observation: Observation) -> np.ndarray:
    return observation.frame.image


def colour_of(jpeg: bytes) -> list[int]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return image[40, 80, ::-1].astype(int).tolist()


@pytest.fixture
def standing(store: EventStore, tmp_path: Path) -> Standing:
    """One camera that has shown a red picture."""
    standing = Standing(store, tmp_path)
    camera = CameraStanding(
        "gate", SourceState.RUNNING, None, 10, 0, 0, 0, 10.0, 1, ("wave",), 0.1, (), True
    )  # fmt: skip
    standing.cameras = (camera,)
    sink = LiveViewSink(standing.views.of("gate"), shown)
    sink.write(seen(RED), None)
    return standing


def get(port: int, path: str, **headers: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"], answer.read()
    finally:
        connection.close()


def with_files(store: EventStore, state: Path) -> str:
    """An event with a clip and a picture; its identity."""
    identity = str(ULID())
    for folder in ("clips", "snapshots"):
        (state / folder).mkdir(exist_ok=True)
    clip = write_toy_video(state / "clips" / f"{identity}.mp4", seconds=1, boxes=lambda time: [(100, 40, 220, 200)])
    picture = state / "snapshots" / f"{identity}.jpg"
    cv2.imwrite(str(picture), np.full((90, 160, 3), 255, np.uint8))
    store.save(
        replace(RECORD, id=identity, clip=clip.relative_to(state).as_posix(), snapshot=f"snapshots/{identity}.jpg")
    )
    return identity


def test_the_newest_picture_is_that_of_the_run_that_is(standing: Standing) -> None:
    view = standing.views.of("gate")
    with served(standing) as port:
        status, kind, jpeg = get(port, "/cameras/gate/picture.jpg")
        assert (status, kind) == (200, "image/jpeg")
        assert colour_of(jpeg) == pytest.approx(RED, abs=6)
        before = LiveViewSink(view, shown)
        again = LiveViewSink(view, shown)  # the camera was begun anew, perhaps with another privacy
        assert get(port, "/cameras/gate/picture.jpg")[0] == 404
        before.write(seen(RED), None)
        assert get(port, "/cameras/gate/picture.jpg")[0] == 404
        again.write(seen(GREEN), None)
        assert colour_of(get(port, "/cameras/gate/picture.jpg")[2]) == pytest.approx(GREEN, abs=6)
        for path in ("/cameras/yard/picture.jpg", "/cameras/../gate/picture.jpg", "/cameras/%2e%2e/picture.jpg"):
            assert get(port, path)[0] == 404


def test_pictures_come_as_they_are_seen_and_end_with_the_camera(standing: Standing) -> None:
    sink = LiveViewSink(standing.views.of("gate"), shown)
    with served(standing) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/cameras/gate/live.mjpeg")
        answer = connection.getresponse()
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=edgeact"
        for colour in (RED, GREEN):
            sink.write(seen(colour), None)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += answer.read(1)
            assert head.startswith(b"--edgeact\r\nContent-Type: image/jpeg\r\n")
            (length,) = re.findall(rb"Content-Length: (\d+)", head)
            assert colour_of(answer.read(int(length))) == pytest.approx(colour, abs=6)
            assert answer.read(2) == b"\r\n"
        standing.views.keep(())
        assert answer.read() == b""
        connection.close()
        assert get(port, "/cameras/gate/live.mjpeg")[0] == 404


def test_no_more_look_than_there_are_places_and_who_leaves_makes_room(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_media_module, "MOST_VIEWERS", 1)
    with served(standing) as port:
        first = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        first.request("GET", "/cameras/gate/live.mjpeg")
        answer = first.getresponse()
        assert answer.read(9) == b"--edgeact"
        assert get(port, "/cameras/gate/live.mjpeg")[0] == 503
        answer.close()
        first.close()

        def is_let_in() -> bool:
            time.sleep(0.2)  # no more requests than a client may make
            second = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            second.request("GET", "/cameras/gate/live.mjpeg")
            status = second.getresponse().status
            second.close()
            return status == 200

        wait_until(is_let_in)
        standing.views.keep(())


def test_files_of_an_event_are_found_by_its_identity_and_nothing_else_is(
    standing: Standing, store: EventStore, tmp_path: Path
) -> None:
    identity = with_files(store, tmp_path)
    outside = replace(RECORD, id=str(ULID()), clip="events.db", snapshot="../secret.jpg")
    store.save(outside)
    with served(standing, TOKEN) as port:
        token = {"Authorization": f"Bearer {TOKEN}"}
        assert get(port, f"/events/{identity}/clip")[0] == 401
        status, kind, clip = get(port, f"/events/{identity}/clip", **token)
        assert (status, kind) == (200, "video/mp4")
        assert clip == (tmp_path / "clips" / f"{identity}.mp4").read_bytes()
        assert get(port, f"/events/{identity}/clip", Range="bytes=0-9", **token)[0] == 206
        assert get(port, f"/events/{identity}/snapshot", **token)[1] == "image/jpeg"
        time.sleep(0.3)
        for path in (
            f"/events/{identity}/events.db", f"/events/{outside.id}/clip", f"/events/{outside.id}/snapshot",
            f"/events/{ULID()}/clip", "/events/../clip", "/events/%2e%2e/clip", f"/events/{identity.lower()}/clip",
            f"/clips/{identity}.mp4", f"/events/{identity}%00/clip",
        ):  # fmt: skip
            assert get(port, path, **token)[0] == 404
        (tmp_path / "clips" / f"{identity}.mp4").unlink()
        assert get(port, f"/events/{identity}/clip", **token)[0] == 404


def test_the_page_links_what_there_is(standing: Standing, store: EventStore, tmp_path: Path) -> None:
    identity = with_files(store, tmp_path)
    (tmp_path / "clips" / f"{identity}.mp4").unlink()
    with served(standing) as port:
        page = ask(port, "/").text
    assert f'<a href="/events/{identity}/snapshot">picture</a>' in page
    assert "/clip" not in page
    assert '<img src="/cameras/gate/picture.jpg?1"' in page


def test_only_one_at_a_time_draws_and_all_get_the_same(standing: Standing) -> None:
    calls: list[int] = []

    def draw(observation: Observation) -> np.ndarray:
        calls.append(observation.frame.index)
        return observation.frame.image

    view, found = LiveView(), list[object]()
    sink = LiveViewSink(view, draw)
    threads = [threading.Thread(target=lambda: found.append(view.jpeg(0, 10.0))) for _ in range(4)]
    for thread in threads:
        thread.start()
    sink.write(seen(RED, 7), None)
    for thread in threads:
        thread.join()
    assert calls == [7]
    assert len(found) == 4
    assert len({id(one) for one in found}) == 1
    assert view.jpeg(1) is None


@pytest.mark.browser
def test_a_browser_shows_pictures_at_the_width_of_a_telephone_and_plays_a_clip(
    standing: Standing, store: EventStore, tmp_path: Path
) -> None:
    identity = with_files(store, tmp_path)
    with served(standing) as port:
        page = chromium.look(f"http://127.0.0.1:{port}/", tmp_path, size=(390, 900))
        clip = chromium.look(f"http://127.0.0.1:{port}/events/{identity}/clip", tmp_path, size=(640, 480))
    is_red = (np.abs(page.astype(int) - RED) < 12).all(2)
    assert is_red.sum() > 200 * 100
    assert not is_red[:, 380:].any()
    assert (page[:, 386:] == page[0, -1]).all()  # nothing reaches over the edge of the window
    assert (clip > 240).all(2).sum() > 5000  # the bright person


@pytest.mark.browser
def test_a_page_that_has_lost_the_daemon_says_so(
    standing: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def once(standing: Standing) -> str:
        asked.append(1)
        if len(asked) > 1:
            raise OSError("gone")
        return status_page(standing)

    monkeypatch.setattr(web_app_module, "status_page", once)
    with served(standing) as port:
        document = chromium.read(f"http://127.0.0.1:{port}/", tmp_path, seconds=12)
    assert len(asked) >= 2
    assert re.search(r'id="lost"[^>]*>Out of touch for \d+ s; what is shown is old', document)
