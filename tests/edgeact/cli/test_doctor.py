import pytest

from tests.edgeact.cli.command_line import run_main


def test_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str]) -> None:
    code = run_main("doctor")
    output = capsys.readouterr().out
    assert code == (1 if "\nfail" in output else 0)
    for word in ("Python", "packages", "OpenCV", "FFmpeg", "devices", "machine", "disk", "bundle"):
        assert word in output
