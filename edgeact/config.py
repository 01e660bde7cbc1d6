"""Settings of the pipeline, with their reasons; unknown keys are an error that lists all faults."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS
from edgeact.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


# What the setting ``attention`` may be besides the name of a map.
FIRST_MAP, ALL_MAPS, NO_MAP = "first", "all", "none"

# Hundreds of times what all keys with comments take; more is another file, or one that never ends.
_LARGEST_FILE_BYTES = 2**20


class PipelineConfig(BaseModel):
    """How the pipeline works; what belongs to the weights is in the bundle's manifest instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detect_every: Annotated[int, Field(ge=1, le=300, description="run the detector on every n-th frame")] = 10
    detect_every_seconds: Annotated[
        float, Field(gt=0, le=60, description="and at least this often, for sources of few frames")
    ] = 0.35
    max_persons: Annotated[
        int, Field(ge=1, le=200, description="follow at most this many persons, the highest scores first")
    ] = 20
    lost_seconds: Annotated[float, Field(ge=0, le=60, description="keep an unseen track this long")] = 1.0
    confirm_hits: Annotated[int, Field(ge=1, le=20, description="detections before a new track counts")] = 2
    clip_every_seconds: Annotated[float, Field(gt=0, le=10, description="time between two clips of one track")] = 0.2
    smoothing_seconds: Annotated[
        float, Field(ge=0, le=10, description="time constant of the action scores' moving average")
    ] = 0.3
    minimum_event_seconds: Annotated[
        float, Field(ge=0, le=60, description="an action that has begun lasts at least this long")
    ] = 0.4
    attention_every_seconds: Annotated[
        float, Field(gt=0, le=60, description="time between two attention maps of one track")
    ] = 0.2
    attention: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="the attention map that is computed and drawn: its name, or first, all, none",
        ),
    ] = FIRST_MAP
    draw_3d: Annotated[
        bool, Field(description="draw the largest person's joints in space into a corner, with a bundle that gives 3D")
    ] = False
    max_megapixels: Annotated[
        float, Field(gt=0, le=1000, description="refuse larger pictures before they are decoded")
    ] = DEFAULT_MAX_MEGAPIXELS
    queue_frames: Annotated[int, Field(ge=1, le=64, description="frames that may wait between two stages")] = 4
    memory_megabytes: Annotated[
        int,
        Field(ge=64, le=2**20, description="memory that frames, decoder and encoder may take together"),
    ] = 2048
    threads: Annotated[int, Field(ge=1, le=64, description="threads of one graph")] = 1
    device: Annotated[Literal["cpu", "cuda", "tensorrt"], Field(description="cpu, cuda or tensorrt")] = "cpu"


def load_config(path: Path) -> PipelineConfig:
    """Read a TOML file of `PipelineConfig`'s keys.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} cannot be read ({reason}); --config takes a TOML file") from error
    if len(content) > _LARGEST_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {_LARGEST_FILE_BYTES} bytes; --config takes a short TOML file")
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply; settings are plain keys and values") from error
    except ValueError as error:  # no TOML, no UTF-8, or a number of more digits than Python reads
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        return PipelineConfig.model_validate(data)
    except ValidationError as error:
        raise config_error(str(path), error) from error


def config_error(where: str, error: ValidationError) -> ConfigError:
    """The error to raise for settings that are not valid; it lists all faults.

    Args:
        where: Where the settings come from, for the message.
        error: What is wrong with them.
    """
    faults = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg'].lower()}" for fault in error.errors()
    )
    return ConfigError(f"{where}: {faults}; known keys are {', '.join(sorted(PipelineConfig.model_fields))}")
