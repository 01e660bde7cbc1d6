"""What an operator does with what was seen, in the real window."""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QApplication

import edgeact
from desktop_ui.model.event_list import EventFilter
from desktop_ui.model.standing import Phase
from desktop_ui.model.window import Selection
from tests.desktop_ui.open_window import OpenWindow
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker, write_toy_video

OpensWindow = Callable[..., OpenWindow]


def click(opened: OpenWindow, at: float, row: int = -1) -> None:
    """Click into the timeline."""
    plot = opened.window.desk.timeline.plot
    QApplication.processEvents()  # what is about to move the plot has done so
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


def click_in_picture(opened: OpenWindow, x: float, y: float) -> None:
    """Click at a place of the picture in coordinates from 0 to 1."""
    opened.qtbot.mouseClick(opened.tile(), Qt.MouseButton.LeftButton, pos=in_tile(opened, x, y))


def in_tile(opened: OpenWindow, x: float, y: float) -> QPoint:
    place, (width, height) = opened.tile().place(), opened.tile().shown.frame_size
    return QPoint(round(x * width * place.scale + place.x), round(y * height * place.scale + place.y))


def test_a_zone_is_drawn_somebody_is_told_of_and_it_is_there_the_next_day(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    pictures = [tiny_picture(160, 160, one_walker(index / 25)) for index in range(20)]
    with HttpStreams(tmp_path, pictures) as streams:
        opened = open_window([streams.address("/mjpeg")])
        opened.wait_for_picture()
        rules, events = opened.window.desk.rules, opened.window.desk.events
        events.is_silent = True
        rules.draw("zone")
        corners = [(0.02, 0.3), (0.98, 0.3), (0.98, 0.98), (0.02, 0.98)]
        for x, y in corners:
            click_in_picture(opened, x, y)
        opened.window.desk.take_back()
        click_in_picture(opened, *corners[-1])
        click_in_picture(opened, *corners[0])
        camera = rules.camera()
        assert camera is not None
        assert rules.model.book.of(camera).points_of("zone-1")[1] == pytest.approx(corners[1], abs=0.01)
        rules.draw("zone")
        tile = opened.tile()
        opened.qtbot.mousePress(tile, Qt.MouseButton.LeftButton, pos=in_tile(opened, *corners[0]))
        opened.qtbot.mouseMove(tile, in_tile(opened, 0.1, 0.2))
        opened.qtbot.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=in_tile(opened, 0.1, 0.2))
        assert rules.model.book.of(camera).points_of("zone-1")[0] == pytest.approx((0.1, 0.2), abs=0.01)
        opened.window.go_back()
        dialog = rules.dialog()
        assert dialog is not None
        dialog.choose("dwell")
        rules.add_rule(dialog)
        opened.wait(lambda: "stays in zone-1" in opened.window.banner.text)
        opened.wait(lambda: any(event.is_waiting for event in events.panel.listed()))
        opened.wait(lambda: rules.tool.alarmed.get(1) == frozenset({"zone-1"}))
        first = [event.record.id for event in events.panel.listed() if event.is_waiting][-1]
        events.panel.acknowledge_wished.emit([first])
        assert next(event for event in events.panel.listed() if event.record.id == first).acknowledged
        opened.window.desk.timeline.refresh()
        held = opened.window.desk.held[1].all()
        opened.window.desk.show_past(1, held[0].captured)
        opened.wait(lambda: opened.tile().shown.observation.frame.index == held[0].seen.frame.index)
        opened.window.desk.show_past(1, 0.0)
        assert "not held" in opened.window.banner.text
        opened.window.desk.show_live(1)
        opened.window.close()
        opened.wait(lambda: opened.window.bridge.wait_closed(0.0))
    again = open_window()
    again.wait(lambda: len(again.window.desk.events.panel.listed()) > 0)
    found = next(event for event in again.window.desk.events.panel.listed() if event.record.id == first)
    assert (found.record.rule, found.record.zone, found.acknowledged) == ("dwell-zone-1", "zone-1", True)
    assert list(again.window.desk.rules.model.book.rules) == ["dwell-zone-1"]


def test_a_file_is_judged_by_a_new_rule_and_a_stretch_and_a_joint_are_corrected(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    opened = play_to_its_end(open_window, tmp_path)
    desk, timeline = opened.window.desk, opened.window.desk.timeline
    corners = ((0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0))
    desk.rules.tool.begin("zone")
    desk.rules._add_area(1, "zone", corners)
    dialog = desk.rules.dialog()
    assert dialog is not None
    dialog.choose("enter")
    dialog.choose("dwell")
    desk.rules.add_rule(dialog)  # after the file was perceived
    opened.wait(lambda: any(event.is_waiting for event in desk.events.panel.listed()))
    panel = desk.events.panel
    assert {event.is_alert for event in panel.listed()} == {True, False}
    panel.set_filter(EventFilter(only_alerts=True, zone="zone-1"))
    assert [event.words for event in panel.listed()] == ["stays in zone-1"]
    desk.events.export(tmp_path / "events")
    opened.wait(lambda: (tmp_path / "events" / "events.csv").exists())
    assert len(list((tmp_path / "events").glob("*-stays-in-zone-1-*.mp4"))) == 1
    # The banner takes height from the timeline when it appears: a click must not lie between its being told and that.
    opened.wait(lambda: "clips are in" in opened.window.banner.text)
    panel.set_filter(EventFilter())
    bar = timeline._bars[0]
    click(opened, (bar.start + bar.end) / 2, row=0)
    assert desk.corrections.choice.isVisible()
    desk.corrections.say("label", label="jump")
    said = desk.corrections.model.all[-1]
    before = [frame for frame in range(48) if bar.start - 2.2 <= frame / 12 < bar.start - 1e-6]
    assert said.lead == pytest.approx(len(before), abs=1)  # the clip begins before the stretch does
    assert 0 < said.lead < said.boxes[-1][0]
    assert [(one.label, one.is_corrected) for one in timeline._bars] == [("jump", True)]
    played = opened.window.bridge.played(1)
    assert played is not None
    assert not played.state.is_playing, "a click into the timeline pauses"
    opened.wait(lambda: opened.tile().shown.observation.frame.time == played.state.time)

    def wrist() -> tuple[float, float]:
        joint = opened.tile().shown.observation.persons[0].pose.joints[9]
        return float(joint[0]), float(joint[1])

    tile, before = opened.tile(), wrist()
    width, height = tile.shown.frame_size
    after = (before[0] + 30, before[1] - 20)
    begin, end = (in_tile(opened, x / width, y / height) for x, y in (before, after))
    opened.qtbot.mousePress(tile, Qt.MouseButton.LeftButton, pos=begin)
    opened.qtbot.mouseMove(tile, end)
    opened.qtbot.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=end)
    assert [one.kind for one in desk.corrections.model.all] == ["label", "joint"]
    opened.wait(lambda: abs(wrist()[0] - after[0]) < 3)
    desk.take_back()
    opened.wait(lambda: abs(wrist()[0] - before[0]) < 3)
    desk.do_again()
    assert desk.corrections.badge.text().endswith("2")
    done = []
    desk.events.keeper.later(lambda: done.append(1))
    opened.wait(lambda: done == [1])
    desk.corrections.export(tmp_path / "out")
    opened.wait(lambda: (tmp_path / "out" / "corrections.json").exists())
    assert len(list((tmp_path / "out" / "classes" / "jump" / "clip-mp4").glob("*.mp4"))) == 1
    assert (tmp_path / "out" / "keypoints" / "annotations.json").exists()
    assert len(list((tmp_path / "kept" / "corrections").glob("*.json"))) == 1


def test_somebody_else_is_so_in_picture_timeline_and_events_from_there_on(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    opened = play_to_its_end(open_window, tmp_path)
    desk, timeline = opened.window.desk, opened.window.desk.timeline
    opened.wait(lambda: any(not event.is_alert for event in desk.events.panel.listed()))
    bar = timeline._bars[0]
    timeline._choose(bar.start + 0.5, bar.start + 1.0)
    desk.corrections.say("identity", becomes=7, carries_on=True)
    opened.wait(lambda: [person.track_id for person in opened.tile().shown.observation.persons] == [7])
    assert list(opened.tile().shown.trails) == [7]
    opened.model.select(Selection(1, 7))
    timeline.refresh()
    assert [(one.track_id, one.seen_track) for one in timeline._bars if one.start > bar.start] == [(7, 1)]
    assert timeline._bars[-1].end == bar.end, "it carries on after the stretch"
    assert timeline._history(1, 7).times[0] == pytest.approx(bar.start + 0.5, abs=0.2)
    opened.wait(lambda: [event.record.track for event in desk.events.panel.listed()] == [7])
    panel = desk.events.panel
    panel.set_filter(EventFilter(track=7))
    desk.events.export(tmp_path / "events")
    opened.wait(lambda: "clips are in" in opened.window.banner.text)
    with (tmp_path / "events" / "events.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["track"], row["told_track"]) for row in csv.DictReader(file)] == [("7", "1")]
    panel.set_filter(EventFilter())
    # What is said of the person now is about the same track, and a joint is dragged as before.
    timeline._choose(bar.start + 1.5, bar.start + 2.0)
    desk.corrections.say("label", label="jump")
    assert [one.track for one in desk.corrections.model.all] == [1, 1]
    assert (7, "jump") in {(one.track_id, one.label) for one in timeline._bars}
    desk.take_back()
    desk.take_back()
    opened.wait(lambda: [person.track_id for person in opened.tile().shown.observation.persons] == [1])


def test_corrections_of_results_are_saved_beside_them_and_there_again(
    open_window: OpensWindow, tmp_path: Path, tiny_bundle: Path
) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=2.0, rate=12)
    edgeact.annotate(clip, out=tmp_path / "results", bundle=tiny_bundle, video=False)
    frames = tmp_path / "results" / "clip.frames.jsonl"

    def opens_results() -> OpenWindow:
        opened = open_window([frames])
        opened.wait_for(Phase.ENDED)
        opened.wait(lambda: opened.window.desk.timeline.subject is not None)
        opened.window.desk.timeline.refresh()
        return opened

    opened = opens_results()
    corrections, bar = opened.window.desk.corrections, opened.window.desk.timeline._bars[0]
    opened.window.desk.timeline._choose(bar.start, bar.end)
    corrections.say("label", label="jump")
    done: list[int] = []
    opened.window.desk.events.keeper.later(lambda: done.append(1))
    opened.wait(lambda: done == [1])
    opened.window.close()
    opened.wait(lambda: opened.window.bridge.wait_closed(0.0))
    assert (tmp_path / "results" / "clip.corrections.json").is_file()
    assert len(list((tmp_path / "results" / "clip.corrections").glob("*.mp4"))) == 1
    assert not list((tmp_path / "kept").glob("corrections/*")), "not with those of other sources"
    again = opens_results()
    desk = again.window.desk
    again.wait(lambda: desk.corrections.badge.text().endswith("1"))
    desk.timeline.refresh()
    assert [(one.label, one.is_corrected) for one in desk.timeline._bars] == [("jump", True)]
    desk.corrections.export(tmp_path / "out")
    again.wait(lambda: (tmp_path / "out" / "corrections.json").exists())
    assert len(list((tmp_path / "out" / "classes" / "jump").rglob("*.mp4"))) == 1


def test_who_somebody_is_in_front_of_a_camera_holds_until_the_camera_begins_anew(
    open_window: OpensWindow, tmp_path: Path
) -> None:
    with HttpStreams(tmp_path, [tiny_picture(160, 160, one_walker(0.5))] * 2) as streams:
        opened = open_window([streams.address("/mjpeg")])
        opened.wait_for_picture()
        desk, timeline = opened.window.desk, opened.window.desk.timeline

        def shown() -> list[int]:
            return [person.track_id for person in opened.tile().shown.observation.persons]

        opened.wait(lambda: shown() == [1])
        opened.wait(lambda: timeline.subject is not None)
        now = time.monotonic()
        timeline._choose(now - 10.0, now)  # from before the camera was there
        desk.corrections.say("identity", becomes=7, carries_on=True)
        opened.wait(lambda: shown() == [7])
        timeline.refresh()
        # A rule that is drawn now is told of since before it was drawn.
        held = desk.held[1]
        opened.wait(lambda: held.all()[-1].captured - held.all()[0].captured > 1.5)
        desk.rules._add_area(1, "zone", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
        dialog = desk.rules.dialog()
        assert dialog is not None
        dialog.choose("dwell", seconds=0.5)
        desk.rules.add_rule(dialog)
        drawn = time.monotonic()
        opened.wait(lambda: any(event.is_alert for event in desk.events.panel.listed()))
        alert = next(event for event in desk.events.panel.listed() if event.is_alert)
        assert alert.at is not None
        assert alert.at < drawn - 0.5
        opened.window.bridge.renew(1)
        opened.wait(lambda: shown() == [1])
