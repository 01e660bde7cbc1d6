"""The command ``edgeact`` and its verbs, one a file of this package.

A verb imports what is heavy inside its function, so that ``--help`` is quick.
"""

import os
from typing import Annotated

import typer

import edgeact
from edgeact.cli.annotate import ANNOTATE_EPILOG, annotate
from edgeact.cli.bench import BENCH_EPILOG, bench
from edgeact.cli.convert import CONVERT_EPILOG, convert
from edgeact.cli.demo import DEMO_EPILOG, demo
from edgeact.cli.doctor import DOCTOR_EPILOG, doctor
from edgeact.cli.entry_points import EdgeactGroup
from edgeact.cli.run import RUN_EPILOG, run
from edgeact.cli.verify import VERIFY_EPILOG, verify
from edgeact.cli.watch import WATCH_EPILOG, watch

DEBUG_VARIABLE = "EDGEACT_DEBUG"

app = typer.Typer(
    name="edgeact",
    cls=EdgeactGroup,
    help="Who does what in front of a camera: persons, poses, body parts and actions, on your own hardware.",
    epilog="First impression: [bold]edgeact demo[/]. Your own video: [bold]edgeact annotate clip.mp4 --out results[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"edgeact {edgeact.__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where unexpected errors come from.", envvar=DEBUG_VARIABLE)
    ] = False,
) -> None:
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"


# In the order of the help page.
_SEE, _CHECK = "See who does what", "Use results, check the machine"
app.command(epilog=DEMO_EPILOG, rich_help_panel=_SEE)(demo)
app.command(epilog=ANNOTATE_EPILOG, rich_help_panel=_SEE)(annotate)
app.command(epilog=WATCH_EPILOG, rich_help_panel=_SEE)(watch)
app.command(epilog=RUN_EPILOG, rich_help_panel=_SEE)(run)
app.command(epilog=CONVERT_EPILOG, rich_help_panel=_CHECK)(convert)
app.command(epilog=BENCH_EPILOG, rich_help_panel=_CHECK)(bench)
app.command(epilog=VERIFY_EPILOG, rich_help_panel=_CHECK)(verify)
app.command(epilog=DOCTOR_EPILOG, rich_help_panel=_CHECK)(doctor)
