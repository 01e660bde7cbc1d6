"""Options that several verbs of ``edgeact train`` have."""

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[Path, typer.Option(help="folder of the data sets")]
TeachersOption = Annotated[Path, typer.Option(help="folder of the teacher networks")]
BundleOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="folder of the bundle, or compact or accurate", show_default="compact"),
]
TensorboardOption = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="FOLDER", help="event files of each training go here", show_default="none"),
]
