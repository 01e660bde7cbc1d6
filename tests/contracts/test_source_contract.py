"""What every source of the kind `file` promises (live ones have their own contract); a new one joins `SOURCES`."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.capture.base import Source, SourceState
from edgeact.capture.file import FileSource
from edgeact.capture.images import ImagesSource
from edgeact.capture.open import open_source
from tests.media import number_of, numbered_picture, write_png, write_video

COUNT = 6


def file_source(folder: Path) -> Source:
    return FileSource(write_video(folder / "a.mp4", [numbered_picture(number) for number in range(COUNT)]))


def variable_rate_source(folder: Path) -> Source:
    times = (0.2, 0.21, 0.5, 1.7, 1.71, 1.72)
    return FileSource(write_video(folder / "a.mkv", [numbered_picture(number) for number in range(COUNT)], times=times))


def images_source(folder: Path) -> Source:
    return ImagesSource([write_png(folder / f"{number}.png", numbered_picture(number)) for number in range(COUNT)])


def opened_source(folder: Path) -> Source:
    images_source(folder)
    return open_source(folder)


def iterable_source(folder: Path) -> Source:
    return open_source(numbered_picture(number) for number in range(COUNT))


SOURCES: dict[str, Callable[[Path], Source]] = {
    "file": file_source,
    "file with a variable rate": variable_rate_source,
    "images": images_source,
    "folder": opened_source,
    "iterable": iterable_source,
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    return SOURCES[request.param](tmp_path)


def test_frames_come_once_in_order_with_increasing_times(source: Source) -> None:
    frames = list(source.frames())
    assert [number_of(frame.image) for frame in frames] == list(range(COUNT))
    assert [frame.index for frame in frames] == list(range(COUNT))
    assert all(later.time > earlier.time for earlier, later in itertools.pairwise(frames))
    assert all(later.captured >= earlier.captured > 0 for earlier, later in itertools.pairwise(frames))
    assert {frame.epoch for frame in frames} == {source.epoch} == {0}
    assert {frame.source for frame in frames} == {source.info.name}


def test_pictures_are_read_only_rgb_of_the_announced_size(source: Source) -> None:
    for frame in source.frames():
        assert frame.image.shape == (source.info.height, source.info.width, 3)
        assert frame.image.dtype == np.uint8
        assert not frame.image.flags.writeable


def test_the_state_goes_from_starting_over_running_to_ended(source: Source) -> None:
    states = [source.state]
    for _ in source.frames():
        states.append(source.state)
    states.append(source.state)
    assert states == [SourceState.STARTING, *[SourceState.RUNNING] * COUNT, SourceState.ENDED]


def test_information_is_there_before_the_first_frame(source: Source) -> None:
    info = source.info
    assert (info.width, info.height, info.live) == (64, 48, False)
    assert info.name
    assert info.frame_count in (None, COUNT)
    source.close()


def test_closing_ends_the_frames_and_may_be_repeated(source: Source) -> None:
    frames = source.frames()
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []
    assert source.state is SourceState.ENDED


def test_closing_before_the_first_frame_gives_none(source: Source) -> None:
    source.close()
    assert list(source.frames()) == []


def test_frames_can_be_taken_once_only(source: Source) -> None:
    list(source.frames())
    with pytest.raises(RuntimeError, match="open"):
        list(source.frames())
