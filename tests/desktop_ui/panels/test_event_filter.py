"""The form that says which events are listed, used as an operator uses it."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from PyQt6.QtCore import QDateTime
from PyQt6.QtWidgets import QComboBox

from desktop_ui.model.event_list import EventFilter, TimelinePart
from desktop_ui.panels.event_filter import EventFilterForm

START = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


@pytest.fixture
def form(qtbot: Any) -> EventFilterForm:
    made = EventFilterForm()
    qtbot.addWidget(made)
    made.show()
    return made


def choose(box: QComboBox, words: str) -> None:
    box.setCurrentText(words)
    box.activated.emit(box.currentIndex())


def test_times_are_free(form: EventFilterForm, qtbot: Any) -> None:
    assert not form._since.isVisible()
    choose(form._span, "From … to …")
    assert form._since.isVisible()
    form._since.setDateTime(QDateTime.fromSecsSinceEpoch(int(START.timestamp())))
    with qtbot.waitSignal(form.changed):
        form._until.setDateTime(QDateTime.fromSecsSinceEpoch(int(START.timestamp()) + 90))
    assert (form.wanted.since, form.wanted.until) == (START, START + timedelta(seconds=90))
    assert form.count == 2
    form.show_filter(EventFilter())
    assert form.wanted == EventFilter()
    assert not form._since.isVisible()


def test_the_part_of_the_timeline_that_was_seen_stays(form: EventFilterForm) -> None:
    seen = [TimelinePart(1, 10, 20)]
    form.seen_part = lambda: seen[0]
    choose(form._span, "What the timeline shows")
    assert form.wanted.part == TimelinePart(1, 10, 20)
    seen[0] = TimelinePart(1, 30, 40)  # it has moved on
    choose(form._kind, "Alerts")
    assert form.wanted == EventFilter(part=TimelinePart(1, 10, 20), only_alerts=True)
    choose(form._span, "What the timeline shows")
    assert form.wanted.part == TimelinePart(1, 30, 40)
