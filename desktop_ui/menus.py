"""The menus and every shortcut of the window: one list, which the map of keys is made of, too."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QAbstractButton, QApplication, QMenu, QSlider

from desktop_ui.model.layers import LAYER_SWITCHES
from desktop_ui.model.sources import SourceSpec
from desktop_ui.translation import tr

if TYPE_CHECKING:
    from desktop_ui.main_window import MainWindow


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A line of the map of keys: what is pressed, and what it does."""

    keys: str
    words: str
    group: str


class Menus:
    """Fills the menu bar of a window.

    Args:
        window: Whose menus.

    Attributes:
        file, view, layers, play, rules, events, help: The menus, for whoever adds to them.
        key_lines: Every shortcut, in the order of the menus.
    """

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self.key_lines: list[KeyLine] = []
        bar = window.menuBar()
        assert bar is not None
        titles = (tr("&File"), tr("&View"), tr("&Layers"), tr("&Play"), tr("&Edit"), tr("&Events"), tr("&Help"))
        menus = [bar.addMenu(words) for words in titles]
        kept = (menu for menu in menus if menu is not None)
        self.file, self.view, self.layers, self.play, self.rules, self.events, self.help = kept
        self._fill_file()
        self._fill_view()
        self._fill_layers()
        self._fill_play()
        self._fill_help()
        self._fill_add_menu(window.toolbar.add_menu)

    def add(
        self, menu: QMenu, words: str, call: Callable[[], object], keys: str = "", *, checkable: bool = False
    ) -> QAction:
        """Add an action to a menu; its shortcut works in the whole window and stands in the map of keys."""
        action = QAction(words, self._window)
        action.triggered.connect(lambda _checked=False: call())
        action.setCheckable(checkable)
        if keys:
            action.setShortcuts([QKeySequence(key) for key in keys.split(" ")])
            self.note_key(keys, words, menu.title())
        self._window.addAction(action)
        menu.addAction(action)
        return action

    def note_key(self, keys: str, words: str, group: str) -> None:
        """Let the map of keys know a shortcut that is no action of a menu."""
        self.key_lines.append(KeyLine(keys, words.replace("&", ""), group.replace("&", "")))

    def _fill_file(self) -> None:
        window = self._window
        self.add(self.file, tr("Open &file…"), window.opener.ask_for_files, "Ctrl+O")
        self.add(self.file, tr("Open &camera or stream…"), window.opener.ask_for_camera, "Ctrl+N")
        self.add(self.file, tr("Open f&older of images…"), window.opener.ask_for_folder)
        self.recent = self.file.addMenu(tr("Open &again"))
        assert self.recent is not None
        self.recent.aboutToShow.connect(self._fill_recent)
        self.add(self.file, tr("Try the &demo"), window.opener.open_demo)
        self.file.addSeparator()
        self.add(self.file, tr("Open &results of earlier…"), window.opener.ask_for_results, "Ctrl+R")
        self.add(self.file, tr("A&nnotate files in the background…"), window.task.ask, "Ctrl+Shift+A")
        self.file.addSeparator()
        self.add(self.file, tr("Choose &bundle…"), window.choose_bundle, "Ctrl+B")
        self.add(self.file, tr("&Settings…"), window.change_settings, "Ctrl+,")
        self.end_of_file = self.file.addSeparator()
        self.add(self.file, tr("&Quit"), window.close, "Ctrl+Q")

    def _fill_view(self) -> None:
        window = self._window
        model = window.bridge.model
        self.add(self.view, tr("&Grid"), lambda: model.focus_on(None), "0")
        for number in range(1, 10):
            self._hidden(str(number), partial(model.focus_on_position, number))
        self.note_key("1 … 9", tr("Show one source alone"), self.view.title())
        self.add(self.view, tr("&Back"), window.go_back, "Escape")
        self.add(self.view, tr("&Next person"), lambda: window.select_next(1), "N")
        self.add(self.view, tr("P&revious person"), lambda: window.select_next(-1), "Shift+N")
        self.view.addSeparator()
        self.add(self.view, tr("&Sources and layers"), lambda: window.toggle_panel(window.left), "F9")
        self.add(self.view, tr("&Timeline and events"), lambda: window.toggle_panel(window.bottom), "F10")
        self.add(self.view, tr("&Person"), lambda: window.toggle_panel(window.person), "F12")
        self.view.addSeparator()
        self.add(self.view, tr("&Details"), self._show_details, "Ctrl+I")
        self.add(self.view, tr("&Full screen"), window.toggle_full_screen, "F11")
        themes = self.view.addMenu(tr("&Colours"))
        assert themes is not None
        group = QActionGroup(window)
        for choice, words in (("system", tr("As the system")), ("dark", tr("Dark")), ("light", tr("Light"))):
            action = self.add(themes, words, partial(self._choose_theme, choice), checkable=True)
            action.setChecked(window.themes.choice == choice)
            group.addAction(action)

    def _fill_layers(self) -> None:
        window = self._window
        self._layer_actions: dict[str, QAction] = {}
        for switch in LAYER_SWITCHES:
            call = partial(window.toggle_layer, switch.name)
            action = self.add(self.layers, tr(switch.title), call, switch.key, checkable=True)
            action.setToolTip(tr(switch.tip))
            self._layer_actions[switch.name] = action
        self.layers.addSeparator()
        self.add(self.layers, tr("Next kind of &privacy"), window.switch_privacy, "P")
        window.bridge.model.layers_changed.connect(self._show_layers)
        self._show_layers()

    def _fill_play(self) -> None:
        player = self._window.player
        self.add(self.play, tr("&Play or pause"), _unless_pressed(player.toggle), "Space")
        self.add(self.play, tr("One frame &on"), _unless_moved(lambda: player.step(1), 1), "Right")
        self.add(self.play, tr("One frame &back"), _unless_moved(lambda: player.step(-1), -1), "Left")

    def _fill_help(self) -> None:
        from desktop_ui.dialogs.about_dialog import AboutDialog
        from desktop_ui.dialogs.keys_dialog import KeysDialog
        from desktop_ui.dialogs.run_dialog import run_dialog

        window = self._window
        self.add(self.help, tr("&Keys"), lambda: run_dialog(KeysDialog(self.key_lines, window)), "?")
        self.add(self.help, tr("&About edgeact"), lambda: run_dialog(AboutDialog(window.bridge.engine.bundle, window)))

    def _fill_add_menu(self, menu: QMenu) -> None:
        for words, call in (
            (tr("Camera or stream…"), self._window.opener.ask_for_camera),
            (tr("File…"), self._window.opener.ask_for_files),
            (tr("Demo clip"), self._window.opener.open_demo),
        ):
            menu.addAction(words, call)

    def _fill_recent(self) -> None:
        assert self.recent is not None
        self.recent.clear()
        for source in self._window.settings.values.recent:
            called = SourceSpec(**source.model_dump()).called
            self.recent.addAction(called, partial(self._window.opener.open_again, source))
        self.recent.setEnabled(True)

    def _hidden(self, keys: str, call: Callable[[], object]) -> None:
        """A shortcut without a place in the menus."""
        action = QAction(self._window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: call())
        self._window.addAction(action)

    def _show_details(self) -> None:
        from desktop_ui.dialogs.details_dialog import DetailsDialog

        dialog = DetailsDialog(self._window.bridge, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def _show_layers(self) -> None:
        layers = self._window.bridge.model.layers
        for name, action in self._layer_actions.items():
            action.setChecked(bool(getattr(layers, name)))

    def _choose_theme(self, choice: str) -> None:
        if choice in ("system", "dark", "light"):
            self._window.themes.choose(choice)  # type: ignore[arg-type]
            self._window.settings.change(theme=choice)


def _unless_pressed(call: Callable[[], object]) -> Callable[[], object]:
    """Space presses a button that has the keyboard; only otherwise it is a shortcut."""

    def press_or_call() -> None:
        widget = QApplication.focusWidget()
        if isinstance(widget, QAbstractButton):
            widget.click()
        else:
            call()

    return press_or_call


def _unless_moved(call: Callable[[], object], way: int) -> Callable[[], object]:
    """Arrows move a slider that has the keyboard; only otherwise they are shortcuts."""

    def move_or_call() -> None:
        widget = QApplication.focusWidget()
        if isinstance(widget, QSlider):
            widget.setValue(widget.value() + way * widget.singleStep())
        else:
            call()

    return move_or_call
