"""The command ``edgeact demo``. What is heavy is imported inside, so that ``--help`` is quick."""

from pathlib import Path

import typer

import edgeact
from edgeact.cli.annotate import run_batch
from edgeact.cli.options import BundleOption, DeviceOption, OutOption, pipeline_config

DEMO_EPILOG = "Then open [bold]edgeact-demo/demo.mp4[/] with any player or browser."


def demo(
    out: OutOption = Path("edgeact-demo"),
    bundle: BundleOption = None,
    device: DeviceOption = None,
) -> None:
    """Annotate the short clip that ships with edgeact: the quickest first impression."""
    from edgeact.batch.messages import AnnotateOptions

    options = AnnotateOptions(bundle=bundle, config=pipeline_config(None, device=device), overwrite=True)
    code = run_batch([str(demo_clip())], out, options, quiet=False)
    if code == 0:
        typer.echo(
            f"Open {out / 'demo.mp4'} with a player or browser; the data are in demo.frames.jsonl and "
            "demo.events.csv beside it."
        )
    raise typer.Exit(code)


def demo_clip() -> Path:
    """The short video that ships with edgeact."""
    return Path(edgeact.__file__).parent / "assets" / "demo.mp4"
