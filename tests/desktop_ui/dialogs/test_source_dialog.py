from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_ui.dialogs.source_dialog import SourceDialog
from desktop_ui.model.sources import SourceSpec
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture

Opens = Callable[..., SourceDialog]


@pytest.fixture
def opens(qtbot: Any) -> Iterator[Opens]:
    dialogs: list[SourceDialog] = []

    def open_one(spec: SourceSpec | None = None) -> SourceDialog:
        dialog = SourceDialog(spec)
        dialogs.append(dialog)
        dialog.show()
        return dialog

    yield open_one
    for dialog in dialogs:
        dialog.done(0)
        dialog.deleteLater()


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[HttpStreams]:
    with HttpStreams(tmp_path, [tiny_picture(64, 48, [])] * 3) as streams:
        yield streams


def test_a_probe_says_what_a_source_gives(opens: Opens, streams: HttpStreams, qtbot: Any) -> None:
    dialog = opens()
    dialog._name.setEditText(streams.address("/mjpeg"))
    dialog.try_source()
    qtbot.waitUntil(lambda: "64×48" in dialog.note, timeout=20_000)


@pytest.mark.parametrize(("path", "reason"), [("/404", "no such stream"), ("/401", "refuses user name or password")])
def test_a_probe_says_why_a_source_gives_nothing(
    opens: Opens, streams: HttpStreams, qtbot: Any, path: str, reason: str
) -> None:
    dialog = opens()
    dialog._name.setEditText(streams.address(path))
    dialog.try_source()
    qtbot.waitUntil(lambda: reason in dialog.note, timeout=20_000)


def test_a_password_is_used_and_never_shown(opens: Opens, streams: HttpStreams, qtbot: Any) -> None:
    address = streams.address("/mjpeg")
    streams.expect("me", "p@ss/word")
    dialog = opens()
    dialog._name.setEditText(address)
    dialog._user.setText("me")
    dialog._password.setText("p@ss/word")
    dialog.try_source()
    qtbot.waitUntil(lambda: "64×48" in dialog.note, timeout=20_000)
    again = opens(dialog.spec())
    assert again.spec().name == dialog.spec().name, "what is not written anew stays"
    assert "p%40ss" in again.spec().name
    shown = [again._name.currentText(), again._user.text(), again._password.text(), again.note, again.windowTitle()]
    assert not [text for text in shown if ("ss" in text and "word" in text) or "me:" in text]


def test_nothing_is_opened_without_a_name(opens: Opens) -> None:
    dialog = opens()
    dialog._name.setEditText("  ")
    dialog._accept_if_whole()
    assert dialog.result() == 0
    assert "Name a camera" in dialog.note
