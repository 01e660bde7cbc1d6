"""The row over the picture area: add a source, the grid, attention, the bundle, settings, dark and light."""

from dataclasses import replace

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QSlider, QToolButton, QWidget

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.style.icons import icon
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr

_HEIGHT = 48
_NO_MAP = ""


class Toolbar(QWidget):
    """The row of buttons and choices over the pictures.

    Args:
        bridge: Whose layers and bundle are shown.
        themes: Gives the colours of the theme that is on.

    Attributes:
        columns_wished: Columns of the grid; 0 lets the number of sources decide.
        bundle_wished: Choose another bundle.
        theme_wished: Switch between dark and light.
        settings_wished: Change the settings.
        add_menu: What the first button offers.
        row: Where more is added, before the stretch in the middle.
    """

    columns_wished, bundle_wished, theme_wished = pyqtSignal(int), pyqtSignal(), pyqtSignal()
    settings_wished = pyqtSignal()

    def __init__(self, bridge: Bridge, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(_HEIGHT)
        self._bridge, self._themes = bridge, themes
        self.add_menu = QMenu(self)
        self._add = QPushButton(tr("Source"))
        self._add.setMenu(self.add_menu)
        self._add.setToolTip(tr("Open a camera, a stream or a file"))
        self._columns = QComboBox()
        self._columns.setToolTip(tr("Columns of the grid"))
        for columns in range(4):
            words = tr("Grid: automatic") if columns == 0 else tr("Grid: {columns} wide").format(columns=columns)
            self._columns.addItem(words, columns)
        self._columns.activated.connect(lambda index: self.columns_wished.emit(self._columns.itemData(index)))
        self._map = QComboBox()
        self._map.setToolTip(tr("Which attention map lies over the pictures"))
        self._map.setMinimumWidth(150)
        self._map.activated.connect(self._choose_map)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setFixedWidth(88)
        self._opacity.setRange(0, 100)
        self._opacity.setToolTip(tr("How strongly the map covers the picture"))
        self._opacity.valueChanged.connect(self._choose_opacity)
        self._percent = QLabel()
        self._percent.setObjectName("muted")
        self._percent.setMinimumWidth(36)
        self._bundle = QPushButton()
        self._bundle.setToolTip(tr("The networks; click to choose others"))
        self._bundle.clicked.connect(self.bundle_wished)
        self._theme = QToolButton()
        self._theme.setToolTip(tr("Switch between dark and light"))
        self._theme.clicked.connect(self.theme_wished)
        self._theme.setProperty("quiet", True)
        self._settings = QToolButton()
        self._settings.setToolTip(tr("Settings"))
        self._settings.clicked.connect(self.settings_wished)
        self._settings.setProperty("quiet", True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self._add)
        layout.addWidget(self._columns)
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        layout.addLayout(self.row)
        layout.addSpacing(16)
        for widget in (self._map, self._opacity, self._percent):
            layout.addWidget(widget)
        layout.addStretch()
        layout.addWidget(self._bundle)
        layout.addWidget(self._settings)
        layout.addWidget(self._theme)
        themes.changed.connect(self._put_icons_on)
        bridge.engine_changed.connect(self._take_bundle)
        bridge.model.layers_changed.connect(self._show_layers)
        self._put_icons_on()
        self._take_bundle()

    def _put_icons_on(self) -> None:
        theme = self._themes.theme
        self._add.setIcon(icon("plus", theme.text))
        self._columns.setItemIcon(self._columns.currentIndex(), icon("grid", theme.text))
        self._theme.setIcon(icon("sun" if theme.name == "dark" else "moon", theme.text))
        self._settings.setIcon(icon("gear", theme.text))
        for button in (self._add, self._settings, self._theme):
            button.setIconSize(QSize(16, 16))

    def _take_bundle(self) -> None:
        engine = self._bridge.engine
        bundle = engine.bundle
        self._map.clear()
        self._map.addItem(tr("Attention: off"), _NO_MAP)
        for name in () if bundle is None else bundle.plan.maps:
            self._map.addItem(tr("Attention: {name}").format(name=name), name)
        name = tr("opening…") if bundle is None else bundle.manifest.name
        if engine.fault is not None and bundle is None:
            name = tr("cannot be used")
        self._bundle.setText(tr("Bundle: {name}").format(name=name))
        self._show_layers()

    def _show_layers(self) -> None:
        layers = self._bridge.model.layers
        position = 0
        if layers.attention and self._map.count() > 1:
            position = max(1, self._map.findData(layers.attention_map))
        self._map.setCurrentIndex(position)
        self._opacity.blockSignals(True)
        self._opacity.setValue(round(100 * layers.attention_opacity))
        self._opacity.blockSignals(False)
        self._opacity.setEnabled(layers.attention)
        self._percent.setText(f"{100 * layers.attention_opacity:.0f} %" if layers.attention else "")

    def _choose_map(self, index: int) -> None:
        name = self._map.itemData(index)
        layers = self._bridge.model.layers
        chosen = replace(layers, attention=name != _NO_MAP)
        self._bridge.model.layers = chosen if name == _NO_MAP else replace(chosen, attention_map=name)

    def _choose_opacity(self, value: int) -> None:
        self._bridge.model.layers = replace(self._bridge.model.layers, attention_opacity=value / 100)
