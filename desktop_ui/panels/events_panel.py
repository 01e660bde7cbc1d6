"""The list of events: what happened, where and to whom, with pictures; filtered, acknowledged and exported."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from PyQt6.QtCore import QAbstractListModel, QItemSelectionModel, QModelIndex, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QPainter, QPixmap, QPixmapCache
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from desktop_ui.model.event_list import EventFilter, KeptEvent
from desktop_ui.panels.event_filter import EventFilterForm
from desktop_ui.style.colours import track_colour
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr

_ROW_HEIGHT = 44
_PICTURE = (64, 36)


class EventRows(QAbstractListModel):
    """The rows of the list."""

    def __init__(self) -> None:
        super().__init__()
        self.events: tuple[KeptEvent, ...] = ()

    def show_events(self, events: Sequence[KeptEvent]) -> None:
        """Have these rows; only those that differ are told to be new, so that a selection stays."""
        fresh = tuple(events)
        if fresh == self.events:
            return
        same_rows = [event.record.id for event in fresh] == [event.record.id for event in self.events]
        if same_rows:
            self.events = fresh
            self.dataChanged.emit(self.index(0), self.index(len(fresh) - 1))
        else:
            self.beginResetModel()
            self.events = fresh
            self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many there are."""
        return len(self.events)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Words for a screen reader; the row itself is painted by `EventDelegate`."""
        if not index.isValid() or index.row() >= len(self.events):
            return None
        event = self.events[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return event
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{local_time(event.record.start)} {event.record.source} {event.words}"
        return None


class EventDelegate(QStyledItemDelegate):
    """Paints a row: picture, time, source, person, words, and whether it waits for somebody."""

    def __init__(self, folder: Path, themes: Themes, parent: QWidget) -> None:
        super().__init__(parent)
        self._folder, self._themes = folder, themes

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """All rows are of one height."""
        return QSize(200, _ROW_HEIGHT)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint a row."""
        event = index.data(Qt.ItemDataRole.UserRole)
        if painter is None or not isinstance(event, KeptEvent):
            return
        theme, row = self._themes.theme, QRectF(option.rect).adjusted(4, 1, -4, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setBrush(QColor(theme.hovered))
            painter.drawRoundedRect(row, 6, 6)
        dot = QColor(theme.alert if event.is_waiting else theme.line)
        painter.setBrush(dot)
        painter.drawEllipse(QRectF(row.left() + 6, row.center().y() - 4, 8, 8))
        place = QRectF(row.left() + 22, row.top() + 3, *_PICTURE)
        picture = self._picture(event, option.widget.devicePixelRatioF())
        if picture.isNull():
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(place, 3, 3)
        else:
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
        self._paint_words(painter, event, row.adjusted(22 + _PICTURE[0] + 10, 2, -8, -2), theme.text, theme.muted)
        painter.restore()

    def _paint_words(self, painter: QPainter, event: KeptEvent, room: QRectF, text: str, muted: str) -> None:
        record = event.record
        font = QFont(painter.font())
        font.setPixelSize(13)
        font.setWeight(QFont.Weight.DemiBold if event.is_waiting else QFont.Weight.Normal)
        painter.setFont(font)
        upper = QRectF(room.left(), room.top(), room.width(), room.height() / 2)
        x = upper.left()
        if record.track is not None:
            painter.setBrush(track_colour(record.track))
            painter.drawRoundedRect(QRectF(x, upper.center().y() - 4, 8, 8), 2, 2)
            x += 14
        who = "" if record.track is None else f"#{record.track}  "
        painter.setPen(QColor(text))
        words = painter.fontMetrics().elidedText(
            f"{who}{event.words}", Qt.TextElideMode.ElideRight, int(upper.right() - x)
        )
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(x, upper.top(), upper.right() - x, upper.height()), align, words)
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(muted))
        lower = QRectF(room.left(), upper.bottom(), room.width(), room.height() / 2)
        lasted = "" if record.end is None else f"   {(record.end - record.start).total_seconds():.0f} s"
        rule = "" if record.rule is None else f"   {tr('rule')} {record.rule}"
        painter.drawText(lower, align, f"{local_time(record.start)}   {record.source}{lasted}{rule}")

    def _picture(self, event: KeptEvent, ratio: float) -> QPixmap:
        """The picture of an event, no larger than the row shows it on a screen of so many pixels a logical one."""
        name = event.record.snapshot
        if name is None:
            return QPixmap()
        known: QPixmap | None = QPixmapCache.find(f"{name} {ratio}")  # type: ignore[assignment]  # the stubs forget None
        if known is not None:
            return known
        path = self._folder / name
        found = QPixmap(str(path)) if path.is_file() else QPixmap()
        if not found.isNull():
            found = found.scaled(
                round(ratio * _PICTURE[0]),
                round(ratio * _PICTURE[1]),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            QPixmapCache.insert(f"{name} {ratio}", found)
        return found


class EventsPanel(QWidget):
    """The list with its filter.

    Args:
        folder: Where pictures and clips of events are.
        themes: Gives the colours of the theme that is on.

    Attributes:
        events: Gives all events, the newest first.
        filter: Says which of them are listed.
        jump_wished: Show the moment of an event.
        clip_wished: Open the clip of an event.
        acknowledge_wished: Somebody has looked at events: their identities.
        export_wished: Export what is chosen, or else what is listed.
    """

    jump_wished, clip_wished = pyqtSignal(object), pyqtSignal(object)
    acknowledge_wished, export_wished = pyqtSignal(object), pyqtSignal()

    def __init__(
        self, events: Callable[[], Sequence[KeptEvent]], folder: Path, themes: Themes, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.events = events
        self._heading = QLabel()
        self._heading.setObjectName("heading")
        self.filter = EventFilterForm()
        self._acknowledge, self._clip = QPushButton(tr("Acknowledge")), QPushButton(tr("Clip"))
        self._export = QPushButton(tr("Export…"))
        self._acknowledge.clicked.connect(self.acknowledge_chosen)
        self._clip.clicked.connect(self._wish_clip)
        self._export.clicked.connect(self.export_wished)
        for button, tip in (
            (self._acknowledge, tr("The chosen alerts have been looked at (J)")),
            (self._clip, tr("Open the clip of the chosen alert")),
            (self._export, tr("Save the chosen events, or all that are listed, as a table with their clips")),
        ):
            button.setProperty("quiet", True)
            button.setToolTip(tip)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 8, 2)
        row.setSpacing(6)
        row.addWidget(self._heading)
        self._filters = QPushButton(tr("Filter"))
        self._filters.setProperty("quiet", True)
        self._filters.setToolTip(tr("Which events are listed, and exported"))
        menu = QMenu(self)
        inside = QWidgetAction(menu)
        inside.setDefaultWidget(self.filter)
        menu.addAction(inside)
        self._filters.setMenu(menu)
        self.filter.changed.connect(self.refresh)
        row.addWidget(self._filters)
        row.addStretch()
        for button in (self._acknowledge, self._clip, self._export):
            row.addWidget(button)
        self.rows = EventRows()
        self.list = QListView()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(EventDelegate(folder, themes, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(lambda index: self.jump_wished.emit(index.data(Qt.ItemDataRole.UserRole)))
        self.list.activated.connect(lambda index: self.jump_wished.emit(index.data(Qt.ItemDataRole.UserRole)))
        self.list.setToolTip(tr("Click to see the moment; press Enter on a chosen event for the same"))
        chooses = self.list.selectionModel()
        assert chooses is not None
        chooses.selectionChanged.connect(lambda *_: self._enable())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.list, 1)
        themes.changed.connect(self.list.viewport().update)  # type: ignore[union-attr]
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now."""
        events = self.events()
        self.filter.offer(events)
        chosen = {event.record.id for event in self.chosen()}
        self.rows.show_events([event for event in events if self.filter.wanted.takes(event)])
        self._choose(chosen)
        waiting = sum(event.is_waiting for event in events)
        self._heading.setText(f"{tr('Events').upper()}  {waiting}" if waiting else tr("Events").upper())
        count = self.filter.count
        self._filters.setText(f"{tr('Filter')} · {count}" if count else tr("Filter"))
        self._enable()

    def chosen(self) -> list[KeptEvent]:
        """The chosen events, in the order of the list."""
        chooses = self.list.selectionModel()
        if chooses is None:
            return []
        return [self.rows.events[row] for row in sorted(index.row() for index in chooses.selectedIndexes())]

    def listed(self) -> tuple[KeptEvent, ...]:
        """What the filter lets through."""
        return self.rows.events

    def acknowledge_chosen(self) -> None:
        """The chosen alerts, or else the newest that waits, have been looked at."""
        chosen = [event for event in self.chosen() if event.is_waiting]
        waiting = [event for event in self.rows.events if event.is_waiting]
        found = chosen or waiting[:1]
        if found:
            self.acknowledge_wished.emit([event.record.id for event in found])

    def _wish_clip(self) -> None:
        for event in self.chosen()[:1]:
            self.clip_wished.emit(event)

    def set_filter(self, wanted: EventFilter) -> None:
        """List these events."""
        self.filter.show_filter(wanted)

    def _choose(self, identities: set[str]) -> None:
        chooses = self.list.selectionModel()
        if chooses is None or {event.record.id for event in self.chosen()} == identities:
            return
        for number, event in enumerate(self.rows.events):
            if event.record.id in identities:
                chooses.select(self.rows.index(number), QItemSelectionModel.SelectionFlag.Select)

    def _enable(self) -> None:
        chosen = self.chosen()
        self._acknowledge.setEnabled(any(event.is_waiting for event in chosen or self.rows.events))
        self._clip.setEnabled(any(event.record.clip for event in chosen))
        self._export.setEnabled(bool(self.rows.events))


def local_time(moment: datetime) -> str:
    """A moment as the operator's clock shows it; with the day, where that is not today."""
    local = moment.astimezone()
    today = datetime.now().astimezone().date()
    return local.strftime("%H:%M:%S") if local.date() == today else local.strftime("%d.%m. %H:%M:%S")
