"""Rules on the operator's desk: drawn with the mouse, kept in a file that `edgeact run` reads, taken back by undo."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QFileDialog

from desktop_ui.dialogs.rule_dialog import RuleDialog
from desktop_ui.dialogs.run_dialog import run_dialog
from desktop_ui.keeping.judge_again import judge_again
from desktop_ui.keeping.rule_file import RULES_NAME, read_book, read_own_book, write_book
from desktop_ui.model.event_list import KeptEvent
from desktop_ui.model.rule_book import AreaKind, Areas, Points, RuleBook
from desktop_ui.model.rules_model import RulesModel
from desktop_ui.model.undo import UndoStack
from desktop_ui.panels.rules_panel import RulesPanel
from desktop_ui.translation import tr
from desktop_ui.views.area_tool import AreaTool
from edgeact.errors import EdgeactError

if TYPE_CHECKING:
    from desktop_ui.desk import Desk
    from desktop_ui.main_window import MainWindow


class DeskRules(QObject):
    """The rules of a window.

    Args:
        window: Whose menus and banner are used.
        desk: Knows the names of sources, and who judges them.
        undo: Takes changes back.
        folder: Where the rules' file is.

    Attributes:
        model: The rules.
        tool: Draws zones in tiles.
        panel: Lists them.
    """

    def __init__(self, window: "MainWindow", desk: "Desk", undo: UndoStack, folder: Path) -> None:
        super().__init__(window)
        self._window, self._desk, self._path = window, desk, folder / RULES_NAME
        self.model = RulesModel(undo)
        self.tool = AreaTool(self.areas, self._add_area, self._move_area, lambda: window.bridge.model.layers.zones)
        self.panel = RulesPanel(self.model, self.camera, window.themes)
        self._last_area: str | None = None
        self.panel.zone_wished.connect(lambda: self.draw("zone"))
        self.panel.line_wished.connect(lambda: self.draw("line"))
        self.panel.rule_wished.connect(self.ask_rule)
        self.panel.area_unwished.connect(self.remove_area)
        self.panel.rule_unwished.connect(self._remove_rule)
        model = window.bridge.model
        for changed in (model.sources_changed, model.focus_changed, model.selection_changed):
            changed.connect(self.panel.refresh)
        self.model.changed.connect(self._use)

    def fill_menu(self) -> None:
        """Put rules into the menu."""
        menus = self._window.menus
        menu = menus.rules
        menus.add(menu, tr("Draw a &zone"), lambda: self.draw("zone"), "Z")
        menus.add(menu, tr("Draw a &line"), lambda: self.draw("line"), "Shift+Z")
        menus.add(menu, tr("Remove the chosen zone or line"), self._remove_chosen, "Delete")
        menus.add(menu, tr("New &rule…"), self.ask_rule, "Ctrl+R")
        menu.addSeparator()
        menus.add(menu, tr("&Save into a configuration of edgeact run…"), self.ask_save)
        menus.add(menu, tr("&Read from a configuration of edgeact run…"), self.ask_read)

    def start(self) -> None:
        """Read the rules of the last time."""
        if not self._path.exists():
            return
        try:
            self.model.load(read_own_book(self._path))
        except (EdgeactError, OSError) as error:
            self._window.banner.say(str(error), "warning")

    def key(self) -> int | None:
        """The source that is looked at: alone, of the chosen person, or the first."""
        return next(iter(self._window.bridge.model.looked_at), None)

    def camera(self) -> str | None:
        """The name of the source that is looked at; None without a source."""
        key = self.key()
        return None if key is None else self._desk.names.get(key)

    def areas(self, key: int) -> Areas:
        """Zones and lines of a source."""
        return self.model.book.of(self._desk.names.get(key, ""))

    def draw(self, kind: AreaKind) -> None:
        """Let the mouse draw; the same once more ends that."""
        drawing = self.tool.drawing
        if not self._window.bridge.model.sources or (drawing is not None and drawing.kind == kind):
            self.stop_drawing()
            return
        self.tool.accent = QColor(self._window.themes.theme.accent)
        self.tool.begin(kind)
        self.panel.show_drawing(kind)
        words = tr("Click the corners of the zone; the first one closes it. Corners can be dragged. Esc ends drawing.")
        if kind == "line":
            words = tr("Click where the line begins and where it ends; the arrow shows forward. Esc ends drawing.")
        self._window.banner.say(words)
        self._window.grid.repaint_all()

    def stop_drawing(self) -> bool:
        """Let the mouse choose persons again; whether it drew."""
        was_on = self.tool.is_on
        self.tool.end()
        self.panel.show_drawing(None)
        self._window.grid.repaint_all()
        return was_on

    def ask_rule(self) -> None:
        """Ask what is to be told of the source that is looked at."""
        dialog = self.dialog()
        if dialog is not None and run_dialog(dialog):
            self.add_rule(dialog)

    def dialog(self) -> RuleDialog | None:
        """The dialog for a rule of the source that is looked at; None without a source."""
        camera = self.camera()
        if camera is None:
            return None
        bundle = self._window.bridge.engine.bundle
        labels = [
            label
            for head in (() if bundle is None else bundle.plan.heads)
            for label in head.labels
            if label != head.other_label
        ]
        areas = self.model.book.of(camera)
        area = self._last_area if self._last_area in areas.names else None
        return RuleDialog(camera, areas, labels, list(self.model.book.rules), area=area, parent=self._window)

    def add_rule(self, dialog: RuleDialog) -> None:
        """Add the rule that a dialog asks for."""
        name, rule = dialog.rule()
        self._change(tr("new rule"), lambda book: book.with_rule(name, rule))

    def remove_area(self, name: str) -> None:
        """Remove a zone or line of the source that is looked at, with its rules."""
        camera = self.camera()
        if camera is not None:
            self._change(tr("removing {name}").format(name=name), lambda book: book.without_area(camera, name))

    def ask_save(self) -> None:
        """Ask for a configuration, and write the rules into it."""
        path, _ = QFileDialog.getSaveFileName(
            self._window,
            tr("Save the rules into a configuration"),
            "edgeact.toml",
            "TOML (*.toml)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if path:
            self.save(Path(path), words=tr("The rules are in {path}; edgeact run --check reads it.").format(path=path))

    def ask_read(self) -> None:
        """Ask for a configuration, and take its rules."""
        path, _ = QFileDialog.getOpenFileName(self._window, tr("Read rules"), "", "TOML (*.toml)")
        if path:
            self.read(Path(path))

    def save(self, path: Path | None = None, *, words: str = "") -> None:
        """Write the rules into a configuration, in the background.

        Args:
            path: The file; None is the window's own.
            words: What is said when it is done; nothing is where they are empty.
        """
        target, book = path or self._path, self.model.book
        specs = {self._desk.names[item.key]: item.spec for item in self._window.bridge.model.sources}

        def write() -> None:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_book(target, book, specs)
            except (EdgeactError, OSError) as error:
                self._desk.tell(str(error), "alert")
            else:
                if words:
                    self._desk.tell(words, "calm")

        self._desk.events.keeper.later(write)

    def show_alarms(self, events: Sequence[KeptEvent]) -> None:
        """Paint the zones and lines of alerts that last, or that nobody has looked at yet, in the colour of alerts."""
        found: dict[int, set[str]] = {}
        for event in events:
            if event.is_waiting and event.key is not None and event.record.zone is not None:
                found.setdefault(event.key, set()).add(event.record.zone)
        alarmed = {key: frozenset(names) for key, names in found.items()}
        if alarmed != self.tool.alarmed:
            self.tool.alarmed = alarmed
            self._window.grid.repaint_all()

    def read(self, path: Path) -> None:
        """Take the rules of a configuration; what is wrong with it is said, and then nothing changes."""
        try:
            self.model.load(read_book(path))
        except EdgeactError as error:
            self._window.banner.say(str(error), "warning")

    def _use(self) -> None:
        for sink in self._desk.sinks.values():
            sink.judge.use(self.model.book)
        self._window.grid.repaint_all()
        for item in self._window.bridge.model.sources:
            self._judge_again(item.key)

    def _judge_again(self, key: int) -> None:
        """Judge what was perceived of a file already; what is held of a camera `LiveJudge` judges."""
        played, bundle = self._window.bridge.played(key), self._window.bridge.engine.bundle
        camera, book, keeper = self._desk.names.get(key), self.model.book, self._desk.events.keeper
        if played is None or bundle is None or camera is None:
            return
        keeper.later(
            lambda: keeper.replace_alerts(key, judge_again(played.everything(), book, camera, key, bundle.plan))
        )

    def _change(self, words: str, change: Callable[[RuleBook], RuleBook]) -> None:
        try:
            self.model.change(words, change)
        except ValueError as error:
            self._window.banner.say(str(error), "warning")
            return
        self.save()

    def _add_area(self, key: int, kind: AreaKind, points: Points) -> None:
        camera = self._desk.names.get(key)
        if camera is None:
            return
        name = self.model.book.next_name(camera, kind)
        self._last_area = name
        self._change(tr("drawing {name}").format(name=name), lambda book: book.with_area(camera, kind, name, points))
        if name in self.model.book.of(camera).names:
            self.stop_drawing()
            self._window.banner.say(tr("{name} is drawn. “Rule…” says what is to be told of it.").format(name=name))

    def _move_area(self, key: int, name: str, points: Points) -> None:
        camera = self._desk.names.get(key)
        kind = None if camera is None else self.model.book.of(camera).kind_of(name)
        if camera is not None and kind is not None:
            self._change(tr("moving {name}").format(name=name), lambda book: book.with_area(camera, kind, name, points))

    def _remove_chosen(self) -> None:
        if self.tool.chosen is not None:
            self.remove_area(self.tool.chosen[1])
            self.tool.chosen = None

    def _remove_rule(self, name: str) -> None:
        self._change(tr("removing {name}").format(name=name), lambda book: book.without_rule(name))
