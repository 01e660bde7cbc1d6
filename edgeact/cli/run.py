"""The command ``edgeact run``. What is heavy is imported inside, so that ``--help`` is quick."""

import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeact.errors import UsageError
from edgeact.stopping import stop_on_signals

if TYPE_CHECKING:
    from edgeact.daemon.config import DaemonConfig

RUN_EPILOG = (
    "Examples:\n\n"
    "[bold]edgeact run --init > config.toml[/]   a commented example, which runs as it is\n\n"
    "[bold]edgeact run --check config.toml[/]   look at everything that it names\n\n"
    "[bold]edgeact run config.toml[/]   run until Ctrl-C or SIGTERM\n\n"
    "While it runs, SIGHUP reads the file again. docs/daemon.md has all keys, and systemd units. "
    "Exit codes: 0 stopped, 18 the file has faults, 1 something that --check looked at is not well."
)


def run(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG.toml", help="Cameras, and what becomes of what they see.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look at every camera, the bundle and the disk, and print what is wrong.")
    ] = False,
    init: Annotated[bool, typer.Option("--init", help="Print a commented example of a configuration.")] = False,
) -> None:
    """Run cameras for months, as a configuration file says.

    A camera that breaks is connected to anew for as long as it takes.

    Events are kept in the folder "state" of the configuration.
    An event that was kept is not lost when the process is killed.
    """
    from edgeact.daemon.example import example_config
    from edgeact.terminal import write_result

    if init:
        if config is not None or check:
            raise UsageError("--init prints an example and takes nothing else: edgeact run --init > config.toml")
        write_result(example_config())
        return
    if config is None:
        raise UsageError("name a configuration file; edgeact run --init > config.toml writes an example")
    raise typer.Exit(_check(config) if check else _run(config))


def _check(path: Path) -> int:
    from edgeact.daemon.check import all_well, check_daemon
    from edgeact.daemon.read_config import ConfigFaultsError, read_config
    from edgeact.doctor import Check, doctor_table
    from edgeact.terminal import print_result

    try:
        config = read_config(path, os.environ)
    except ConfigFaultsError as error:
        print_result(doctor_table([Check(fault.key or str(path), "fail", fault.problem) for fault in error.faults]))
        return error.exit_code
    checks = check_daemon(config)
    print_result(doctor_table(checks))
    return 0 if all_well(checks) else 1


def _run(path: Path) -> int:
    from rich.console import Console

    from edgeact.daemon.read_config import ConfigFaultsError, read_config
    from edgeact.daemon.run import run_daemon
    from edgeact.daemon.service import ServiceNotices
    from edgeact.watching.status_lines import StatusLog

    config = read_config(path, os.environ)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    log = StatusLog(Console(stderr=True))
    asked = threading.Event()

    def reload() -> "DaemonConfig | None":
        """The file read again, where SIGHUP asked for it and it has no fault."""
        if not asked.is_set():
            return None
        asked.clear()
        try:
            return read_config(path, os.environ)
        except ConfigFaultsError as error:
            logging.getLogger(__name__).error("%s; the old configuration stays", error)
            return None

    with stop_on_signals() as stop:
        signal.signal(signal.SIGHUP, lambda *_: asked.set())  # the end of the block puts back what was there
        run_daemon(config, stop=stop, tick=log.show, notices=ServiceNotices(os.environ), reload=reload)
    return 0
