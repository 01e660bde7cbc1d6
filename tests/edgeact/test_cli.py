"""The command line: its surface, its messages and its exit codes."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

import edgeact
from edgeact import cli, cli_options

# What users and scripts rely on: a change here is a change for them, and stands in the changelog.
SURFACE = {
    "annotate": {
        "--out", "-o", "--bundle", "--config", "--video", "--no-video", "--max-persons", "--every", "--turn",
        "--stream", "--device", "--overwrite", "--strict", "--quiet", "-q",
    },
    "bench": {"--seconds", "--repeat", "--json", "--bundle", "--config", "--max-persons", "--device"},
    "demo": {"--out", "-o", "--bundle", "--device"},
    "doctor": set(),
    "verify": {"--device"},
    "watch": {
        "--out", "-o", "--video", "--no-video", "--kind", "--bundle", "--config", "--max-persons", "--device", "--turn",
        "--transport", "--timeout", "--size", "--rate", "--tls-ca", "--seconds", "--json", "--quiet", "-q",
    },
}  # fmt: skip
GLOBAL_OPTIONS = {"--version", "--debug", "--install-completion", "--show-completion"}


def run_main(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    code = stopped.value.code
    assert isinstance(code, int)
    return code


def test_commands_and_options_are_those_agreed_on() -> None:
    group = typer.main.get_command(cli.app)

    def options(command: object) -> set[str]:
        return {
            name
            for parameter in command.params  # type: ignore[attr-defined]
            for name in (*parameter.opts, *parameter.secondary_opts)
            if name.startswith("-")
        }

    commands = group.commands  # type: ignore[attr-defined]
    assert {name: options(command) for name, command in commands.items()} == SURFACE
    assert options(group) == GLOBAL_OPTIONS


@pytest.mark.parametrize("command", [(), *((name,) for name in SURFACE)])
def test_help_teaches(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(*command, "--help") == 0
    output = capsys.readouterr().out
    assert f"Usage: {' '.join(('edgeact', *command))}" in output
    if command in (("annotate",), ("bench",)):
        assert "Examples" in output


def test_a_package_that_does_not_import_is_no_fault_of_edgeact(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(name: str) -> Callable[[], None]:
        def fail() -> None:
            raise ImportError(f"{name}: broken", name=name)

        return fail

    monkeypatch.delenv(cli.DEBUG_VARIABLE, raising=False)
    monkeypatch.setattr("edgeact.doctor.examine", explode("cv2"))
    assert run_main("doctor") == 4
    assert (
        capsys.readouterr().err == "error: ImportError: cv2: broken; edgeact doctor says how to mend the installation\n"
    )
    monkeypatch.setattr("edgeact.doctor.examine", explode("edgeact.overlay"))
    assert run_main("doctor") == 1
    assert "this is a fault of edgeact" in capsys.readouterr().err


@pytest.mark.parametrize("names", [("missing.mp4",), ("missing.mp4", "absent.mp4")])
def test_inputs_that_all_failed_make_no_table_of_blanks(
    names: tuple[str, ...], tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = [str(tmp_path / name) for name in names]
    code = run_main("annotate", *inputs, "--out", str(tmp_path / "out"), "--bundle", str(tiny_bundle))
    assert code == (10 if len(names) == 1 else 3)
    captured = capsys.readouterr()
    assert captured.out == ""
    for name in names:
        assert f"{name} does not exist" in captured.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("--version") == 0
    assert capsys.readouterr().out == f"edgeact {edgeact.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("annotate",),
        ("annotate", "x.mp4"),
        ("annotate", "x.mp4", "--out", "y", "--every", "0"),
        ("annotate", "x.mp4", "--out", ""),
        ("no-such-command",),
        ("bench", "--repeat", "0"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(*arguments) == 2
    assert "Usage" in capsys.readouterr().err


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

    monkeypatch.delenv(cli.DEBUG_VARIABLE, raising=False)
    monkeypatch.setattr("edgeact.doctor.examine", explode)
    assert run_main("doctor") == 1
    error = capsys.readouterr().err
    assert (
        error
        == "error: ZeroDivisionError: seven by nought (this is a fault of edgeact; edgeact --debug … shows where)\n"
    )
    monkeypatch.setenv(cli.DEBUG_VARIABLE, "")  # so that what --debug sets is taken back after the test
    assert run_main("--debug", "doctor") == 1
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "in explode" in error


def test_python_m_edgeact_is_the_command_and_starts_quickly() -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "edgeact", "--help"], capture_output=True, text=True, check=True
    )
    seconds = time.monotonic() - began
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    # Not a limit on seconds alone, which a busy machine would break: nothing heavy is imported for a help page.
    assert imported & {"numpy", "cv2", "av", "onnxruntime", "pydantic", "psutil", "scipy"} == set()
    assert seconds < 10
    assert "annotate" in done.stdout


def test_verify_accepts_a_sound_bundle(tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("verify", str(tiny_bundle)) == 0
    output = capsys.readouterr().out
    for word in ("detector", "pose", "action", "explain", "ok"):
        assert word in output


def test_verify_names_the_graph_that_was_changed(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(tiny_bundle, tmp_path / "copy")
    with (copy / "pose.onnx").open("ab") as file:
        file.write(b"x")
    (copy / "payload.bin").write_bytes(b"x")
    assert run_main("verify", str(copy)) == 15
    captured = capsys.readouterr()
    assert "pose.onnx has sha256" in captured.err
    assert "payload.bin" in captured.out


def test_verify_compares_outputs_with_the_manifest(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(tiny_bundle, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["graphs"][1]["outputs"][2]["shape"] = ["N", 21, 20, 16]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert run_main("verify", str(copy)) == 14
    assert (
        "pose.onnx gives joint_maps as [?, 21, 40, 32] float32, the manifest says [N, 21, 20, 16] float32"
        in capsys.readouterr().err
    )


def test_a_device_that_is_not_there_is_refused(tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("verify", str(tiny_bundle), "--device", "abacus") == 17
    assert "device 'abacus' is unknown" in capsys.readouterr().err


def test_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str]) -> None:
    code = run_main("doctor")
    output = capsys.readouterr().out
    assert code == (1 if "\nfail" in output else 0)
    for word in ("Python", "packages", "OpenCV", "FFmpeg", "devices", "machine", "disk", "bundle"):
        assert word in output


def test_config_options_win_over_the_file_and_faults_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("max_persons = 3\ndetect_every = 7\n")
    config = cli_options.pipeline_config(path, max_persons=2, device=None)
    assert (config.max_persons, config.detect_every, config.device) == (2, 7, "cpu")
    with pytest.raises(edgeact.errors.UsageError, match="--max-persons: input should be less than or equal to 200"):
        cli_options.pipeline_config(None, max_persons=999)
