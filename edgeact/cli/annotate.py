"""The command ``edgeact annotate``. What is heavy is imported inside, so that ``--help`` is quick."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgeact.cli.options import (
    AttentionOption,
    BundleOption,
    ConfigOption,
    DeviceOption,
    MaxPersonsOption,
    OutOption,
    pipeline_config,
)
from edgeact.stopping import stop_on_signals

if TYPE_CHECKING:
    from edgeact.batch.messages import AnnotateOptions

ANNOTATE_EPILOG = (
    "Examples:\n\n"
    "[bold]edgeact annotate clip.mp4 --out results[/]\n\n"
    "[bold]edgeact annotate 'cameras/**/*.mp4' holiday/ --out results --max-persons 2[/]\n\n"
    "[bold]edgeact annotate clip.mp4 --out results --bundle accurate[/]   the larger networks\n\n"
    "Started again, it goes on where it was stopped. Exit codes: 0 all done, 3 some inputs failed, 130 Ctrl-C; "
    "a single input that fails gives its own (10 missing, 11 no video, 12 broken off, 13 cannot write, 14-16 "
    "bundle, 17 device, 18 config)."
)


def annotate(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Videos, images, globs, folders of videos or folders of images."),
    ],
    out: OutOption,
    bundle: BundleOption = None,
    config: ConfigOption = None,
    video: Annotated[bool, typer.Option("--video/--no-video", help="Write the drawn video, or only the data.")] = True,
    max_persons: MaxPersonsOption = None,
    attention: AttentionOption = None,
    every: Annotated[int, typer.Option("--every", metavar="N", min=1, help="Take only every N-th frame.")] = 1,
    turn: Annotated[
        Literal["90", "180", "270"] | None,
        typer.Option("--turn", help="Turn the pictures to the right by so many degrees, where they lie on their side."),
    ] = None,
    stream: Annotated[
        int | None,
        typer.Option(
            "--stream", metavar="N", min=0, help="Take stream N of a file with several videos, as ffprobe says."
        ),
    ] = None,
    device: DeviceOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Do finished inputs again, and replace files of others.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="A video that breaks off before its announced end counts as failed.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Videos in, annotated videos and data out.

    Writes four files for each input, here clip.mp4, into the folder of --out:

    clip.mp4: poses, body parts, attention and actions drawn into it

    clip.frames.jsonl: a line of data for each frame

    clip.events.csv: a line for each action of each person

    clip.run.json: what was done; it lets a batch be resumed
    """
    from edgeact.batch.messages import AnnotateOptions

    settings = pipeline_config(config, max_persons=max_persons, attention=attention, device=device)
    options = AnnotateOptions(
        bundle=bundle,
        config=settings,
        every=every,
        turn=int(turn or 0),
        stream=stream,
        video=video,
        overwrite=overwrite,
        strict=strict,
    )
    raise typer.Exit(run_batch(inputs, out, options, quiet=quiet))


def run_batch(inputs: Sequence[str], out: Path, options: "AnnotateOptions", *, quiet: bool) -> int:
    """Annotate inputs and say on the terminal how they fare.

    Args:
        inputs: As `edgeact.batch.annotate.annotate` takes them.
        out: The folder for results.
        options: What to do with them.
        quiet: Print errors only.

    Returns:
        The exit code.
    """
    from rich.console import Console

    from edgeact.batch.annotate import annotate
    from edgeact.batch.messages import BatchListener, SilentListener
    from edgeact.batch.progress import BarListener, LineListener
    from edgeact.report import summary_table

    errors = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        listener: BatchListener = SilentListener() if quiet else LineListener(errors)
        if errors.is_terminal and not quiet:
            listener = stack.enter_context(BarListener(errors))
        report = annotate(inputs, out, options, listener=listener, stop=stop)
    if not quiet and any(result.summary is not None for result in report.results):
        Console().print(summary_table(report))  # without figures it would be a table of blanks
    if quiet or len(report.results) > 1:  # else the listener has just said it
        for result in report.results:
            if result.error is not None:
                typer.secho(f"error: {result.error}", fg=typer.colors.RED, err=True)
    if report.not_started:
        were = "input was" if report.not_started == 1 else "inputs were"
        typer.echo(f"{report.not_started} {were} not started; the same command goes on", err=True)
    return report.exit_code
