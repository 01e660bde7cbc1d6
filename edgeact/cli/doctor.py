"""The command ``edgeact doctor``. What is heavy is imported inside, so that ``--help`` is quick."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgeact.doctor import Check

DOCTOR_EPILOG = (
    "Examples:\n\n[bold]edgeact doctor[/]   this machine\n\n"
    "[bold]edgeact doctor config.toml[/]   its cameras, outputs and disk, too\n\n"
    "Exit codes: 0 all is well, 1 something that is needed is missing."
)


def doctor(
    config: Annotated[
        Path | None,
        typer.Argument(metavar="CONFIG.toml", help="Look at all that a configuration of edgeact run names, too."),
    ] = None,
) -> None:
    """Look at this machine: what is there, what is missing, and what to do about it."""
    from edgeact.doctor import doctor_table, examine
    from edgeact.terminal import print_result

    checks = [*examine(), *(_of_daemon(config) if config is not None else [])]
    print_result(doctor_table(checks))
    raise typer.Exit(1 if any(check.state == "fail" for check in checks) else 0)


def _of_daemon(path: Path) -> "list[Check]":
    """The checks of everything that a configuration of ``edgeact run`` names, or the faults of the file."""
    from edgeact.daemon.check import check_daemon
    from edgeact.daemon.read_config import ConfigFaultsError, read_config
    from edgeact.doctor import Check

    try:
        config = read_config(path, os.environ)
    except ConfigFaultsError as error:
        return [Check(fault.key or str(path), "fail", fault.problem) for fault in error.faults]
    return check_daemon(config)
