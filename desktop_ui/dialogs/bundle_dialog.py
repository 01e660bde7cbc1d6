"""Chooses the networks: one of those that ship, or a folder."""

from pathlib import Path

from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_ui.dialogs.answer_buttons import AnswerButtons
from desktop_ui.translation import tr
from edgeact.bundle.load import PACKAGED_BUNDLES, Bundle, load_bundle
from edgeact.errors import EdgeactError

_NAME = 0x0100  # Qt.ItemDataRole.UserRole


class BundleDialog(QDialog):
    """A list of bundles, and a button for a folder.

    Args:
        current: The bundle that is open; None while none is.
    """

    def __init__(self, current: Bundle | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Choose bundle"))
        self.setMinimumSize(460, 320)
        self._list = QListWidget()
        self._words = QLabel()
        self._words.setObjectName("muted")
        self._words.setWordWrap(True)
        self._list.currentItemChanged.connect(self._describe)
        self._list.itemDoubleClicked.connect(self.accept)
        folder = QPushButton(tr("Folder…"))
        folder.clicked.connect(self._ask_for_folder)
        self._buttons = AnswerButtons(tr("Use"), accept=self.accept, reject=self.reject)
        row = QHBoxLayout()
        row.addWidget(folder)
        row.addWidget(self._buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self._list)
        layout.addWidget(self._words)
        layout.addLayout(row)
        for name in PACKAGED_BUNDLES:
            self._add(name)
        is_packaged = current is not None and current.directory.name in PACKAGED_BUNDLES
        if current is not None and not is_packaged:
            self._add(str(current.directory))
        names = [] if current is None else [str(current.directory), current.directory.name]
        rows = [number for number in range(self._list.count()) if self._name_of(self._list.item(number)) in names]
        self._list.setCurrentRow(rows[0] if rows else 0)

    def chosen(self) -> str | None:
        """Name or folder of the chosen bundle."""
        return self._name_of(self._list.currentItem())

    def _name_of(self, item: QListWidgetItem | None) -> str | None:
        return None if item is None else str(item.data(_NAME))

    def _add(self, name: str) -> None:
        item = QListWidgetItem(name)
        item.setData(_NAME, name)
        self._list.addItem(item)

    def _ask_for_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder of a bundle"), str(Path.home()))
        if folder:
            self._add(folder)
            self._list.setCurrentRow(self._list.count() - 1)

    def _describe(self) -> None:
        name = self.chosen()
        try:
            self._words.setText(describe(load_bundle(None if name is None else Path(name))))
            self._buttons.accepting.setEnabled(True)
        except EdgeactError as error:
            self._words.setText(str(error))
            self._buttons.accepting.setEnabled(False)


def describe(bundle: Bundle) -> str:
    """What a bundle is, in three lines."""
    manifest, plan = bundle.manifest, bundle.plan
    heads = [*plan.heads, *plan.scene_heads]
    labels = ", ".join(label.replace("_", " ") for label in plan.labels[:8]) + ("…" if len(plan.labels) > 8 else "")
    return "\n".join(
        (
            f"{manifest.name} {manifest.version}, {manifest.created[:10]}, {manifest.licence}",
            tr("{count} labels: {labels}").format(count=sum(len(head.labels) for head in heads), labels=labels),
            tr("attention: {maps}").format(maps=", ".join(plan.maps) or tr("none")),
        )
    )
