from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgeact.capture.base import SourceState
from edgeact.capture.faults import SourceFaultError
from edgeact.capture.iterable import IterableSource
from edgeact.capture.open import open_source
from edgeact.errors import ArgumentTypeError, SourceFormatError, UsageError
from tests.media import number_of, numbered_picture

PICTURE = numbered_picture(1)


def test_times_are_those_given() -> None:
    source = open_source([(1.5, PICTURE), (1.75, PICTURE), (np.float64(4), PICTURE)])
    assert [frame.time for frame in source.frames()] == [1.5, 1.75, 4.0]
    assert source.info.frame_rate is None


def test_without_times_the_rate_counts_and_every_takes_some() -> None:
    source = IterableSource((numbered_picture(number) for number in range(5)), frame_rate=10.0, every=2)
    assert [(frame.index, frame.time, number_of(frame.image)) for frame in source.frames()] == [
        (0, 0.0, 0),
        (2, 0.2, 2),
        (4, 0.4, 4),
    ]
    assert source.decoded_frames == 5


def test_a_buffer_that_is_used_again_is_copied() -> None:
    def same_buffer() -> Iterator[np.ndarray]:
        buffer = np.zeros((4, 6, 3), np.uint8)
        for level in (10, 20):
            buffer[:] = level
            yield buffer

    assert [int(frame.image[0, 0, 0]) for frame in list(open_source(same_buffer()).frames())] == [10, 20]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("clip.mp4", "item 1 is a str; a picture is"),
        (None, "item 1 is a NoneType"),
        (PICTURE[..., 0], r"item 1 is an array of uint8 of the shape \(48, 64\)"),
        (PICTURE.astype(np.float32), "array of float32"),
        (np.zeros((0, 4, 3), np.uint8), "item 1 has 4×0 pixels"),
        (np.zeros((2000, 2000, 3), np.uint8), "2000×2000 pixels; it must have some, and not more than 1 million"),
        (("later", PICTURE), "item 1 has the time 'later'"),
        ((float("nan"), PICTURE), "item 1 has the time nan"),
        ((0.0, PICTURE), "item 1 has the time 0 s after 0 s; times increase"),
    ],
)
@pytest.mark.parametrize("kind", ["file", "live"])
def test_rubbish_is_named(item: Any, words: str, kind: str) -> None:
    if kind == "live" and "after" in words:
        return  # a live source repairs times
    error = SourceFormatError if kind == "file" else SourceFaultError
    with open_source([PICTURE, item], kind=kind, max_megapixels=1.0) as source:
        with pytest.raises(error, match=words):
            list(source.frames())
        assert source.state is SourceState.FAILED


def test_an_error_of_the_iterable_reaches_the_caller() -> None:
    def broken() -> Iterator[np.ndarray]:
        yield PICTURE
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(open_source(broken()).frames())
    with pytest.raises(SourceFaultError, match="raised KeyError instead of item 1; look at its code"):
        list(open_source(broken(), kind="live").frames())


def test_what_cannot_be_used_is_refused_at_once() -> None:
    with pytest.raises(SourceFormatError, match="iterable has no picture"):
        open_source([])
    with pytest.raises(SourceFormatError, match="item 0 is a int"):
        open_source([1])
    with pytest.raises(UsageError, match="frame rate"):
        IterableSource([PICTURE], frame_rate=0.0)
    with pytest.raises(UsageError, match="every"):
        IterableSource([PICTURE], every=0)
    for source in (None, 1.5, True, b"clip.mp4"):
        with pytest.raises(ArgumentTypeError, match="is no source"):
            open_source(source)
