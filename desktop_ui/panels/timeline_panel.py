"""The timeline of a source: scores of one person over time, what everybody did as bars, and a look back by a click."""

import math
import time
from collections.abc import Callable

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.model.corrected import SourceCorrections
from desktop_ui.model.history import NOTHING, Float64, History
from desktop_ui.model.timeline import (
    Stretch,
    TimeOf,
    clock_words,
    curves,
    moment_at,
    score_lines,
    stretch_at,
    stretches,
    time_of_day,
    time_of_file,
)
from desktop_ui.model.window import Selection
from desktop_ui.panels.timeline_plot import TimelinePlot, day_words
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr

_REFRESH_MILLISECONDS = 200
_FIRST_SECONDS = 30.0
_FILE_SECONDS, _LEAST_FILE_SECONDS = 120.0, 5.0  # of a file that is followed, at most and at least
_BESIDE_SECONDS = 60.0  # beside what is seen: bars are known as far as that
_MOST_ROWS = 6


class TimelinePanel(QWidget):
    """The timeline.

    Args:
        bridge: Whose tracks are shown.
        themes: Gives the colours of the theme that is on.

    Attributes:
        jump_wished: Show the picture of a time: the source's key, and seconds of its timeline.
        live_wished: Show the newest picture of a source again.
        stretch_chosen: Another stretch, or none, is chosen now.
        said: What somebody has said of a source, by its key.
        shown_person: Whom other panels show while nobody is chosen.
        header: Where more is added beside the heading.
    """

    jump_wished, live_wished, stretch_chosen = pyqtSignal(int, float), pyqtSignal(int), pyqtSignal()

    def __init__(self, bridge: Bridge, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge, self._themes = bridge, themes
        self.said: Callable[[int], SourceCorrections] = lambda _key: SourceCorrections()
        self.shown_person: Callable[[], Selection | None] = lambda: None
        self.subject: Selection | None = None  # whose scores are drawn
        self.stretch: Stretch | None = None
        self._follows, self._was_drawn = True, False
        self._words = ""  # beside the heading, as far as there is room
        self._rows: tuple[int, ...] = ()
        self._bars: tuple[Stretch, ...] = ()
        self._heading = QLabel()
        self._heading.setObjectName("heading")
        self._score = QLabel()
        self._score.setObjectName("figure")
        self._action = QComboBox()
        self._action.setToolTip(tr("Which action's scores are drawn"))
        self._action.currentIndexChanged.connect(lambda _: self.refresh())
        self._live = QPushButton(tr("Live ▸"))
        self._live.setProperty("quiet", True)
        self._live.setToolTip(tr("Show the newest picture, and let the timeline follow it"))
        self._live.clicked.connect(self.go_live)
        self.plot = TimelinePlot()
        self.plot.setToolTip(
            tr("Point to see scores, click to see the picture of then, turn the wheel to zoom; Shift and drag chooses")
        )
        self.header = QHBoxLayout()
        self.header.setContentsMargins(12, 4, 8, 0)
        self.header.setSpacing(12)
        self.header.addWidget(self._heading)
        self.header.addWidget(self._score, 1)
        for widget in (self._action, self._live):
            self.header.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.header)
        layout.addWidget(self.plot, 1)
        layout.addStretch()  # the heading stays above, while there is nothing to plot
        self.plot.hovered.connect(self._hover)
        self.plot.clicked.connect(self._click)
        self.plot.chosen.connect(self._choose)
        self.plot.moved.connect(self._stay)
        themes.changed.connect(self._put_on)
        bridge.engine_changed.connect(self._take_labels)
        bridge.model.selection_changed.connect(self._select)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self._put_on()
        self._take_labels()

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the action head whose scores are drawn."""
        bundle = self._bridge.engine.bundle
        return () if bundle is None or not bundle.plan.heads else bundle.plan.heads[0].labels

    def is_file(self, key: int) -> bool:
        """Whether the time of a source's timeline is that of a file."""
        item = self._bridge.model.source(key)
        return item is not None and item.spec.sort == "file"

    def refresh(self) -> None:
        """Draw what is known now."""
        if not self.isVisible():
            return
        self.subject = self._subject()
        if self.subject is None:
            self._show_nothing()
            return
        key, track = self.subject.source, self.subject.track_id
        sink = self._bridge.sink(key)
        assert sink is not None
        time_of = self._time_of(key)
        self._heading.setText(f"{tr('Timeline').upper()}  #{track}")
        self._show_plot(is_shown=True)
        self._show_words(self._words)  # buttons beside them may have come or gone
        pinned = sink.pinned
        newest = sink.last_captured
        if not self.is_file(key):
            now = time.monotonic() if newest is None else newest
        else:
            played = self._bridge.played(key)
            now = 0.0 if played is None else played.state.last
        if self._follows and self.is_file(key):
            self.plot.show_range(max(0.0, now - _FILE_SECONDS), max(now, _LEAST_FILE_SECONDS), is_file=True)
        elif self._follows:
            start, end = self.plot.seen_range
            length = end - start if self._was_drawn else _FIRST_SECONDS
            self.plot.show_range(now - length, now, is_file=False)
            self._was_drawn = True
        label = self._action.currentData()
        drawn = curves(self._history(key, track), self.labels, time_of, within=self.plot.seen_range, label=label)
        self.plot.show_curves(drawn, track, self._themes.theme)
        self._show_bars(key, track, sink, label)
        at = None if pinned is None else pinned.observation.frame.captured
        if self.is_file(key):
            played = self._bridge.played(key)
            at = None if played is None or played.state.count == 0 else played.state.time
        self.plot.show_head(at)
        self._live.setEnabled(not self._follows or pinned is not None)

    def _show_bars(self, key: int, number: int, sink: NewestFrame, label: str | None) -> None:
        """Draw what everybody did, a row for each person; the first one is that of ``number``."""
        said, time_of = self.said(key), self._time_of(key)
        found: list[Stretch] = []
        rows = [number]
        begin, end = self.plot.seen_range
        most = min(_MOST_ROWS, self.plot.room_for_rows)
        own = said.tracks(number)
        for place, track in enumerate((*own, *[track for track in reversed(sink.tracks.known()) if track not in own])):
            if place >= len(own) and len(rows) >= most:
                break
            whole = sink.tracks.history(track)
            times = time_of(whole)
            near = whole.part((times >= begin - _BESIDE_SECONDS) & (times <= end + _BESIDE_SECONDS))
            shown = [
                one for one in said.stretches(stretches(near, track, time_of), track) if label in (None, one.label)
            ]
            found += shown
            for one in shown:
                if one.track_id not in rows and len(rows) < most and one.end >= begin and one.start <= end:
                    rows.append(one.track_id)
        self._rows = tuple(rows)
        self._bars = tuple(found)
        self.plot.show_bars(found, self._rows)

    def go_live(self) -> None:
        """Follow the newest frame again."""
        self._follows = True
        self._show_stretch(None)
        if self.subject is not None:
            self.live_wished.emit(self.subject.source)
        self.refresh()

    def next_stretch(self, step: int) -> None:
        """Go to the next stretch of the person (``step`` 1), or the one before (-1), and show its picture."""
        if self.subject is None:
            return
        own = [one for one in self._bars if one.track_id == self.subject.track_id]
        now = self.stretch.start if self.stretch is not None else self.plot.seen_range[1]
        after = [one for one in own if one.start > now + 1e-6] if step > 0 else [one for one in own if one.start < now]
        if after:
            chosen = after[0] if step > 0 else after[-1]
            self._show_stretch(chosen)
            self.jump_wished.emit(self.subject.source, chosen.start)

    def _subject(self) -> Selection | None:
        model = self._bridge.model
        if model.selection is not None and self._bridge.sink(model.selection.source) is not None:
            return model.selection
        if self.subject is not None and self.stretch is not None and self._bridge.sink(self.subject.source) is not None:
            return self.subject
        found = self.shown_person()
        if found is not None:
            return found
        if self.subject is not None and self._bridge.sink(self.subject.source) is not None:
            return self.subject  # who was shown last
        for item in model.in_sight:
            sink = self._bridge.sink(item.key)
            known = () if sink is None else sink.tracks.known()
            if sink is not None and known:
                track = max(known, key=lambda track: _last(sink.tracks.history(track).captured))
                at = _last(self._time_of(item.key)(sink.tracks.history(track)))
                return Selection(item.key, self.said(item.key).number(track, at))
        return None

    def _show_plot(self, *, is_shown: bool) -> None:
        if self.plot.isHidden() == is_shown:
            for widget in (self.plot, self._action, self._live):
                widget.setVisible(is_shown)
            self._words = ""

    def _show_nothing(self) -> None:
        self._show_plot(is_shown=False)
        self._heading.setText(tr("Timeline").upper())
        self._show_words(tr("the scores of a person over time; nobody has been seen yet"))
        self.plot.show_curves((), 1, self._themes.theme)
        self.plot.show_bars((), ())
        self.plot.show_head(None)

    def _history(self, key: int, number: int) -> History:
        """What was said of a person, whichever numbers the tracker gave."""
        sink = self._bridge.sink(key)
        return NOTHING if sink is None else self.said(key).history(sink.tracks.history, number, self._time_of(key))

    def _time_of(self, key: int) -> TimeOf:
        return time_of_file if self.is_file(key) else time_of_day

    def _hover(self, at: float) -> None:
        if self.subject is None or math.isnan(at):
            self._show_words("")
            return
        key = self.subject.source
        history = self._history(key, self.subject.track_id)
        moment = moment_at(history, at, self._time_of(key))
        words = clock_words(at) if self.is_file(key) else day_words(at)
        scores = tr("no score") if moment is None else "   ".join(score_lines(history, moment, self.labels))
        self._show_words(f"{words}   {scores}")

    def _show_words(self, words: str) -> None:
        self._words = words
        room = self._score.width()
        self._score.setText(self._score.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))

    def _click(self, at: float, row: int) -> None:
        if self.subject is None:
            return
        key = self.subject.source
        if 0 <= row < len(self._rows):
            track = self._rows[row]
            found = stretch_at([one for one in self._bars if one.track_id == track], at)
            if found is not None:
                self._bridge.model.select(Selection(key, track))
                self._show_stretch(found)
                self._stay()
                self.jump_wished.emit(key, at)
                return
        self._show_stretch(None)
        self._stay()
        self.jump_wished.emit(key, at)

    def _choose(self, start: float, end: float) -> None:
        if self.subject is not None:
            self._follows = False
            key, number = self.subject.source, self.subject.track_id
            track = self.said(key).track(number, (start + end) / 2)
            self.stretch = Stretch(number, "", start, end, seen_as=None if track == number else track)
            self.stretch_chosen.emit()

    def _show_stretch(self, stretch: Stretch | None) -> None:
        self.stretch = stretch
        self.plot.show_region(None if stretch is None else (stretch.start, stretch.end))
        self.stretch_chosen.emit()

    def _stay(self) -> None:
        self._follows = False
        self.refresh()

    def _select(self) -> None:
        chosen = self._bridge.model.selection
        if self.stretch is not None and chosen is not None and chosen.track_id != self.stretch.track_id:
            self._show_stretch(None)
        self.refresh()

    def _put_on(self) -> None:
        self.plot.put_on(self._themes.theme)
        self.refresh()

    def _take_labels(self) -> None:
        self._action.blockSignals(True)
        self._action.clear()
        self._action.addItem(tr("Strongest actions"), None)
        for label in self.labels:
            self._action.addItem(label.replace("_", " "), label)
        self._action.blockSignals(False)


def _last(times: Float64) -> float:
    return float(times[-1]) if len(times) else float("-inf")
