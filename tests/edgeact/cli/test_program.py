"""Messages and exit codes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeact.cli.app import DEBUG_VARIABLE
from tests.edgeact.cli.command_line import run_main


def test_a_package_that_does_not_import_is_no_fault_of_edgeact(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(name: str) -> Callable[[], None]:
        def fail() -> None:
            raise ImportError(f"{name}: broken", name=name)

        return fail

    monkeypatch.delenv(DEBUG_VARIABLE, raising=False)
    monkeypatch.setattr("edgeact.doctor.examine", explode("cv2"))
    assert run_main("doctor") == 4
    assert (
        capsys.readouterr().err == "error: ImportError: cv2: broken; edgeact doctor says how to mend the installation\n"
    )
    monkeypatch.setattr("edgeact.doctor.examine", explode("edgeact.drawing.overlay"))
    assert run_main("doctor") == 1
    assert "this is a fault of edgeact" in capsys.readouterr().err


def test_errors_are_one_red_line_with_their_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("verify", str(tmp_path)) == 14
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert "manifest.json" in error


def test_unexpected_errors_hint_at_debug_and_debug_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode() -> None:
        raise ZeroDivisionError("seven by nought")

    monkeypatch.delenv(DEBUG_VARIABLE, raising=False)
    monkeypatch.setattr("edgeact.doctor.examine", explode)
    assert run_main("doctor") == 1
    error = capsys.readouterr().err
    assert (
        error
        == "error: ZeroDivisionError: seven by nought (this is a fault of edgeact; edgeact --debug … shows where)\n"
    )
    monkeypatch.setenv(DEBUG_VARIABLE, "")  # so that what --debug sets is taken back after the test
    assert run_main("--debug", "doctor") == 1
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "in explode" in error
