"""The picture area: one to nine tiles as a grid, one of them alone, or the card of a first start."""

import math

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QStackedLayout, QWidget

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.style.themes import Themes
from desktop_ui.views.first_run import FirstRun
from desktop_ui.views.tile import Tile, TileTool

_GAP = 2


class Grid(QWidget):
    """Lays out the tiles.

    Args:
        bridge: Whose sources are shown.
        themes: Gives the colours of the theme that is on.

    Attributes:
        help_wished: The button of a failed source, by its key.
        first_run: The card for a window without sources.
        tools: What the mouse may do in tiles; the first that takes a click has it.
    """

    help_wished = pyqtSignal(int)

    def __init__(self, bridge: Bridge, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bridge, self._themes = bridge, themes
        self._columns: int | None = None
        self._tiles: dict[int, Tile] = {}
        self.tools: list[TileTool] = []
        self.first_run = FirstRun(self)
        self._area = QWidget(self)
        self._layout = QGridLayout(self._area)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_GAP)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.first_run)
        self._stack.addWidget(self._area)
        model = bridge.model
        model.sources_changed.connect(self._lay_out)
        model.focus_changed.connect(self._lay_out)
        model.standings_changed.connect(self._refresh_states)
        model.selection_changed.connect(self._repaint)
        model.layers_changed.connect(self._redraw)
        bridge.new_frame.connect(self._repaint_one)
        bridge.engine_changed.connect(self._repaint)
        self._lay_out()

    def tile(self, key: int) -> Tile | None:
        """The tile of a source."""
        return self._tiles.get(key)

    def repaint_all(self) -> None:
        """Repaint all tiles, because something painted over the pictures has changed."""
        self._repaint()

    def set_columns(self, columns: int | None) -> None:
        """Use so many columns; None takes what fits the number of sources."""
        self._columns = columns
        self._lay_out()

    def _lay_out(self) -> None:
        model = self._bridge.model
        sources = model.sources
        for key in [key for key in self._tiles if model.source(key) is None]:
            self._tiles.pop(key).deleteLater()
        for item in sources:
            if item.key not in self._tiles:
                tile = Tile(self._bridge, item.key, self._themes, self._area, tools=self.tools)
                tile.focus_wished.connect(self._toggle_focus)
                tile.help_wished.connect(self.help_wished)
                self._tiles[item.key] = tile
        while self._layout.count():
            self._layout.takeAt(0)
        shown = model.in_sight
        columns = self._columns or math.ceil(math.sqrt(len(shown))) or 1
        rows = math.ceil(len(shown) / columns)
        for number in range(9):
            self._layout.setColumnStretch(number, 1 if number < min(columns, len(shown)) else 0)
            self._layout.setRowStretch(number, 1 if number < rows else 0)
        for number, item in enumerate(shown):
            self._layout.addWidget(self._tiles[item.key], number // columns, number % columns)
        for key, tile in self._tiles.items():
            tile.setVisible(any(item.key == key for item in shown))
            tile.refresh_state()
        self._stack.setCurrentWidget(self._area if sources else self.first_run)

    def _toggle_focus(self, key: int) -> None:
        model = self._bridge.model
        model.focus_on(None if model.focus == key else key)

    def _refresh_states(self) -> None:
        for tile in self._tiles.values():
            if tile.isVisible():
                tile.refresh_state()

    def _repaint(self) -> None:
        for tile in self._tiles.values():
            tile.update()

    def _repaint_one(self, key: int) -> None:
        tile = self._tiles.get(key)
        if tile is not None:
            tile.update()

    def _redraw(self) -> None:
        self._bridge.redraw()
        self._repaint()
