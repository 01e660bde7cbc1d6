"""The real window, over a tiny bundle and tiny sources."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PyQt6.QtWidgets import QAbstractButton, QComboBox, QMenuBar, QSlider, QWidget

from desktop_ui.model.layers import LAYER_SWITCHES, Layers
from desktop_ui.model.standing import Phase
from desktop_ui.model.window import Selection
from tests.desktop_ui.open_window import OpenWindow
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker, write_toy_video

OpensWindow = Callable[..., OpenWindow]


def test_a_window_without_sources_offers_three_ways_to_begin(open_window: OpensWindow) -> None:
    opened = open_window()
    first = opened.window.grid.first_run
    assert first.isVisible()
    opened.window.opener.open_demo()
    assert not first.isVisible()
    assert [item.spec.called for item in opened.model.sources] == ["Demo"]


def test_a_file_is_shown_to_its_end_and_a_click_chooses_a_person(open_window: OpensWindow, tmp_path: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=1.2)
    opened = open_window([clip])
    opened.wait_for(Phase.ENDED)
    opened.wait(lambda: opened.tile().shown.observation.frame.index == 29)
    tile = opened.tile()
    person = tile.shown.observation.persons[0]
    middle = QPointF(*(float(value) for value in (person.box[:2] + person.box[2:]) / 2))
    place = tile.place()
    at = QPointF(middle.x() * place.scale + place.x, middle.y() * place.scale + place.y)
    opened.qtbot.mouseClick(tile, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert opened.model.selection == Selection(1, person.track_id)
    opened.wait(lambda: opened.window.person.person() is not None)
    opened.qtbot.mouseClick(
        tile, Qt.MouseButton.LeftButton, pos=place.rectangle(person.box).bottomRight().toPoint() * 2
    )
    assert opened.model.selection is None


def test_a_file_is_paused_stepped_and_scrubbed_without_being_perceived_again(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=2.0)
    opened = open_window([clip])
    opened.wait_for_picture()
    player = opened.window.player
    opened.wait(player.isVisible)
    player.toggle()
    opened.wait_for(Phase.PAUSED)
    opened.wait(lambda: opened.window.bridge.played(1).state.is_complete)
    player.seek(1.5)
    opened.wait(lambda: opened.tile().shown.observation.frame.index == 37)
    player.step(-2)
    opened.wait(lambda: opened.tile().shown.observation.frame.index == 35)
    opened.wait(lambda: opened.model.source(1).standing.processed == 50)  # type: ignore[union-attr]


def test_a_file_is_annotated_in_the_background_and_its_results_open_without_networks(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=1.6)
    opened = open_window()
    opened.wait(lambda: opened.window.bridge.engine.is_open)
    opened.window.task.start([str(clip)], tmp_path / "results")
    assert opened.window.task.task is not None
    opened.wait(lambda: opened.window.task.task is None)
    assert "results" in opened.window.banner.text
    (frames,) = (tmp_path / "results").glob("*.frames.jsonl")
    told: list[tuple[str, str]] = []
    opened.window.bridge.new_event.connect(lambda _key, event: told.append((event.phase, event.label)))
    opened.window.opener.open([str(frames)])
    opened.wait(lambda: opened.model.sources[0].standing.processed == 40)
    opened.wait(lambda: opened.window.bridge.played(1).state.is_complete)
    opened.window.player.seek(1.2)
    opened.wait(lambda: opened.tile().shown.observation.frame.index == 30)
    assert [person.track_id for person in opened.tile().shown.observation.persons] == [1]
    opened.wait(lambda: told == [("new", "walk"), ("end", "walk")])


def test_a_source_that_fails_says_why_and_leaves_the_others(open_window: OpensWindow, tmp_path: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=1.0)
    opened = open_window([tmp_path / "missing.mp4", clip])
    opened.wait_for(Phase.FAILED, 1)
    opened.wait_for(Phase.ENDED, 2)
    standing = opened.model.source(1).standing  # type: ignore[union-attr]
    assert "cannot be found" in standing.reason
    assert opened.tile(1)._card.isVisible()


def test_a_stream_that_falls_silent_comes_back_and_one_that_is_cut_is_tried_again(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    pictures = [tiny_picture(160, 160, one_walker(index / 25)) for index in range(20)]
    with HttpStreams(tmp_path, pictures) as streams:
        address = streams.address("/mjpeg")
        opened = open_window([address])
        opened.wait_for(Phase.RUNNING)
        opened.wait_for_picture()
        streams.is_stalled.set()
        opened.wait_for(Phase.STALLED)
        assert opened.model.source(1).standing.seconds > 1.0  # type: ignore[union-attr]
        streams.is_stalled.clear()
        opened.wait_for(Phase.RUNNING)
    opened.wait_for(Phase.RECONNECTING)
    assert opened.model.source(1).standing.reason  # type: ignore[union-attr]
    assert opened.tile().shown is not None, "the last picture stays"
    with HttpStreams(tmp_path, pictures, port=streams.port):  # the camera is switched on again
        opened.wait_for(Phase.RUNNING)


def test_layers_are_switched_by_keys_and_remembered(open_window: OpensWindow) -> None:
    opened = open_window()
    before = opened.model.layers
    opened.window.activateWindow()  # there is no window manager that would do it
    opened.wait(opened.window.isActiveWindow)
    opened.qtbot.keyClick(opened.window, Qt.Key.Key_T)
    opened.qtbot.keyClick(opened.window, Qt.Key.Key_S)
    opened.qtbot.keyClick(opened.window, Qt.Key.Key_P)
    assert (opened.model.layers.trails, opened.model.layers.skeleton) == (not before.trails, not before.skeleton)
    assert opened.model.layers.privacy == "heads"
    opened.window.close()
    again = open_window(is_started=False)
    assert again.model.layers == opened.model.layers


def test_everything_is_reached_by_keyboard_and_has_a_tooltip(open_window: OpensWindow) -> None:
    window = open_window(is_started=False).window
    controls = [
        widget
        for kind in (QAbstractButton, QComboBox, QSlider)
        for widget in window.findChildren(kind)
        if not isinstance(widget.parent(), QMenuBar)  # Qt's own button for a bar that is too narrow
    ]
    assert len(controls) > 40
    assert [widget for widget in controls if widget.focusPolicy() == Qt.FocusPolicy.NoFocus] == []
    assert [getattr(widget, "text", str)() for widget in controls if not widget.toolTip()] == []


def test_a_broken_bundle_is_a_message_and_a_sound_one_begins(
    open_window: OpensWindow, tmp_path: Path, tiny_bundle: Path
) -> None:
    opened = open_window([write_toy_video(tmp_path / "clip.mp4", seconds=1.0)], bundle=tmp_path)
    opened.wait(lambda: "manifest.json" in opened.window.banner.text)
    opened.wait_for(Phase.REFUSED)
    assert opened.tile()._card.isVisible()
    assert "Choose bundle" in opened.tile()._card._button.text()
    opened.window.bridge.change_bundle(tiny_bundle)
    opened.wait_for_picture()


@pytest.mark.parametrize("count", [1, 4, 9])
def test_the_grid_shows_up_to_nine_sources_and_one_alone(open_window: OpensWindow, tmp_path: Path, count: int) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    opened = open_window([clip] * count)
    tiles = [opened.tile(key) for key in range(1, count + 1)]
    assert all(tile.isVisible() for tile in tiles)
    opened.qtbot.mouseDClick(tiles[-1], Qt.MouseButton.LeftButton)
    assert [tile.isVisible() for tile in tiles] == [False] * (count - 1) + [True]
    opened.window.go_back()
    assert all(tile.isVisible() for tile in tiles)
    if count == 9:
        assert opened.window.opener.open_spec(opened.model.sources[0].spec) is None
        assert "nine" in opened.window.banner.text


def test_every_layer_is_painted(open_window: OpensWindow, tmp_path: Path) -> None:
    opened = open_window([write_toy_video(tmp_path / "clip.mp4", seconds=2.0)])
    opened.wait_for(Phase.ENDED)
    opened.window.desk.rules._add_area(1, "zone", ((0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0)))
    opened.window.player.seek(1.6)
    opened.wait(lambda: opened.tile().shown.observation.frame.index == 40)
    none = Layers(**dict.fromkeys((switch.name for switch in LAYER_SWITCHES), False))

    def picture(layers: Layers) -> QImage:
        opened.model.layers = layers
        opened.wait(lambda: opened.tile().shown.privacy == layers.privacy)
        return opened.tile().grab().toImage()

    bare = picture(none)
    same = {switch.name for switch in LAYER_SWITCHES if picture(none.toggled(switch.name)) == bare}
    assert same == set()
    assert picture(none) == bare
    assert picture(replace(none, privacy="heads")) != bare
    attention = replace(none, attention=True)
    assert picture(attention) != picture(replace(attention, attention_opacity=0.2))


def test_a_file_without_a_codec_says_so_and_the_rest_goes_on(open_window: OpensWindow, tmp_path: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.4)
    unknown = tmp_path / "unknown.mp4"
    unknown.write_bytes(clip.read_bytes().replace(b"avc1", b"zzz1"))
    opened = open_window([unknown, clip])
    opened.wait_for(Phase.FAILED, 1)
    opened.wait_for(Phase.ENDED, 2)
    standing = opened.model.source(1).standing  # type: ignore[union-attr]
    assert "codec" in f"{standing.reason} {standing.remedy}"
    assert standing.remedy


def test_closing_while_graphs_are_opened_ends_everything(open_window: OpensWindow, tmp_path: Path) -> None:
    opened = open_window([write_toy_video(tmp_path / "clip.mp4", seconds=1.0)])
    began = time.monotonic()
    opened.window.close()
    assert time.monotonic() - began < 1.0, "the window is gone at once"
    assert not opened.window.isVisible()


def test_the_windows_thread_is_never_held_up(open_window: OpensWindow, tmp_path: Path, tiny_bundle: Path) -> None:
    """Graphs that are opened, a camera that hangs, a file that plays: the thread's own time between two turns."""
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=2.0)
    late: list[float] = []
    last = [0.0]

    def tick() -> None:
        now = time.thread_time()  # of this thread alone: what other programs take does not count
        late.append(now - last[0])
        last[0] = now

    opened = open_window(is_started=False)
    opened.window.resize(1280, 720)
    opened.qtbot.waitExposed(opened.window)
    opened.window.start(tiny_bundle)
    opened.window.opener.open([str(clip), "rtsp://192.0.2.1/hangs"])
    last[0] = time.thread_time()
    timer = QTimer(opened.window)
    timer.timeout.connect(tick)
    timer.start(5)
    opened.wait_for(Phase.ENDED)
    timer.stop()
    late.sort()
    assert len(late) > 20
    assert late[int(0.99 * len(late)) - 1] < 0.05  # 0.01 measured


def test_files_are_opened_that_are_dropped(open_window: OpensWindow, tmp_path: Path) -> None:
    clip = write_toy_video(tmp_path / "a clip.mp4", seconds=0.4)
    opened = open_window()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(clip)), QUrl("rtsp://192.0.2.1/stream")])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = QPointF(300, 300)
    enter = QDragEnterEvent(at.toPoint(), Qt.DropAction.CopyAction, data, buttons, keys)
    opened.window.dragEnterEvent(enter)
    assert enter.isAccepted()
    opened.window.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, data, buttons, keys))
    assert [item.spec.called for item in opened.model.sources] == ["a clip.mp4", "192.0.2.1/stream"]
    opened.wait_for_picture()


def test_privacy_is_in_every_pixel_of_the_tile_and_of_the_person(open_window: OpensWindow, tmp_path: Path) -> None:
    """The persons of the toy world are white; whoever is hidden leaves nothing white behind."""
    opened = open_window([write_toy_video(tmp_path / "clip.mp4", seconds=2.0)])
    opened.wait_for_picture()
    opened.wait(lambda: opened.window.bridge.played(1).state.is_complete)
    opened.model.layers = Layers(skeleton=False, labels=False, boxes=False)
    opened.window.player.seek(1.8)
    opened.wait(lambda: opened.tile().shown.observation.frame.index == 45)

    def white(widget: QWidget) -> int:
        image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        bits = image.constBits()
        assert bits is not None
        bits.setsize(image.sizeInBytes())
        pixels = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
        return int((pixels[40:, : image.width()] > 250).sum())  # without the title; lines are padded

    assert white(opened.tile()) > 1000
    opened.model.layers = replace(opened.model.layers, privacy="persons")
    assert white(opened.tile()) == 0, "also before a hidden picture is there"
    opened.wait(lambda: opened.tile().shown.privacy == "persons")
    assert white(opened.tile()) == 0
    opened.window.person.refresh()
    assert white(opened.window.person._parts) == 0
    assert white(opened.window.person._why) == 0


def test_dark_and_light_are_switched_and_remembered(open_window: OpensWindow) -> None:
    opened = open_window()
    assert opened.window.themes.theme.name == "dark"
    opened.window.switch_theme()
    assert opened.window.themes.theme.name == "light"
    opened.window.close()
    assert open_window(is_started=False).window.settings.values.theme == "light"


def test_persons_are_chosen_by_keys(open_window: OpensWindow, tmp_path: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=1.2, boxes=two_walkers)
    opened = open_window([clip])
    opened.wait(lambda: opened.tile().shown is not None and len(opened.tile().shown.observation.persons) == 2)
    opened.window.player.toggle()
    opened.window.select_next(1)
    opened.window.select_next(1)
    assert opened.model.selection == Selection(1, 2)
    opened.window.select_next(1)
    assert opened.model.selection == Selection(1, 1)
    opened.window.select_next(-1)
    assert opened.model.selection == Selection(1, 2)
    opened.window.go_back()
    assert opened.model.selection is None


def two_walkers(time: float) -> list[tuple[float, float, float, float]]:
    return [(40 + 20 * time, 40, 64 + 20 * time, 120), (200 + 20 * time, 60, 224 + 20 * time, 150)]
