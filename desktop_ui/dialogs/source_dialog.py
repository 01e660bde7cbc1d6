"""Asks for a camera or a stream, or changes one."""

from dataclasses import replace

from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktop_ui.model.sources import SourceSpec
from desktop_ui.translation import tr

_SIZES = ((640, 480), (1280, 720), (1920, 1080), (3840, 2160))


class SourceDialog(QDialog):
    """Title, name or address, and how it is opened.

    Args:
        spec: What is changed; its secrets are not shown. None asks for a new one.
    """

    def __init__(self, spec: SourceSpec | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = spec
        self.setWindowTitle(tr("Open camera or stream") if spec is None else tr("Edit source"))
        self.setMinimumWidth(440)
        self._title, self._name = QLineEdit(), QLineEdit()
        self._name.setPlaceholderText("0, /dev/video0, rtsp://192.0.2.7/stream")
        self._title.setPlaceholderText(tr("Gate, for example; may be left empty"))
        self._transport, self._turn, self._size = QComboBox(), QComboBox(), QComboBox()
        for transport in ("tcp", "udp"):
            self._transport.addItem(transport.upper(), transport)
        for degrees in (0, 90, 180, 270):
            self._turn.addItem(tr("not turned") if degrees == 0 else f"{degrees}°", degrees)
        self._size.addItem(tr("as the camera likes"), None)
        for width, height in _SIZES:
            self._size.addItem(f"{width}×{height}", (width, height))
        self._rate = QDoubleSpinBox()
        self._rate.setRange(0, 240)
        self._rate.setDecimals(0)
        self._rate.setSpecialValueText(tr("as the camera likes"))
        form = QFormLayout()
        form.setSpacing(8)
        form.addRow(tr("Camera or address"), self._name)
        form.addRow(tr("Title"), self._title)
        form.addRow(tr("Size"), self._size)
        form.addRow(tr("Frames a second"), self._rate)
        form.addRow(tr("RTSP over"), self._transport)
        form.addRow(tr("Turn right by"), self._turn)
        self._note = QLabel()
        self._note.setObjectName("muted")
        self._note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        opens = buttons.button(QDialogButtonBox.StandardButton.Ok)
        if opens is not None:
            opens.setText(tr("Open"))
            opens.setProperty("primary", True)
        cancels = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        if cancels is not None:
            cancels.setText(tr("Cancel"))
        buttons.accepted.connect(self._accept_if_whole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self._note)
        layout.addWidget(buttons)
        self._fill(spec)

    def spec(self) -> SourceSpec:
        """What is asked for now."""
        name = self._name.text().strip()
        before = self._before
        if before is not None and name == before.shown:
            name = before.name  # the password, if there is one, stays as it was
        return replace(
            before or SourceSpec(name),
            name=name,
            title=self._title.text().strip(),
            size=self._size.currentData(),
            rate=self._rate.value() or None,
            transport=self._transport.currentData(),
            turn=self._turn.currentData(),
        )

    def _fill(self, spec: SourceSpec | None) -> None:
        if spec is None:
            return
        self._name.setText(spec.shown)
        self._title.setText(spec.title)
        self._size.setCurrentIndex(max(0, self._size.findData(spec.size)))
        self._rate.setValue(spec.rate or 0)
        self._transport.setCurrentIndex(self._transport.findData(spec.transport))
        self._turn.setCurrentIndex(self._turn.findData(spec.turn))
        if spec.shown != spec.name:
            self._note.setText(tr("User name and password stay as they are unless the address is written anew."))

    def _accept_if_whole(self) -> None:
        if self._name.text().strip():
            self.accept()
        else:
            self._note.setText(tr("Name a camera or an address."))
            self._name.setFocus()
