"""What others wrote steers no terminal."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edgeact.batch.messages import InputResult
from edgeact.batch.progress import describe_result
from edgeact.drawing.person_label import label_text
from edgeact.errors import SourceFormatError
from edgeact.plain_text import printable
from edgeact.types import Person, Pose, Reading

HOSTILE = "a\x1b[2Jb\rc\nd\x9be\u202ef\u2028g\udcffh"
SHOWN = r"a\x1b[2Jb\rc\nd\x9be\u202ef\u2028g\udcffh"


def test_control_characters_become_escapes() -> None:
    assert printable(HOSTILE) == SHOWN


@pytest.mark.parametrize("text", ["clip.mp4", "Größe 蹴る", "👩\u200d👧", "", "[red]x[/]"])
def test_everything_else_stays(text: str) -> None:
    assert printable(text) == text


def test_errors_results_and_drawn_labels_are_free_of_them() -> None:
    assert str(SourceFormatError(f"{HOSTILE} is no video")) == f"{SHOWN} is no video"
    out = io.StringIO()
    result = InputResult(Path(HOSTILE), "interrupted")
    Console(file=out, width=200).print(describe_result(result), highlight=False)
    assert SHOWN in out.getvalue()
    pose = Pose(np.zeros((21, 2), np.float32), np.zeros(21, np.float32))
    reading = Reading("action", np.ones(1, np.float32), np.ones(1, np.float32), ("\x1b[2J",), (0.9,))
    assert label_text(Person(1, np.zeros(4, np.float32), 0.9, pose, readings=(reading,))).startswith(r"#1 \x1b[2J")
