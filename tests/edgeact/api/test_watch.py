import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import edgeact
from edgeact.capture.connection import LiveSettings
from edgeact.errors import SourceConnectionError, SourceFormatError, SourceNotFoundError, UsageError
from edgeact.types import UInt8
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker, write_toy_video


def own_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("edgeact-")]


def pictures(count: int = 30) -> Iterator[UInt8]:
    for index in range(count):
        yield tiny_picture(160, 160, one_walker(index / 25))


def test_every_frame_of_a_file_comes_in_order_also_where_the_loop_is_slow(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.8)
    indices = []
    for observation in edgeact.watch(clip, bundle=tiny_bundle):
        indices.append(observation.frame.index)
        time.sleep(0.005)
    assert indices == list(range(20))
    assert [person.track_id for person in observation.persons] == [1]
    assert own_threads() == []


def test_leaving_the_loop_ends_all_threads_and_closes_the_pictures(tiny_bundle: Path) -> None:
    closed = threading.Event()

    def endless() -> Iterator[UInt8]:
        try:
            while True:
                yield from pictures()
        finally:
            closed.set()

    for observation in edgeact.watch(endless(), bundle=tiny_bundle):
        if observation.frame.index == 5:
            break
    assert own_threads() == []
    assert closed.is_set()


def test_an_error_in_the_loop_leaves_it(tiny_bundle: Path) -> None:
    def fail_at_once() -> None:
        for observation in edgeact.watch(pictures(), bundle=tiny_bundle):
            assert 1 / observation.frame.index

    with pytest.raises(ZeroDivisionError):
        fail_at_once()
    assert own_threads() == []


def test_nothing_is_opened_before_the_first_round(tmp_path: Path, tiny_bundle: Path) -> None:
    observations = edgeact.watch(tmp_path / "missing.mp4", bundle=tiny_bundle)
    assert own_threads() == []
    with pytest.raises(SourceNotFoundError):
        next(observations)


def test_pictures_may_have_times_or_be_an_array(tiny_bundle: Path) -> None:
    timed = ((2.0 + index / 10, picture) for index, picture in enumerate(pictures(3)))
    assert [one.frame.time for one in edgeact.watch(timed, bundle=tiny_bundle)] == [2.0, 2.1, 2.2]
    stacked = np.stack(list(pictures(3)))
    seen = [one.frame for one in edgeact.watch(stacked, bundle=tiny_bundle)]
    assert [frame.time for frame in seen] == [0.0, 0.04, 0.08]
    np.testing.assert_array_equal(np.stack([frame.image for frame in seen]), stacked)


def test_what_is_no_picture_ends_the_loop_with_its_error(tiny_bundle: Path) -> None:
    items = [*pictures(2), np.zeros((8, 8), np.uint8)]
    with pytest.raises(SourceFormatError, match="item 2 is an array of uint8 of the shape"):
        list(edgeact.watch(items, bundle=tiny_bundle))
    assert own_threads() == []


def test_a_stream_gives_its_newest_frame_and_a_wrong_address_an_error(tmp_path: Path, tiny_bundle: Path) -> None:
    live = LiveSettings(timeout=20.0)
    with HttpStreams(tmp_path, list(pictures(20))) as streams:
        ages = []
        for observation in edgeact.watch(streams.address("/mjpeg"), bundle=tiny_bundle, live=live):
            time.sleep(0.1)  # slower than the stream
            ages.append(time.monotonic() - observation.frame.captured - 0.1)
            if len(ages) == 6:
                break
        assert own_threads() == []
        assert max(ages[1:]) < 1.5  # 0.1 where the machine is free
        with pytest.raises(SourceConnectionError, match="no such stream"):
            next(edgeact.watch(streams.address("/404"), bundle=tiny_bundle, live=live))
    assert own_threads() == []


@pytest.mark.parametrize("nothing", ["", " ", Path()])
def test_an_empty_path_is_not_the_current_folder(nothing: str | Path) -> None:
    with pytest.raises(UsageError, match="current folder"):
        next(edgeact.watch(nothing))
