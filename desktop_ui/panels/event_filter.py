"""The form that says which events are listed: which sort, whose, where and when."""

from collections.abc import Callable, Sequence
from dataclasses import astuple
from datetime import datetime, timedelta, timezone

from PyQt6.QtCore import QDateTime, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QDateTimeEdit, QFormLayout, QPushButton, QWidget

from desktop_ui.model.event_list import EventFilter, KeptEvent, TimelinePart
from desktop_ui.translation import tr

_BETWEEN, _TIMELINE = "between", "timeline"
_LEAST_WIDTH = 160


class EventFilterForm(QWidget):
    """The form.

    Attributes:
        changed: Another filter holds now.
        wanted: The filter.
        seen_part: Gives the part of a timeline that is seen; None where there is none.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wanted = EventFilter()
        self.seen_part: Callable[[], TimelinePart | None] = lambda: None
        self._action, self._source, self._zone = QComboBox(), QComboBox(), QComboBox()
        self._track, self._span, self._kind = QComboBox(), QComboBox(), QComboBox()
        for words, value in ((tr("All events"), ""), (tr("Alerts"), "alerts"), (tr("Not looked at"), "waiting")):
            self._kind.addItem(words, value)
        spans = ((tr("Any time"), None), (tr("Last hour"), 1), (tr("Last day"), 24), (tr("Last week"), 168))
        for words, hours in (*spans, (tr("From … to …"), _BETWEEN), (tr("What the timeline shows"), _TIMELINE)):
            self._span.addItem(words, hours)
        self._since, self._until = QDateTimeEdit(), QDateTimeEdit()
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(12, 12, 12, 12)
        self._layout.setSpacing(8)
        for words, box in (
            (tr("Which"), self._kind),
            (tr("Action"), self._action),
            (tr("Person"), self._track),
            (tr("Source"), self._source),
            (tr("Zone"), self._zone),
            (tr("When"), self._span),
        ):
            box.setMinimumWidth(_LEAST_WIDTH)
            box.setToolTip(words)
            box.activated.connect(self._take)
            self._layout.addRow(words, box)
        for words, moment in ((tr("From"), self._since), (tr("To"), self._until)):
            moment.setDisplayFormat("dd.MM.yyyy HH:mm:ss")
            moment.setCalendarPopup(True)
            moment.dateTimeChanged.connect(self._take)
            self._layout.addRow(words, moment)
        clear = QPushButton(tr("Show all"))
        clear.setToolTip(tr("List every event"))
        clear.clicked.connect(lambda: self.show_filter(EventFilter()))
        self._layout.addRow(clear)
        self._show_moments(datetime.now().astimezone() - timedelta(hours=1), datetime.now().astimezone())
        self._show_rows()

    @property
    def count(self) -> int:
        """How many conditions the filter has."""
        return sum(value not in (None, False) for value in astuple(self.wanted))

    def offer(self, events: Sequence[KeptEvent]) -> None:
        """Offer what there is among events."""
        _offer(self._action, tr("Any action"), {event.record.label for event in events})
        _offer(self._source, tr("Any source"), {event.record.source for event in events})
        _offer(self._zone, tr("Any zone"), {event.record.zone for event in events if event.record.zone})
        _offer(self._track, tr("Anybody"), {event.record.track for event in events if event.record.track is not None})

    def show_filter(self, wanted: EventFilter) -> None:
        """Take a filter that is given."""
        self.wanted = wanted
        for box, value in (
            (self._action, wanted.action),
            (self._source, wanted.source),
            (self._zone, wanted.zone),
            (self._track, wanted.track),
        ):
            box.setCurrentIndex(max(0, box.findData(value)))
        self._kind.setCurrentIndex(2 if wanted.only_waiting else 1 if wanted.only_alerts else 0)
        if wanted.since is not None and wanted.until is not None:
            self._show_moments(wanted.since, wanted.until)
            self._span.setCurrentIndex(self._span.findData(_BETWEEN))
        else:
            self._span.setCurrentIndex(0 if wanted.part is None else self._span.findData(_TIMELINE))
        self._show_rows()
        self.changed.emit()

    def _take(self) -> None:
        """Take the filter that the form says now."""
        when, kind = self._span.currentData(), self._kind.currentData()
        since = until = part = None
        if when == _TIMELINE:
            # The part that is seen while it is chosen; it stays when the timeline moves on.
            part = self.seen_part() if self.sender() is self._span or self.wanted.part is None else self.wanted.part
        elif when == _BETWEEN:
            since, until = (_moment(edit) for edit in (self._since, self._until))
        elif when is not None:
            since = datetime.now(timezone.utc) - timedelta(hours=when)
        self.wanted = EventFilter(
            action=self._action.currentData(),
            source=self._source.currentData(),
            zone=self._zone.currentData(),
            track=self._track.currentData(),
            since=since,
            until=until,
            part=part,
            only_alerts=kind == "alerts",
            only_waiting=kind == "waiting",
        )
        self._show_rows()
        self.changed.emit()

    def _show_rows(self) -> None:
        for edit in (self._since, self._until):
            self._layout.setRowVisible(edit, self._span.currentData() == _BETWEEN)

    def _show_moments(self, since: datetime, until: datetime) -> None:
        for edit, moment in ((self._since, since), (self._until, until)):
            edit.blockSignals(True)
            edit.setDateTime(QDateTime.fromSecsSinceEpoch(round(moment.timestamp())))
            edit.blockSignals(False)


def _moment(edit: QDateTimeEdit) -> datetime:
    return datetime.fromtimestamp(edit.dateTime().toSecsSinceEpoch(), timezone.utc)


def _offer(box: QComboBox, any_words: str, values: set[str] | set[int] | set[str | None]) -> None:
    wanted = sorted(values, key=lambda value: (isinstance(value, str), value if value is not None else ""))
    known = [box.itemData(number) for number in range(1, box.count())]
    if known == wanted and box.count():
        return
    current = box.currentData()
    box.clear()
    box.addItem(any_words, None)
    for value in wanted:
        box.addItem(f"#{value}" if isinstance(value, int) else str(value).replace("_", " "), value)
    box.setCurrentIndex(max(0, box.findData(current)))
