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
    max_megapixels: Annotated[
        float, Field(gt=0, le=1000, description="refuse larger pictures before they are decoded")
    ] = DEFAULT_MAX_MEGAPIXELS
    queue_frames: Annotated[int, Field(ge=1, le=64, description="frames that may wait between two stages")] = 4
    threads: Annotated[int, Field(ge=1, le=64, description="threads of one graph")] = 1
    device: Annotated[Literal["cpu", "cuda", "tensorrt"], Field(description="cpu, cuda or tensorrt")] = "cpu"


def load_config(path: Path) -> PipelineConfig:
    """Read a TOML file of `PipelineConfig`'s keys.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); --config takes a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        return PipelineConfig.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg'].lower()}" for fault in error.errors()
        )
        raise ConfigError(
            f"{path}: {faults}; known keys are {', '.join(sorted(PipelineConfig.model_fields))}"
        ) from error
