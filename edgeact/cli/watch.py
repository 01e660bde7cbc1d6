"""The command ``edgeact watch``. What is heavy is imported inside, so that ``--help`` is quick."""

import contextlib
import os
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
    folder,
    pipeline_config,
)
from edgeact.errors import UsageError
from edgeact.stopping import stop_on_signals

if TYPE_CHECKING:
    from edgeact.watching.watched import WatchOptions, WatchReport

WATCH_EPILOG = (
    "Examples:\n\n"
    "[bold]edgeact watch 0[/]   the first camera of this machine\n\n"
    "[bold]edgeact watch 'rtsp://${CAMERA_LOGIN}@192.0.2.7/stream' clip.mp4 --out results[/]\n\n"
    "Ctrl-C completes the files and stops. Exit codes: 0 all ended, 3 some sources failed, 130 Ctrl-C; where all fail "
    "in one way, that one's (10 missing, 20 no connection, …)."
)


def watch(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="Cameras (0, /dev/video0), streams (rtsp://, http://, rtmp://, …), videos and folders of images. "
            "${NAME} in an address is a variable of the environment.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", parser=folder, help="Where data goes; without it nothing is written."
        ),
    ] = None,
    video: Annotated[bool, typer.Option("--video/--no-video", help="Write the drawn video, too.")] = False,
    kind: Annotated[
        Literal["file", "live"] | None,
        typer.Option("--kind", help="Take every frame, or the newest; without it by what each source is."),
    ] = None,
    bundle: BundleOption = None,
    config: ConfigOption = None,
    max_persons: MaxPersonsOption = None,
    attention: AttentionOption = None,
    device: DeviceOption = None,
    turn: Annotated[
        Literal["90", "180", "270"] | None,
        typer.Option("--turn", help="Turn the pictures to the right by so many degrees."),
    ] = None,
    transport: Annotated[
        Literal["tcp", "udp"], typer.Option("--transport", help="What carries RTSP; tcp loses nothing.")
    ] = "tcp",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", help="Connect anew after so many seconds without a frame.")
    ] = 4.0,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WxH", help="Ask cameras for this size, for example 1280x720.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="N", help="Ask cameras for so many frames a second.")
    ] = None,
    tls_ca: Annotated[
        Path | None, typer.Option("--tls-ca", metavar="FILE.pem", help="Certificates to trust instead of the system's.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="N", min=0.0, help="Stop after N seconds.")
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="PATH", help="Write figures as JSON at the end; - prints them.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Watch cameras, streams and files: a status line each, and data with --out.

    A camera or stream that breaks is connected to anew.
    One that fails leaves the others going.

    With --out each source has two files:

    NAME.frames.jsonl: a line of data for each frame

    NAME.events.csv: a line for each action of each person
    """
    from edgeact.capture.address import fill_in
    from edgeact.capture.connection import LiveSettings
    from edgeact.report import write_json
    from edgeact.watching.watched import WatchOptions

    settings = LiveSettings(timeout=timeout, transport=transport, tls_ca=tls_ca, size=_size(size), rate=rate)
    options = WatchOptions(
        bundle=bundle,
        config=pipeline_config(config, max_persons=max_persons, attention=attention, device=device),
        kind=kind,
        turn=int(turn or 0),
        live=settings,
        video=video,
        seconds=seconds,
    )
    if video and out is None:
        raise UsageError("--video needs a folder to write to; name it with --out")
    report = _watch([fill_in(source, os.environ) for source in sources], out, options, quiet=quiet)
    if json_path is not None:
        write_json(report.as_record(), None if str(json_path) == "-" else json_path)
    raise typer.Exit(report.exit_code)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise UsageError(f"--size is {text}; it is written like 1280x720")
    return int(width), int(height)


def _watch(sources: Sequence[str], out: Path | None, options: "WatchOptions", *, quiet: bool) -> "WatchReport":
    from rich.console import Console

    from edgeact.watching.run import watch as watch_sources
    from edgeact.watching.status_lines import StatusLog, StatusTable

    errors = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        table: StatusLog | StatusTable = StatusLog(errors)
        if errors.is_terminal and not quiet:
            table = stack.enter_context(StatusTable(errors))
        report = watch_sources(sources, out, options, tick=None if quiet else table.show, stop=stop)
        if not quiet:
            table.show(report.sources)
    for source in report.sources:
        if source.error is not None:
            typer.secho(f"error: {source.error}", fg=typer.colors.RED, err=True)
    return report
