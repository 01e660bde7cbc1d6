"""The command ``edgeact gui``; Qt is imported only when the window starts."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from edgeact.errors import MissingExtraError

# What the extra `desktop` brings; a test holds the two together.
MODULES = ("PyQt6", "keyring", "pyqtgraph", "tomlkit")

app = typer.Typer()


@app.command(
    epilog="Examples:\n\n[bold]edgeact gui[/]   the first-run card\n\n[bold]edgeact gui 0 clip.mp4 "
    "'rtsp://192.0.2.7/stream'[/]   up to nine sources"
)
def gui(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", help="Cameras, streams, videos and folders of images to open."),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="NAME|DIR", help="The networks; as for edgeact watch.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings of the pipeline in TOML.")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", metavar="D", help="cpu, cuda or tensorrt.")] = None,
    language: Annotated[str | None, typer.Option("--language", metavar="en|de", help="Language of the window.")] = None,
) -> None:
    """Open the operator's window over cameras, streams and files."""
    require_desktop()
    import os

    from desktop_ui.app import WindowOptions, run_window
    from edgeact.capture.address import fill_in
    from edgeact.cli.options import pipeline_config

    settings = pipeline_config(config, max_persons=None, attention=None, device=device)
    names = [fill_in(source, os.environ) for source in sources or ()]
    raise typer.Exit(run_window(WindowOptions(names, bundle, settings, language)))


def require_desktop() -> None:
    """Refuse to start without what the extra ``desktop`` brings.

    Raises:
        MissingExtraError: Modules are missing; all are named, with the line that installs them.
    """
    missing = [name for name in MODULES if not _is_there(name)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingExtraError(
            f'edgeact gui needs {", ".join(missing)}, which {verb} not installed: pip install "edgeact[desktop]"'
        )


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a test or a program has put None in its place
        return False
