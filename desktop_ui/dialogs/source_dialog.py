"""Asks for a camera or a stream, or changes one; tries it before it is taken."""

import threading
from dataclasses import replace

from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_ui.bridge.background import Background
from desktop_ui.dialogs.answer_buttons import AnswerButtons
from desktop_ui.model.cameras import FoundCamera, FoundMode, find_cameras, find_modes
from desktop_ui.model.credentials import has_secret, is_keyring_there, with_login
from desktop_ui.model.probe import Probe, probe
from desktop_ui.model.sources import SourceSpec
from desktop_ui.style.tone import set_tone
from desktop_ui.translation import tr
from edgeact.capture.address import is_address
from edgeact.capture.camera import camera_device
from edgeact.errors import EdgeactError, UsageError

_SIZES = ((3840, 2160), (1920, 1080), (1280, 720), (640, 480))


class SourceDialog(QDialog):
    """Title, camera or address, login, and how it is opened.

    Args:
        spec: What is changed; its secrets are not shown. None asks for a new one.
    """

    def __init__(self, spec: SourceSpec | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = spec
        self._background = Background(self)
        self._stop_probe = threading.Event()
        self.setWindowTitle(tr("Open camera or stream") if spec is None else tr("Edit source"))
        self.setMinimumWidth(480)
        self._name = QComboBox()
        self._name.setEditable(True)
        self._name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._title, self._user, self._password = QLineEdit(), QLineEdit(), QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        edit = self._name.lineEdit()
        assert edit is not None
        edit.setPlaceholderText("0, /dev/video0, rtsp://192.0.2.7/stream")
        self._title.setPlaceholderText(tr("Gate, for example; may be left empty"))
        self._keeps = QCheckBox(tr("Keep in the system's keyring"))
        self._keeps.setEnabled(False)
        self._transport, self._turn, self._size = QComboBox(), QComboBox(), QComboBox()
        for transport in ("tcp", "udp"):
            self._transport.addItem(transport.upper(), transport)
        for degrees in (0, 90, 180, 270):
            self._turn.addItem(tr("not turned") if degrees == 0 else f"{degrees}°", degrees)
        self._rate = QDoubleSpinBox()
        self._rate.setRange(0, 240)
        self._rate.setDecimals(0)
        self._rate.setSpecialValueText(tr("as the camera likes"))
        self._form = QFormLayout()
        self._form.setSpacing(8)
        for words, widget in (
            (tr("Camera or address"), self._name),
            (tr("Title"), self._title),
            (tr("User name"), self._user),
            (tr("Password"), self._password),
            ("", self._keeps),
            (tr("Size"), self._size),
            (tr("Frames a second"), self._rate),
            (tr("RTSP over"), self._transport),
            (tr("Turn right by"), self._turn),
        ):
            self._form.addRow(words, widget)
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setMinimumHeight(54)  # three lines: the dialog does not jump when a probe answers
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(self._form)
        layout.addWidget(self._note)
        layout.addLayout(self._buttons())
        self._fill_sizes(())
        self._name.currentTextChanged.connect(self._suit_name)
        self._name.activated.connect(self._take_camera)
        self._fill(spec)
        self._background.run("cameras", find_cameras, self._fill_cameras, self._show_fault)
        self._background.run("keyring", is_keyring_there, self._take_keyring, self._show_fault)

    def spec(self) -> SourceSpec:
        """What is asked for now.

        Raises:
            UsageError: A user name was given for something that is no address.
        """
        return replace(
            self._before or SourceSpec(""),
            name=self._full_name(),
            title=self._title.text().strip(),
            size=self._size.currentData(),
            rate=self._rate.value() or None,
            transport=self._transport.currentData(),
            turn=self._turn.currentData(),
        )

    @property
    def keeps_login(self) -> bool:
        """Whether user name and password are to be kept in the keyring."""
        return self._keeps.isEnabled() and self._keeps.isChecked()

    @property
    def note(self) -> str:
        """What is said under the fields."""
        return self._note.text()

    def try_source(self) -> None:
        """Open the source, and say what it gives or why it gives nothing."""
        if not self._is_whole():
            return
        try:
            spec = self.spec()
        except UsageError as error:
            self._show_fault(error)
            return
        self._stop_probe.set()
        stop = self._stop_probe = threading.Event()
        self._test.setEnabled(False)
        self._say(tr("Trying {name}…").format(name=spec.called))
        self._background.run(
            "probe", lambda: probe(spec, stop), lambda found: self._show_probe(found, stop), self._show_fault
        )

    def done(self, code: int) -> None:
        """Leave whatever is still tried."""
        self._stop_probe.set()
        self._background.leave()
        super().done(code)

    def _buttons(self) -> QHBoxLayout:
        self._test = QPushButton(tr("Test"))
        self._test.setToolTip(tr("Open it for a moment and say what it gives"))
        self._test.clicked.connect(self.try_source)
        row = QHBoxLayout()
        row.addWidget(self._test)
        row.addStretch()
        row.addWidget(AnswerButtons(tr("Open"), accept=self._accept_if_whole, reject=self.reject))
        return row

    def _plain_name(self) -> str:
        return self._name.currentText().strip().partition("  ")[0]

    def _full_name(self) -> str:
        name, user = self._plain_name(), self._user.text().strip()
        before = self._before
        if user:
            return with_login(name, user, self._password.text())
        if before is not None and name == before.shown:
            return before.name  # the password, if there is one, stays as it was
        return name

    def _fill(self, spec: SourceSpec | None) -> None:
        if spec is not None:
            self._name.setEditText(spec.shown)
            self._title.setText(spec.title)
            position = self._size.findData(spec.size)
            if position < 0 and spec.size is not None:
                self._size.addItem(f"{spec.size[0]}×{spec.size[1]}", spec.size)
                position = self._size.count() - 1
            self._size.setCurrentIndex(max(0, position))
            self._rate.setValue(spec.rate or 0)
            self._transport.setCurrentIndex(self._transport.findData(spec.transport))
            self._turn.setCurrentIndex(self._turn.findData(spec.turn))
            if has_secret(spec.name):
                self._password.setPlaceholderText(tr("unchanged"))
                self._user.setPlaceholderText(tr("unchanged"))
        self._suit_name()

    def _fill_cameras(self, cameras: tuple[FoundCamera, ...]) -> None:
        text = self._name.currentText()
        for camera in cameras:
            self._name.addItem(f"{camera.device}  {camera.name}", camera.device)
        if text or self._before is not None:
            self._name.setEditText(text)
        elif cameras:
            self._take_camera(0)
        if not cameras and self._before is None:
            self._say(tr("No camera was found on this machine; an address of a stream can be given."))

    def _take_camera(self, index: int) -> None:
        device = self._name.itemData(index)
        if device is not None:
            self._name.setEditText(device)
            self._background.run("camera's modes", lambda: find_modes(device), self._fill_sizes, self._show_fault)

    def _fill_sizes(self, modes: tuple[FoundMode, ...]) -> None:
        chosen = self._size.currentData()
        self._size.clear()
        self._size.addItem(tr("as the camera likes"), None)
        for mode in modes:
            self._size.addItem(str(mode), mode.size)
        for size in () if modes else _SIZES:
            self._size.addItem(f"{size[0]}×{size[1]}", size)
        self._size.setCurrentIndex(max(0, self._size.findData(chosen)))

    def _take_keyring(self, is_there: bool) -> None:
        self._keeps.setEnabled(is_there)
        self._keeps.setChecked(is_there)
        if not is_there:
            self._keeps.setToolTip(tr("This system has no keyring: user name and password are not kept"))

    def _suit_name(self) -> None:
        """Show what the named source takes: a login for addresses, a size for cameras."""
        name = self._plain_name()
        stream = is_address(name)
        camera = camera_device(name) is not None
        for widget, fits in (
            (self._user, stream),
            (self._password, stream),
            (self._keeps, stream),
            (self._transport, stream and name.lower().startswith("rtsp")),
            (self._size, not stream or camera),
            (self._rate, not stream or camera),
        ):
            self._form.setRowVisible(widget, fits)

    def _show_probe(self, found: Probe | None, stop: threading.Event) -> None:
        if found is None or stop is not self._stop_probe:
            return
        self._test.setEnabled(True)
        rate = tr("{rate:.0f} frames a second").format(rate=found.rate) if found.rate else tr("no announced rate")
        self._say(
            tr("It works: {width}×{height}, {rate}, first picture after {seconds:.1f} s.").format(
                width=found.width, height=found.height, rate=rate, seconds=found.seconds
            )
        )

    def _show_fault(self, error: EdgeactError) -> None:
        self._test.setEnabled(True)
        self._say(str(error), "alert")

    def _say(self, words: str, tone: str = "") -> None:
        self._note.setText(words)
        set_tone(self._note, tone)

    def _is_whole(self) -> bool:
        if self._plain_name():
            return True
        self._say(tr("Name a camera or an address."), "alert")
        self._name.setFocus()
        return False

    def _accept_if_whole(self) -> None:
        if not self._is_whole():
            return
        try:
            self.spec()
        except UsageError as error:
            self._show_fault(error)
        else:
            self.accept()
