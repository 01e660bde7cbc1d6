"""The command ``edgeact verify``. What is heavy is imported inside, so that ``--help`` is quick."""

from pathlib import Path
from typing import Annotated

import typer

from edgeact.cli.options import DeviceOption

VERIFY_EPILOG = (
    "Examples:\n\n[bold]edgeact verify[/]   the bundle compact\n\n"
    "[bold]edgeact verify my_bundle[/]   before a bundle of others is used\n\n"
    "Exit codes: 0 all is well, 14 a graph does not do what the manifest says, 15 a file was changed."
)


def verify(
    bundle: Annotated[
        Path | None, typer.Argument(metavar="BUNDLE", help="A bundle's folder; without it the one that ships.")
    ] = None,
    device: DeviceOption = None,
) -> None:
    """Check a bundle: manifest, hashes, and what every graph makes of pictures, within limits of time and memory."""
    from rich.markup import escape

    from edgeact.plain_text import printable
    from edgeact.report import verify_table
    from edgeact.terminal import print_result
    from edgeact.verify import verify_bundle

    checked, graphs, unknown = verify_bundle(bundle, device=device or "cpu")
    print_result(verify_table(checked, graphs))
    if unknown:
        names = escape(printable(", ".join(unknown)))
        print_result(f"[yellow]not in the manifest, never read:[/] {names}", highlight=False)
    faults = [graph.fault for graph in graphs if graph.fault is not None]
    if faults:
        raise faults[0]
