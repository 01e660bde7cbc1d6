"""Bars and lines while a batch runs."""

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edgeact.batch.messages import InputResult
from edgeact.batch.progress import BarListener, LineListener, describe_result, expected_frames
from edgeact.batch.record import RunSummary
from edgeact.capture.base import SourceInfo
from edgeact.errors import SourceFormatError
from edgeact.types import Frame, Observation

SUMMARY = RunSummary(
    frames=20,
    seconds=2.0,
    media_seconds=0.8,
    tracks=1,
    most_persons=1,
    action_seconds={"walk": 0.5},
    truncated=False,
    warning=None,
)
RESULT = Observation(Frame(0, 0.0, np.zeros((2, 2, 3), np.uint8)))


def info(count: int | None, duration: float | None = None, rate: int | None = None) -> SourceInfo:
    return SourceInfo("a.mp4", 2, 2, False, None if rate is None else Fraction(rate), count, duration)


@pytest.mark.parametrize(
    ("source", "every", "frames"),
    [
        (info(100), 1, 100),
        (info(100), 3, 34),
        (info(None, 2.0, 25), 1, 50),
        (info(None, 2.0), 1, None),
        (info(None), 1, None),
        (info(0), 1, None),
    ],
)
def test_expected_frames(source: SourceInfo, every: int, frames: int | None) -> None:
    assert expected_frames(source, every) == frames


def test_lines_come_now_and_then_and_at_the_end() -> None:
    output = io.StringIO()
    listener = LineListener(Console(file=output, width=20), every_seconds=0.0)
    listener.batch_started(2)
    listener.input_started(Path("long name [of] a video.mp4"), info(4), 1)
    for _ in range(5):  # one more than announced
        listener.frame_done(RESULT)
    listener.input_ended(InputResult(Path("long name [of] a video.mp4"), "done", summary=SUMMARY))
    listener.input_ended(InputResult(Path("b.mp4"), "failed", error=SourceFormatError("b.mp4 is empty")))
    lines = output.getvalue().splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("long name [of] a video.mp4: 1 of 4 frames, ")
    assert lines[0].endswith("s left")
    assert lines[4].startswith("long name [of] a video.mp4: 5 frames, ")
    assert lines[5:] == ["[1/2] done  long name [of] a video.mp4: 20 frames", "[2/2] failed  b.mp4 is empty"]


def test_bars_show_frames_and_leave_a_line_an_input() -> None:
    output = io.StringIO()
    with BarListener(Console(file=output, width=160, force_terminal=True, color_system=None)) as listener:
        listener.batch_started(1)
        for count in (4, None):
            listener.input_started(Path("a.mp4"), info(count), 1)
            for _ in range(4):
                listener.frame_done(RESULT)
            listener.input_ended(InputResult(Path("a.mp4"), "done", summary=SUMMARY))
    assert output.getvalue().count("done  a.mp4: 20 frames") == 2


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (InputResult(Path("a.mp4"), "interrupted"), "nothing was read"),
        (InputResult(Path("a.mp4"), "interrupted", summary=SUMMARY), "20 frames are written; start again"),
        (InputResult(Path("a.mp4"), "skipped", summary=SUMMARY), "--overwrite"),
        (
            InputResult(Path("a.mp4"), "done", summary=SUMMARY.model_copy(update={"warning": "a.mp4 broke off"})),
            "warning: a.mp4 broke off",
        ),
        (InputResult(Path("[a].mp4"), "failed", error=SourceFormatError("[a].mp4 is empty")), "[a].mp4 is empty"),
    ],
)
def test_what_became_of_an_input(result: InputResult, words: str) -> None:
    output = io.StringIO()
    Console(file=output, width=200).print(describe_result(result))
    assert words in output.getvalue()
