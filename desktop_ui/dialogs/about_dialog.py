"""Versions, licences, and the card of the bundle."""

import platform
from importlib import metadata

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

import edgeact
from desktop_ui.translation import tr
from edgeact.bundle.load import Bundle
from edgeact.regular_file import read_regular

_LARGEST_CARD = 2**20


class AboutDialog(QDialog):
    """Shows versions, licences, and the model card of the open bundle.

    Args:
        bundle: Whose card is shown; None while none is open.
    """

    def __init__(self, bundle: Bundle | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About edgeact"))
        self.resize(680, 560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        tabs = QTabWidget()
        program = QLabel(program_text())
        program.setWordWrap(True)
        program.setMargin(8)
        program.setAlignment(program.alignment().AlignTop)
        tabs.addTab(program, tr("Program"))
        card = QTextBrowser()
        card.setMarkdown(card_text(bundle))
        tabs.addTab(card, tr("Bundle"))
        layout.addWidget(tabs)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        closes = buttons.button(QDialogButtonBox.StandardButton.Close)
        if closes is not None:
            closes.setText(tr("Close"))
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)


def program_text() -> str:
    """Versions and licences, as HTML."""
    packages = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("numpy", "onnxruntime", "av", "pyqtgraph") if _is_there(name)
    )
    licences = tr(
        "edgeact is under the Apache License 2.0. This window uses PyQt6, which is under the GPL version 3: whoever "
        "gives the window away together with PyQt6 has to do so under the GPL as well, or needs a commercial licence "
        "of PyQt6. The rest of edgeact runs without PyQt6 and stays under the Apache License."
    )
    return (
        f"<h3>edgeact {edgeact.__version__}</h3><p>Python {platform.python_version()}, Qt {QT_VERSION_STR}, "
        f"PyQt {PYQT_VERSION_STR}, {packages}</p><p>{licences}</p>"
    )


def card_text(bundle: Bundle | None) -> str:
    """The bundle's model card, as Markdown."""
    if bundle is None:
        return tr("No bundle is open.")
    try:
        return read_regular(bundle.directory / "MODEL_CARD.md", limit=_LARGEST_CARD).decode("utf-8", "replace")
    except OSError:
        return tr("The bundle in {folder} has no model card.").format(folder=bundle.directory)


def _is_there(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
