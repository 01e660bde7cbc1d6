"""What the command line offers."""

import re
import subprocess
import sys
import time

import pytest
import typer

import edgeact
from edgeact.cli.app import app
from tests.edgeact.cli.command_line import run_main

# What users and scripts rely on: a change here is a change for them, and stands in the changelog.
SURFACE = {
    "annotate": {
        "--out", "-o", "--bundle", "--config", "--video", "--no-video", "--max-persons", "--attention", "--every",
        "--turn", "--stream", "--device", "--overwrite", "--strict", "--quiet", "-q",
    },
    "bench": {"--seconds", "--repeat", "--json", "--bundle", "--config", "--max-persons", "--attention", "--device"},
    "convert": {"--to", "--out", "-o", "--overwrite"},
    "demo": {"--out", "-o", "--bundle", "--device"},
    "doctor": set(),
    "run": {"--check", "--init"},
    "verify": {"--device"},
    "watch": {
        "--out", "-o", "--video", "--no-video", "--kind", "--bundle", "--config", "--max-persons", "--attention",
        "--device", "--turn", "--transport", "--timeout", "--size", "--rate", "--tls-ca", "--seconds", "--json",
        "--quiet", "-q",
    },
}  # fmt: skip
GLOBAL_OPTIONS = {"--version", "--debug", "--install-completion", "--show-completion"}


def test_commands_and_options_are_those_agreed_on() -> None:
    group = typer.main.get_command(app)

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
    assert ("Examples" in output) == (command not in ((), ("demo",)))
    if command == ():
        panels = re.findall(r"╭─ ([^─]+) ─", output)
        assert panels[1:] == [
            "See who does what",
            "Use results, check the machine",
            "With extras: the window, training, bundles",
        ]


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
