"""What a Python caller may write for a path, a bundle or settings, and what that is made into."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from edgeact.config import PipelineConfig, config_error, load_config
from edgeact.errors import ArgumentTypeError, UsageError

PathText: TypeAlias = str | os.PathLike[str]
Settings: TypeAlias = PipelineConfig | Mapping[str, Any] | PathText


def as_path(value: object, *, name: str, may_be_here: bool = True) -> Path:
    """A path that was given as text or as a `pathlib.Path`.

    Args:
        value: As the caller gave it.
        name: Of the argument, for messages.
        may_be_here: Whether ``.`` may be meant; it is also what `pathlib.Path` makes of an empty text.

    Raises:
        ArgumentTypeError: It is neither.
        UsageError: It is empty.
    """
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        raise ArgumentTypeError(f"{name} is {value!r} of type {type(value).__name__}; give a str or a pathlib.Path")
    text = str(os.fspath(value))
    if not text.strip() or (text == "." and not may_be_here):
        raise UsageError(
            f"{name} is {text!r}, as a variable without a value would be; write pathlib.Path.cwd() if you mean the "
            "current folder"
        )
    return Path(text)


def as_bundle(bundle: PathText | None) -> Path | None:
    """The folder or the name of a bundle; None stays None, which is the default bundle.

    Raises:
        ArgumentTypeError: It is no path.
        UsageError: It is empty.
    """
    return None if bundle is None else as_path(bundle, name="bundle")


def as_config(config: Settings | None) -> PipelineConfig:
    """Settings of the pipeline, from whatever they were given as.

    Args:
        config: Settings, a mapping of their keys, or the path of a TOML file; None takes the defaults.

    Raises:
        ConfigError: There are unknown keys or unusable values (all are listed), or the file cannot be read.
        ArgumentTypeError: It is nothing of these.
    """
    if config is None:
        return PipelineConfig()
    if isinstance(config, PipelineConfig):
        return config
    if isinstance(config, Mapping):
        try:
            return PipelineConfig.model_validate(dict(config))
        except ValidationError as error:
            raise config_error("config", error) from error
    return load_config(as_path(config, name="config"))
