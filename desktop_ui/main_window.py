"""The window: toolbar, sources and layers at the left, pictures in the middle, the person right, figures below."""

import base64
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QByteArray, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QShowEvent
from PyQt6.QtWidgets import QFrame, QMainWindow, QScrollArea, QSplitter, QVBoxLayout, QWidget

from desktop_ui.banner import Banner
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.desk import Desk
from desktop_ui.dialogs.run_dialog import run_dialog
from desktop_ui.menus import Menus
from desktop_ui.model.layers import LayerName
from desktop_ui.model.settings import SettingsFile
from desktop_ui.model.window import Selection
from desktop_ui.opening import SourceOpener
from desktop_ui.panels.layers_panel import LayersPanel
from desktop_ui.panels.person_panel import PersonPanel
from desktop_ui.panels.player_bar import PlayerBar
from desktop_ui.panels.section import Section
from desktop_ui.panels.sources_panel import SourcesPanel
from desktop_ui.panels.status_row import StatusRow
from desktop_ui.panels.task_card import TaskCard
from desktop_ui.recorder import Recorder
from desktop_ui.style.themes import Themes
from desktop_ui.toolbar import Toolbar
from desktop_ui.translation import tr
from desktop_ui.views.grid import Grid
from edgeact.errors import EdgeactError

logger = logging.getLogger(__name__)

_LEAST_WIDTH, _LEAST_HEIGHT = 1024, 640
_CLOSE_POLL_MILLISECONDS = 50
_LARGEST_BOTTOM = 0.38  # of the height at the start: the picture gets the most room
_CLOSE_SECONDS = 6.0  # after that the window's program ends whatever still hangs


class MainWindow(QMainWindow):
    """The operator's window.

    Args:
        bridge: The session, not started yet.
        themes: Gives the colours of the theme that is on.
        settings: What is remembered.
        is_remembering: Whether changes are written to the settings' file.
        kept_in: Folder of events, rules, corrections and recordings; None takes one beside the settings.

    Attributes:
        opener: Brings sources into the window.
        when_closed: Called when everything has ended after the window was closed.
    """

    def __init__(
        self,
        bridge: Bridge,
        themes: Themes,
        settings: SettingsFile,
        *,
        is_remembering: bool = True,
        kept_in: Path | None = None,
    ) -> None:
        super().__init__()
        self.bridge, self.themes, self.settings = bridge, themes, settings
        self._is_remembering = is_remembering
        self._is_closing = self._is_laid_out = False
        self.when_closed: list[Callable[[], None]] = []
        self.setWindowTitle("edgeact")
        self.setMinimumSize(_LEAST_WIDTH, _LEAST_HEIGHT)
        self.setAcceptDrops(True)
        self.toolbar = Toolbar(bridge, themes)
        self.banner = Banner(themes)
        self.grid = Grid(bridge, themes)
        self.sources = SourcesPanel(bridge.model, themes)
        self.layers = LayersPanel(bridge.model)
        self.person = PersonPanel(bridge, themes)
        self.player = PlayerBar(bridge, themes)
        self.task = TaskCard(bridge, self.banner)
        self.left = self._left_panel()
        self.bottom = QFrame()  # the timeline and the events
        self.bottom.setObjectName("panel")
        self.bottom_layout = QVBoxLayout(self.bottom)
        self.bottom_layout.setContentsMargins(0, 0, 0, 0)
        self.bottom_layout.setSpacing(0)
        self._middle = QSplitter(Qt.Orientation.Vertical)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self.opener = SourceOpener(self, bridge, settings, self.banner, choose_bundle=self.choose_bundle)
        self._lay_out()
        self.setStatusBar(StatusRow(bridge.model, bridge))
        self.menus = Menus(self)
        self._connect()
        self.desk = Desk(self, kept_in or settings.path.parent / "kept")
        self.recorder = Recorder(self)
        self._recall()

    def toggle_layer(self, name: LayerName) -> None:
        """Switch a layer."""
        self.bridge.model.layers = self.bridge.model.layers.toggled(name)

    def switch_privacy(self) -> None:
        """Hide the next kind of things; after the last nothing."""
        self.bridge.model.layers = self.bridge.model.layers.with_next_privacy()

    def select_next(self, way: int) -> None:
        """Choose the next person of the source that is looked at, or with -1 the one before."""
        model = self.bridge.model
        selection = model.selection
        seen = [
            Selection(item.key, person.track_id)
            for item in model.in_sight
            if (sink := self.bridge.sink(item.key)) is not None and (shown := sink.peek()) is not None
            for person in sorted(shown.observation.persons, key=lambda person: person.track_id)
        ]
        if seen:
            here = seen.index(selection) if selection in seen else (-1 if way > 0 else 0)
            model.select(seen[(here + way) % len(seen)])

    def switch_theme(self) -> None:
        """From dark to light, or back."""
        self.themes.choose("light" if self.themes.theme.name == "dark" else "dark")
        self.settings.change(theme=self.themes.choice)

    def toggle_full_screen(self) -> None:
        """Switch full screen on, or off again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def go_back(self) -> None:
        """One step back: from full screen, from one source to the grid, from a person to nobody."""
        model = self.bridge.model
        if self.desk.go_back():
            return
        if self.isFullScreen():
            self.toggle_full_screen()
        elif model.focus is not None:
            model.focus_on(None)
        else:
            model.select(None)

    def toggle_panel(self, panel: QWidget) -> None:
        """Show or hide a panel; the picture takes the room."""
        panel.setVisible(not panel.isVisible())
        self.bridge.host.wants_reasons = self.person.isVisible()

    def choose_bundle(self) -> None:
        """Let another bundle be chosen."""
        from desktop_ui.dialogs.bundle_dialog import BundleDialog

        engine = self.bridge.engine
        dialog = BundleDialog(engine.bundle, self)
        if run_dialog(dialog):
            name = dialog.chosen()
            expected = self.settings.values.warm_up_seconds.get(self._warm_up_key(name))
            self.bridge.change_bundle(None if name is None else Path(name), expected_seconds=expected)
            self.settings.change(bundle=name)

    def change_settings(self) -> None:
        """Let colours, language and layers of the start be chosen."""
        from desktop_ui.dialogs.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self.settings.values, self.settings.path, self)
        if run_dialog(dialog):
            theme, language = dialog.theme, dialog.language
            self.themes.choose(theme)
            if language != self.settings.values.language:
                self.banner.say(tr("The language changes with the next start."))
            self.settings.change(theme=theme, language=language)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Give the panels the sizes that they had; only now it is known how much room there is."""
        super().showEvent(event)
        if self._is_laid_out:
            return
        self._is_laid_out = True
        values = self.settings.values
        width, height = self.width(), self._middle.height()
        self._across.setSizes([values.left_width, width - values.left_width - values.right_width, values.right_width])
        bottom = min(values.bottom_height, round(_LARGEST_BOTTOM * height))
        self._middle.setSizes([height - bottom, bottom])

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Hide at once, end the session in the background, and quit whatever hangs."""
        if event is not None and not self._is_closing:
            self._is_closing = True
            self._remember()
            self.opener.leave()
            self.task.leave()
            self.hide()
            self.desk.leave()
            self.bridge.close()
            self._wait_for_end()
        if event is not None:
            event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Files and addresses may be dropped."""
        data = None if event is None else event.mimeData()
        if event is not None and data is not None and data.hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        data = None if event is None else event.mimeData()
        if event is None or data is None:
            return
        event.acceptProposedAction()
        self.opener.open([url.toLocalFile() if url.isLocalFile() else url.toString() for url in data.urls()])

    def _left_panel(self) -> QWidget:
        panel = QFrame()
        panel.setObjectName("panel")
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(20)
        for title, widget in ((tr("Sources"), self.sources), (tr("Layers"), self.layers)):
            section = Section(title)
            section.body.addWidget(widget)
            layout.addWidget(section)
        self.left_sections = QVBoxLayout()  # for what comes below them
        layout.addLayout(self.left_sections)
        layout.addStretch()
        layout.addWidget(self.task)
        area = QScrollArea()  # nine sources and many rules are higher than a small window
        area.setWidget(panel)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        return area

    def _lay_out(self) -> None:
        pictures = QWidget()
        column = QVBoxLayout(pictures)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.grid, 1)
        column.addWidget(self.player)
        self._middle.addWidget(pictures)
        self._middle.addWidget(self.bottom)
        self._middle.setStretchFactor(0, 1)
        for widget in (self.left, self._middle, self.person):
            self._across.addWidget(widget)
        self._across.setStretchFactor(1, 1)
        for splitter in (self._across, self._middle):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        self.left.setMinimumWidth(216)
        self.person.setMinimumWidth(272)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.toolbar, self.banner):
            layout.addWidget(part)
        layout.addWidget(self._across, 1)
        self.setCentralWidget(whole)

    def _connect(self) -> None:
        first = self.grid.first_run
        first.demo_wished.connect(self.opener.open_demo)
        first.camera_wished.connect(self.opener.ask_for_camera)
        first.file_wished.connect(self.opener.ask_for_files)
        self.grid.help_wished.connect(self.opener.help)
        self.sources.edit_wished.connect(self.opener.edit)
        self.sources.renew_wished.connect(self.bridge.renew)
        self.sources.remove_wished.connect(self.bridge.remove)
        self.toolbar.columns_wished.connect(lambda columns: self.grid.set_columns(columns or None))
        self.toolbar.theme_wished.connect(self.switch_theme)
        self.toolbar.settings_wished.connect(self.change_settings)
        self.toolbar.bundle_wished.connect(self.choose_bundle)
        self.bridge.engine_changed.connect(self._note_engine)

    def _note_engine(self) -> None:
        engine = self.bridge.engine
        if engine.fault is not None:
            self.banner.say(str(engine.fault), "alert")
        elif engine.bundle is not None and engine.took is not None:
            if engine.bundle.plan.persons is not None:
                self.layers.set_bundle_threshold(engine.bundle.plan.joint_confidence)
            key = self._warm_up_key(self.settings.values.bundle)
            self.settings.change(warm_up_seconds={**self.settings.values.warm_up_seconds, key: engine.took})

    def _warm_up_key(self, bundle: str | None) -> str:
        return f"{bundle or 'default'} on {self.bridge.device}"

    def start(self, bundle: Path | None = None) -> None:
        """Begin the session.

        Args:
            bundle: Folder or name; None takes what was used the last time.
        """
        remembered = self.settings.values.bundle
        chosen = bundle or (None if remembered is None else Path(remembered))
        expected = self.settings.values.warm_up_seconds.get(self._warm_up_key(remembered))
        self.desk.start()
        self.bridge.start(chosen, expected_seconds=expected)
        if self.settings.fault is not None:
            self.banner.say(self.settings.fault, "warning")

    def _recall(self) -> None:
        values = self.settings.values
        self.bridge.model.layers = values.layers
        if not (values.window and self.restoreGeometry(QByteArray(base64.b64decode(values.window)))):
            screen = QGuiApplication.primaryScreen()
            room = None if screen is None else screen.availableGeometry()
            self.resize(min(1440, room.width() if room else 1440), min(900, room.height() if room else 900))
        self.left.setVisible(values.shows_left)
        self.person.setVisible(values.shows_right)
        self.bottom.setVisible(values.shows_bottom)

    def _remember(self) -> None:
        sizes = self._across.sizes()
        values = {
            "window": base64.b64encode(self.saveGeometry().data()).decode("ascii"),
            "layers": replace(self.bridge.model.layers),
            "shows_left": self.left.isVisible(),
            "shows_right": self.person.isVisible(),
            "shows_bottom": self.bottom.isVisible(),
            **({"left_width": sizes[0]} if sizes[0] else {}),
            **({"bottom_height": self._middle.sizes()[1]} if self._middle.sizes()[1] else {}),
            **({"right_width": sizes[2]} if sizes[2] else {}),
        }
        self.settings.change(**values)
        if not self._is_remembering:
            return
        try:
            self.settings.save()
        except (OSError, EdgeactError) as error:
            logger.warning("the settings cannot be saved: %s", error)

    def _wait_for_end(self) -> None:
        """Quit once the session has ended, or after `_CLOSE_SECONDS`."""
        waited = 0.0

        def look() -> None:
            nonlocal waited
            waited += _CLOSE_POLL_MILLISECONDS / 1000
            if self.bridge.wait_closed(0.0) or waited >= _CLOSE_SECONDS:
                timer.stop()
                for call in self.when_closed:
                    call()

        timer = QTimer(self)
        timer.setInterval(_CLOSE_POLL_MILLISECONDS)
        timer.timeout.connect(look)
        timer.start()
