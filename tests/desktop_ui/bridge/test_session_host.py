import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_ui.bridge.session_host import SessionHost
from desktop_ui.model.layers import Layers
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.standing import Phase
from tests.servers.http_streams import HttpStreams
from tests.servers.patience import wait_until
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker, write_toy_video


@pytest.fixture
def host() -> Iterator[SessionHost]:
    host = SessionHost(Layers, lambda _key: None)
    yield host
    host.close()
    assert host.wait_closed()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("edgeact-")] == []


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[HttpStreams]:
    with HttpStreams(tmp_path, [tiny_picture(160, 160, one_walker(index / 25)) for index in range(20)]) as streams:
        yield streams


def phase(host: SessionHost, key: int) -> Phase | None:
    standing = host.standings().get(key)
    return None if standing is None else standing.phase


def test_sources_may_come_before_the_bundle_is_open(host: SessionHost, tiny_bundle: Path, tmp_path: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.4)
    host.add(1, SourceSpec(str(clip)))
    host.start(tiny_bundle)
    wait_until(lambda: phase(host, 1) is Phase.ENDED)
    assert host.standings()[1].processed == 10
    assert host.engine.is_open
    host.remove(1)
    wait_until(lambda: 1 not in host.standings())


def test_another_bundle_begins_all_sources_anew_and_a_broken_one_leaves_them(
    host: SessionHost, tiny_bundle: Path, tmp_path: Path, streams: HttpStreams
) -> None:
    other = Path(shutil.copytree(tiny_bundle, tmp_path / "other"))
    host.start(tiny_bundle)
    host.add(1, SourceSpec(streams.address("/mjpeg")))
    wait_until(lambda: phase(host, 1) is Phase.RUNNING)
    host.change_bundle(tmp_path / "missing")
    wait_until(lambda: host.engine.fault is not None)
    assert "cannot be read" in str(host.engine.fault)
    counted = host.standings()[1].processed
    wait_until(lambda: host.standings()[1].processed > counted)
    assert phase(host, 1) is Phase.RUNNING
    before = host.watched(1)
    host.change_bundle(other)
    wait_until(lambda: host.engine.bundle is not None and host.engine.bundle.directory == other)
    wait_until(lambda: phase(host, 1) is Phase.RUNNING and host.watched(1) is not before)


def test_a_source_is_opened_anew_under_another_name_and_keeps_its_place(
    host: SessionHost, tiny_bundle: Path, streams: HttpStreams
) -> None:
    host.start(tiny_bundle)
    sink = host.add(1, SourceSpec(streams.address("/404")))
    wait_until(lambda: phase(host, 1) is Phase.FAILED)
    host.renew(1, SourceSpec(streams.address("/mjpeg")))
    wait_until(lambda: phase(host, 1) is Phase.RUNNING)
    assert host.sink(1) is sink
    wait_until(lambda: sink.newest() is not None)


def test_a_camera_that_hangs_keeps_nobody_from_closing(
    host: SessionHost, tiny_bundle: Path, streams: HttpStreams
) -> None:
    host.start(tiny_bundle)
    host.add(1, SourceSpec(streams.address("/silent")))
    wait_until(lambda: host.engine.is_open)
    assert phase(host, 1) is Phase.OPENING
    began = time.monotonic()
    host.close()
    assert host.wait_closed()
    assert time.monotonic() - began < 6.0
    streams.is_ending.set()  # so that the reader, which was left behind, ends
    wait_until(lambda: not [one for one in threading.enumerate() if one.name.startswith("edgeact-")])
