from pathlib import Path
from typing import Any

from desktop_ui.dialogs.details_dialog import DetailsDialog, source_cells
from desktop_ui.model.sources import SourceItem, SourceSpec
from desktop_ui.model.standing import Phase, Standing
from tests.toy_video import write_toy_video


def test_a_row_says_what_is_known_of_a_source_and_no_secret() -> None:
    item = SourceItem(1, SourceSpec("rtsp://me:secret@192.0.2.7/stream", title="Gate"))
    for second in range(4):
        standing = Standing(
            Phase.RECONNECTING,
            reason="the connection was cut",
            is_live=True,
            size=(640, 480),
            epoch=2,
            came=20 * second,
            processed=10 * second,
            dropped={"newer_frame": 7},
            age=0.08,
        )
        item.note(standing, float(second))
    cells = source_cells(item)
    assert cells[0] == "Gate"
    assert "secret" not in "".join(cells)
    assert cells[1:] == (
        "reconnecting: the connection was cut", "640×480", "20.0 / 10.0", "80, 80", "30", "7 a newer one came", "2"
    )  # fmt: skip


def test_the_text_names_bundle_device_and_sources(open_window: Any, tmp_path: Path) -> None:
    opened = open_window([write_toy_video(tmp_path / "clip.mp4", seconds=0.4)])
    opened.wait(lambda: opened.model.sources[0].standing.size == (320, 240))
    dialog = DetailsDialog(opened.window.bridge, opened.window)
    text = dialog.text()
    dialog.close()
    dialog.deleteLater()
    for words in ("clip.mp4", "bundle tiny 1", "on cpu, CPUExecutionProvider", "320×240"):
        assert words in text
