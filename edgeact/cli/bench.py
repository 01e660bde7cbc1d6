"""The command ``edgeact bench``. What is heavy is imported inside, so that ``--help`` is quick."""

from pathlib import Path
from typing import Annotated

import typer

from edgeact.cli.demo import demo_clip
from edgeact.cli.options import (
    AttentionOption,
    BundleOption,
    ConfigOption,
    DeviceOption,
    MaxPersonsOption,
    pipeline_config,
)

BENCH_EPILOG = (
    "Examples:\n\n[bold]edgeact bench[/]\n\n[bold]edgeact bench clip.mp4 --seconds 20 --json bench.json[/]\n\n"
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
    attention: AttentionOption = None,
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
            file or demo_clip(),
            seconds=seconds,
            repeats=repeat,
            bundle_directory=bundle,
            config=pipeline_config(config, max_persons=max_persons, attention=attention, device=device),
            on_step=lambda step: status.update(f"measuring {step}"),
        )
    printed = json_path is not None and str(json_path) == "-"
    if printed:
        errors.print(bench_tables(report))
    if json_path is not None:
        write_json(report.to_json(), None if printed else json_path)
    if not printed:
        print_result(bench_tables(report))
