"""The command ``edgeact convert``. What is heavy is imported inside, so that ``--help`` is quick."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from edgeact.cli.options import folder
from edgeact.formats.kinds import KINDS

CONVERT_EPILOG = (
    "Examples:\n\n"
    "[bold]edgeact convert results/clip --to coco --out clip.coco.json[/]\n\n"
    "[bold]edgeact convert results/clip.frames.jsonl --to parquet --out clip.parquet[/]\n\n"
    "What a format is, and what it leaves out:\n\n"
    + "\n\n".join(f"[bold]{name}[/]: {escape(kind.writes)}. Left out: {kind.left_out}." for name, kind in KINDS.items())
)


def convert(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS",
            parser=folder,
            help="What annotate or watch wrote for one source: any of its files, their common name, or the folder.",
        ),
    ],
    to: Annotated[
        Literal["coco", "mot", "openpose", "csv", "parquet"], typer.Option("--to", help="The format; see below.")
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="PATH", parser=folder, help="The file to write; of openpose the folder."),
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write results as COCO keypoints, MOTChallenge, OpenPose JSON, CSV or Parquet, for other programs."""
    from edgeact.formats.convert import convert as convert_results
    from edgeact.results.load import load_results

    written = convert_results(load_results(results), to=to, out=out, overwrite=overwrite)
    typer.echo(f"{written} written", err=True)
