"""Runs the command line: what goes wrong becomes one line on stderr and an exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import typer

from edgeact.cli.app import DEBUG_VARIABLE, app
from edgeact.errors import INTERRUPTED_EXIT_CODE, OWN_FAULT, EdgeactError, MissingExtraError, remedy_for
from edgeact.installed import RUNTIME, reinstall_command
from edgeact.plain_text import printable
from edgeact.stopping import left_behind
from edgeact.terminal import make_streams_tolerant

_OWN_PACKAGES = ("edgeact", "trainer", "deploy", "desktop_ui")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit, also where a thread hangs that was left behind.

    An `EdgeactError` becomes one line on stderr and its exit code; anything else one line and 1, or a traceback with
    ``--debug``.

    Args:
        arguments: Without the program's name; None takes those of the process.
    """
    make_streams_tolerant()
    try:
        _run_command(arguments)
    except SystemExit as stopped:
        if left_behind():  # an interpreter that ends waits for libraries whose threads hang
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            os._exit(stopped.code if isinstance(stopped.code, int) else 1)
        raise


def _run_command(arguments: Sequence[str] | None) -> NoReturn:
    try:
        app(args=None if arguments is None else list(arguments), prog_name="edgeact")
    except EdgeactError as error:
        _fail(error, str(error), error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED_EXIT_CODE)
    except ImportError as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        package = (error.name or "").partition(".")[0]
        if package in _OWN_PACKAGES:
            _fail(error, f"{what} ({OWN_FAULT})", 1)
        # Without some of them not even the doctor can be asked.
        remedy = (
            reinstall_command(package) if package in RUNTIME else "edgeact doctor says how to mend the installation"
        )
        _fail(error, f"{what}; {remedy}", MissingExtraError.exit_code)
    except Exception as error:  # noqa: BLE001 - the top of the program
        what = " ".join(f"{type(error).__name__}: {error}".split())
        _fail(error, f"{what} ({remedy_for(error)})", 1)
    sys.exit(0)


def _fail(error: Exception, line: str, code: int) -> NoReturn:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    typer.secho(f"error: {printable(line)}", fg=typer.colors.RED, err=True)
    sys.exit(code)
