"""What an operator does with what was seen, in the real window."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QPoint, Qt

from desktop_ui.model.standing import Phase
from desktop_ui.model.window import Selection
from tests.desktop_ui.open_window import OpenWindow
from tests.toy_video import write_toy_video

OpensWindow = Callable[..., OpenWindow]


def click(opened: OpenWindow, at: float, row: int = -1) -> None:
    """Click into the timeline."""
    plot = opened.window.desk.timeline.plot
    point = plot.pixel_of(at, row)
    place = QPoint(round(point.x()), round(point.y()))
    opened.qtbot.mouseMove(plot.viewport(), place)
    opened.qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)


def play_to_its_end(opens: OpensWindow, folder: Path, *, seconds: float = 4.0) -> OpenWindow:
    opened = opens([write_toy_video(folder / "clip.mp4", seconds=seconds, rate=12)])
    opened.wait_for(Phase.ENDED)
    opened.wait(lambda: opened.window.desk.timeline.subject is not None)
    opened.window.desk.timeline.refresh()
    return opened


def test_the_timeline_shows_scores_and_a_click_shows_the_picture_or_chooses_a_bar(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    opened = play_to_its_end(open_window, tmp_path)
    timeline = opened.window.desk.timeline
    assert timeline.subject == Selection(1, 1)
    assert {stretch.label for stretch in timeline._bars} == {"walk"}
    click(opened, 2.0)
    opened.wait(lambda: opened.tile().shown.observation.frame.index in range(20, 29))
    assert "raw" in timeline._score.text()
    timeline.go_live()
    opened.wait(lambda: opened.tile().shown.observation.frame.index == 47)
    bar = timeline._bars[0]
    click(opened, (bar.start + bar.end) / 2, row=0)
    assert timeline.stretch == bar
    assert opened.model.selection == Selection(1, 1)
    timeline.go_live()
    assert timeline.stretch != bar
    timeline.next_stretch(-1)
    assert timeline.stretch == bar
