"""The command ``edgeact``. Everything heavy is imported inside the command that needs it, so that ``--help`` is
quick.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

import edgeact
from edgeact.cli_options import (
    BundleOption,
    ConfigOption,
    DeviceOption,
    MaxPersonsOption,
    OutOption,
    pipeline_config,
)
from edgeact.commands import EdgeactGroup
from edgeact.errors import INTERRUPTED_EXIT_CODE, OWN_FAULT, EdgeactError, MissingExtraError, remedy_for
from edgeact.installed import RUNTIME, reinstall_command
from edgeact.plain_text import printable
from edgeact.stopping import left_behind, stop_on_signals
from edgeact.terminal import make_streams_tolerant
from edgeact.watch.command import WATCH_EPILOG, watch

if TYPE_CHECKING:
    from edgeact.batch.messages import AnnotateOptions

DEBUG_VARIABLE = "EDGEACT_DEBUG"
_OWN_PACKAGES = ("edgeact", "trainer", "deploy", "desktop_ui")

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


@app.command(
    epilog="Examples:\n\n"
    "[bold]edgeact annotate clip.mp4 --out results[/]\n\n"
    "[bold]edgeact annotate 'cameras/**/*.mp4' holiday/ --out results --max-persons 2[/]\n\n"
    "Started again, it goes on where it was stopped. Exit codes: 0 all done, 3 some inputs failed, 130 Ctrl-C; "
    "a single input that fails gives its own (10 missing, 11 no video, 12 broken off, 13 cannot write, 14-16 "
    "bundle, 17 device, 18 config)."
)
def annotate(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="Videos, globs, folders of videos or folders of images.")
    ],
    out: OutOption,
    bundle: BundleOption = None,
    config: ConfigOption = None,
    video: Annotated[bool, typer.Option("--video/--no-video", help="Write the drawn video, or only the data.")] = True,
    max_persons: MaxPersonsOption = None,
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

    Writes for every input a video with poses, body parts, attention and actions drawn (STEM.mp4), a line of data a
    frame (STEM.frames.jsonl), a line an action (STEM.events.csv) and the record that lets a batch be resumed
    (STEM.run.json).
    """
    from edgeact.batch.messages import AnnotateOptions

    settings = pipeline_config(config, max_persons=max_persons, device=device)
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
    raise typer.Exit(_annotate(inputs, out, options, quiet=quiet))


app.command(name="watch", epilog=WATCH_EPILOG)(watch)


@app.command(epilog="Then open [bold]edgeact-demo/demo.mp4[/] with any player or browser.")
def demo(
    out: OutOption = Path("edgeact-demo"),
    bundle: BundleOption = None,
    device: DeviceOption = None,
) -> None:
    """Annotate the short clip that ships with edgeact: the quickest first impression."""
    from edgeact.batch.messages import AnnotateOptions

    options = AnnotateOptions(bundle=bundle, config=pipeline_config(None, device=device), overwrite=True)
    code = _annotate([str(_demo_clip())], out, options, quiet=False)
    if code == 0:
        typer.echo(
            f"Open {out / 'demo.mp4'} with a player or browser; the data are in demo.frames.jsonl and "
            "demo.events.csv beside it."
        )
    raise typer.Exit(code)


@app.command(
    epilog="Examples:\n\n[bold]edgeact bench[/]\n\n[bold]edgeact bench clip.mp4 --seconds 20 --json bench.json[/]\n\n"
    "The figure to compare is the ratio of the full pipeline to decoding with encoding alone."
)
def bench(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A video; without it the clip that ships with edgeact.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="N", min=0.1, help="Take only the first N seconds.")
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", metavar="N", min=1, max=100, help="Measure N times and take medians.")
    ] = 3,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="PATH", help="Write the figures as JSON; - prints them.")
    ] = None,
    bundle: BundleOption = None,
    config: ConfigOption = None,
    max_persons: MaxPersonsOption = None,
    device: DeviceOption = None,
) -> None:
    """Measure decoding, encoding and the full pipeline on one video, in one run."""
    from rich.console import Console

    from edgeact import bench as benchmark
    from edgeact.report import bench_tables, write_json
    from edgeact.terminal import print_result

    errors = Console(stderr=True)
    with errors.status("measuring") as status:
        report = benchmark.bench(
            file or _demo_clip(),
            seconds=seconds,
            repeats=repeat,
            bundle_directory=bundle,
            config=pipeline_config(config, max_persons=max_persons, device=device),
            on_step=lambda step: status.update(f"measuring {step}"),
        )
    printed = json_path is not None and str(json_path) == "-"
    if printed:
        errors.print(bench_tables(report))
    if json_path is not None:
        write_json(report.to_json(), None if printed else json_path)
    if not printed:
        print_result(bench_tables(report))


@app.command()
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


@app.command()
def doctor() -> None:
    """Look at this machine: what is there, what is missing, and what to do about it."""
    from edgeact.doctor import doctor_table, examine
    from edgeact.terminal import print_result

    checks = examine()
    print_result(doctor_table(checks))
    raise typer.Exit(1 if any(check.state == "fail" for check in checks) else 0)


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


def _demo_clip() -> Path:
    return Path(edgeact.__file__).parent / "assets" / "demo.mp4"


def _annotate(inputs: Sequence[str], out: Path, options: "AnnotateOptions", *, quiet: bool) -> int:
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
