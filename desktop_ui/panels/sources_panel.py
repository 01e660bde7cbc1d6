"""The list of sources: state, name, frames a second; a click shows one alone, its menu changes or removes it."""

from PyQt6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PyQt6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop_ui.model.sources import SourceItem
from desktop_ui.model.standing import Phase
from desktop_ui.model.window import WindowModel
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr
from desktop_ui.views.state_words import short_state
from desktop_ui.views.tile import phase_colour

_ROW = 28
_KEY = Qt.ItemDataRole.UserRole


class SourcesPanel(QListWidget):
    """The sources of the window.

    Args:
        model: Whose sources are listed.
        themes: Gives the colours of the theme that is on.

    Attributes:
        edit_wished, renew_wished, remove_wished: From a source's menu, by its key.
    """

    edit_wished, renew_wished, remove_wished = pyqtSignal(int), pyqtSignal(int), pyqtSignal(int)

    def __init__(self, model: WindowModel, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setItemDelegate(_SourceRow(model, themes, self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.itemActivated.connect(lambda row: self._model.focus_on(row.data(_KEY)))
        self.itemClicked.connect(lambda row: self._model.focus_on(None if self._is_focused(row) else row.data(_KEY)))
        model.sources_changed.connect(self._fill)
        model.standings_changed.connect(self._refresh)
        model.focus_changed.connect(self._mark)
        self._fill()

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(200, max(1, self.count()) * _ROW + 4)

    def _fill(self) -> None:
        self.clear()
        for item in self._model.sources:
            row = QListWidgetItem(item.spec.called)
            row.setData(_KEY, item.key)
            row.setToolTip(item.spec.shown)
            row.setSizeHint(QSize(0, _ROW))
            self.addItem(row)
        self.setFixedHeight(max(1, self.count()) * _ROW + 4)
        self._mark()

    def _refresh(self) -> None:
        for number in range(self.count()):
            row = self.item(number)
            item = None if row is None else self._model.source(row.data(_KEY))
            if row is not None and item is not None:
                row.setToolTip(source_tip(item))
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def _mark(self) -> None:
        for number in range(self.count()):
            row = self.item(number)
            if row is not None:
                row.setSelected(self._is_focused(row))

    def _is_focused(self, row: QListWidgetItem) -> bool:
        return bool(row.data(_KEY) == self._model.focus)

    def _show_menu(self, point: QPoint) -> None:
        row = self.itemAt(point)
        if row is None:
            return
        key = row.data(_KEY)
        menu = QMenu(self)
        menu.addAction(tr("Edit source…"), lambda: self.edit_wished.emit(key))
        menu.addAction(tr("Connect again"), lambda: self.renew_wished.emit(key))
        menu.addSeparator()
        menu.addAction(tr("Remove"), lambda: self.remove_wished.emit(key))
        menu.exec(self.mapToGlobal(point))


class _SourceRow(QStyledItemDelegate):
    """Paints a row: dot, name, and at its right frames a second or the state."""

    def __init__(self, model: WindowModel, themes: Themes, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._themes = model, themes

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def]
        """Paint it."""
        item = self._model.source(index.data(_KEY))
        if painter is None or item is None:
            return
        theme = self._themes.theme
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(option.rect).adjusted(0, 1, 0, -1)
        flags = QStyle.StateFlag
        if option.state & (flags.State_Selected | flags.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.hovered))
            painter.drawRoundedRect(place, 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        colour = QColor(phase_colour(item.standing.phase, theme))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(place.left() + 10, place.center().y()), 4, 4)
        font = QFont(option.font)
        font.setPixelSize(13)
        painter.setFont(font)
        state = state_text(item)
        small = QFont(font)
        small.setPixelSize(11)
        width = QFontMetricsF(small).horizontalAdvance(state)
        text = place.adjusted(22, 0, -width - 14, 0)
        painter.setPen(QColor(theme.text))
        words = QFontMetricsF(font).elidedText(item.spec.called, Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, words)
        painter.setFont(small)
        is_calm = item.standing.phase in (Phase.RUNNING, Phase.OPENING, Phase.WARMING_UP, Phase.ENDED, Phase.PAUSED)
        painter.setPen(QColor(theme.muted) if is_calm else colour)
        painter.drawText(
            place.adjusted(0, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, state
        )
        painter.restore()


def state_text(item: SourceItem) -> str:
    """What stands at the right of a source's row."""
    if item.standing.phase is Phase.RUNNING:
        return f"{item.processed.value:.0f} fps"
    return short_state(item.standing)


def source_tip(item: SourceItem) -> str:
    """What is known of a source, a line each."""
    standing = item.standing
    lines = [item.spec.shown]
    if standing.size != (0, 0):
        lines.append(f"{standing.size[0]}×{standing.size[1]}")
    if standing.mode:
        lines.append(standing.mode)
    if standing.epoch:
        lines.append(tr("connected anew {count} times").format(count=standing.epoch))
    lines += [part for part in (standing.reason, standing.remedy) if part]
    return "\n".join(lines)
