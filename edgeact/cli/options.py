"""Options that several commands have, and the settings that they make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeact.errors import UsageError

if TYPE_CHECKING:
    from edgeact.config import PipelineConfig


def folder(name: str | Path) -> Path:
    """A folder that was named; the empty name, which a shell makes of an unset variable, would mean this folder."""
    if not str(name):
        raise typer.BadParameter("it is empty; name a folder")
    return Path(name)


OutOption = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", parser=folder, help="Where results go; created when missing.")
]
BundleOption = Annotated[
    Path | None,
    typer.Option(
        "--bundle",
        metavar="NAME|DIR",
        help="compact (default), accurate (the larger one that ships too), or the folder of another bundle.",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.toml", help="Settings of the pipeline in TOML; docs/files.md lists them."),
]
DeviceOption = Annotated[
    str | None,
    typer.Option("--device", metavar="cpu|cuda|tensorrt", help="What executes the graphs; refused when not there."),
]
MaxPersonsOption = Annotated[
    int | None,
    typer.Option(
        "--max-persons", metavar="N", min=1, max=200, help="Follow at most N persons, the highest scores first."
    ),
]
AttentionOption = Annotated[
    str | None,
    typer.Option(
        "--attention",
        metavar="NAME|none",
        help="The attention map to compute and draw: a name that the bundle offers, first (default), all or none.",
    ),
]


def pipeline_config(path: Path | None, **overrides: Any) -> "PipelineConfig":
    """The settings of a file (None: the defaults), with what was given on the command line.

    Raises:
        ConfigError: The file has unknown keys or unusable values.
        UsageError: An option has an unusable value.
    """
    from pydantic import ValidationError

    from edgeact.config import PipelineConfig, load_config

    config = PipelineConfig() if path is None else load_config(path)
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return PipelineConfig.model_validate({**config.model_dump(), **given})
    except ValidationError as error:
        faults = (f"--{str(fault['loc'][0]).replace('_', '-')}: {fault['msg'].lower()}" for fault in error.errors())
        raise UsageError("; ".join(faults)) from error
