"""How sources come into the window: asked for, dropped, named on the command line, or opened again."""

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QWidget

from desktop_ui.banner import Banner
from desktop_ui.bridge.background import Background
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.dialogs.run_dialog import run_dialog
from desktop_ui.dialogs.source_dialog import SourceDialog
from desktop_ui.model.credentials import has_secret, recall, remember
from desktop_ui.model.settings import RememberedSource, SettingsFile
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.standing import Help
from desktop_ui.translation import tr
from edgeact.batch.names import FRAMES_SUFFIX
from edgeact.capture.images import IMAGE_SUFFIXES
from edgeact.capture.inputs import VIDEO_SUFFIXES


class SourceOpener:
    """Opens, changes and remembers sources.

    Args:
        window: Over which dialogs stand.
        bridge: Where sources are opened.
        settings: Where they are remembered.
        banner: Where it is said what went wrong.
        choose_bundle: Lets another bundle be chosen.
    """

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        settings: SettingsFile,
        banner: Banner,
        *,
        choose_bundle: Callable[[], object],
    ) -> None:
        self._window, self._bridge, self._settings, self._banner = window, bridge, settings, banner
        self._choose_bundle = choose_bundle
        self._background = Background(window)

    def open(self, names: Sequence[str]) -> None:
        """Open files, folders, cameras and addresses."""
        for name in names:
            self.open_spec(SourceSpec(name))

    def open_spec(self, spec: SourceSpec, *, keeps_login: bool = False) -> int | None:
        """Open a source; its key, or None where the grid is full.

        Args:
            spec: The source.
            keeps_login: Whether its user name and password go into the keyring.
        """
        key = self._bridge.add(spec)
        if key is None:
            self._banner.say(tr("The grid holds nine sources; remove one first."), "warning")
            return None
        self._remember(spec, keeps_login=keeps_login)
        return key

    def open_demo(self) -> None:
        """Open the clip that comes with edgeact."""
        path = Path(str(resources.files("edgeact"))) / "assets" / "demo.mp4"
        self.open_spec(SourceSpec(str(path), title=tr("Demo")))

    def open_again(self, remembered: RememberedSource) -> None:
        """Open a source of earlier; a login that is not in the keyring is asked for."""
        spec = SourceSpec(**remembered.model_dump())
        if "***" not in remembered.name:
            self.open_spec(spec)
            return

        def take(name: str | None) -> None:
            if name is not None:
                self.open_spec(_renamed(spec, name))
            else:
                self._banner.say(tr("User name and password were not kept; give them again."))
                self._ask(_renamed(spec, remembered.name.replace("***@", "")))

        self._background.run("keyring", lambda: recall(remembered.name), take, lambda _error: take(None))

    def ask_for_files(self) -> None:
        """Let files be chosen, and open them."""
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES | IMAGE_SUFFIXES))
        self._open_chosen(tr("Open file"), f"{tr('Videos and images')} ({suffixes});;{tr('All files')} (*)")

    def ask_for_folder(self) -> None:
        """Let a folder of images be chosen, and open it as one video."""
        folder = self._settings.values.last_folder or str(Path.home())
        path = QFileDialog.getExistingDirectory(self._window, tr("Folder of images"), folder)
        if path:
            self._settings.change(last_folder=path)
            self.open([path])

    def ask_for_results(self) -> None:
        """Let results of an earlier run be chosen, and open them without perceiving anything again."""
        self._open_chosen(tr("Open results"), f"{tr('Results of edgeact')} (*{FRAMES_SUFFIX})")

    def ask_for_camera(self) -> None:
        """Ask for a camera or a stream, and open it."""
        self._ask(None)

    def edit(self, key: int) -> None:
        """Change a source."""
        item = self._bridge.model.source(key)
        if item is None:
            return
        dialog = SourceDialog(item.spec, self._window)
        if run_dialog(dialog):
            self._bridge.renew(key, dialog.spec())
            self._remember(dialog.spec(), keeps_login=dialog.keeps_login)

    def help(self, key: int) -> None:
        """Do what the button on the tile of a failed source offers."""
        item = self._bridge.model.source(key)
        if item is None:
            return
        if item.standing.help is Help.BUNDLE:
            self._choose_bundle()
        elif item.standing.help is not Help.EDIT:
            self._bridge.renew(key)
        elif item.spec.sort == "file":
            self.ask_for_files()
        else:
            self.edit(key)

    def leave(self) -> None:
        """Drop what work in the background finds from now on, because the window closes."""
        self._background.leave()

    def _open_chosen(self, title: str, kinds: str) -> None:
        """Let files of some kinds (in Qt's notation) be chosen, remember their folder, and open them."""
        folder = self._settings.values.last_folder or str(Path.home())
        paths, _ = QFileDialog.getOpenFileNames(self._window, title, folder, kinds)
        if paths:
            self._settings.change(last_folder=str(Path(paths[0]).parent))
            self.open(paths)

    def _ask(self, spec: SourceSpec | None) -> None:
        dialog = SourceDialog(spec, self._window)
        if run_dialog(dialog):
            self.open_spec(dialog.spec(), keeps_login=dialog.keeps_login)

    def _remember(self, spec: SourceSpec, *, keeps_login: bool) -> None:
        remembered = RememberedSource(
            name=spec.shown,
            title=spec.title,
            size=spec.size,
            rate=spec.rate,
            transport=spec.transport,
            turn=spec.turn,
        )
        self._settings.values = self._settings.values.with_recent(remembered)
        if keeps_login and has_secret(spec.name):
            self._background.run("keyring", lambda: remember(spec.name), self._tell_kept, lambda _error: None)

    def _tell_kept(self, is_kept: bool) -> None:
        if not is_kept:
            self._banner.say(tr("The keyring does not keep the password; it is asked for the next time."), "warning")


def _renamed(spec: SourceSpec, name: str) -> SourceSpec:
    return SourceSpec(name, spec.title, spec.size, spec.rate, spec.transport, spec.turn)
