"""Reads the daemon's configuration file, and lists every fault of it at once with the path of its key.

``${NAME}`` in a text is a variable of the environment, and ``${file:/run/secrets/gate}`` the content of a file without
the line end. What they stand for is taken for a secret: no message shows it.
"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgeact.bundle.load import PACKAGED_BUNDLES
from edgeact.daemon.config import SCHEMA_VERSION, DaemonConfig
from edgeact.daemon.references import reference_faults
from edgeact.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LARGEST_FILE_BYTES = 2**20  # hundreds of cameras with comments take a tenth of it
_LARGEST_SECRET_BYTES = 2**16
_PLACEHOLDER = re.compile(r"\$\{(file:)?([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One thing that is wrong with a file: the path of the key, such as ``cameras.gate.fps``, and what is wrong."""

    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.key}: {self.problem}" if self.key else self.problem


class ConfigFaultsError(ConfigError):
    """A configuration file cannot be used.

    Attributes:
        faults: All that is wrong with it, in the order of the file's schema.
    """

    def __init__(self, path: Path, faults: list[ConfigFault]) -> None:
        """Args: path: The file. faults: All that is wrong with it; at least one."""
        super().__init__(f"{path}: {'; '.join(str(fault) for fault in faults)}")
        self.faults = tuple(faults)


def read_config(path: Path, variables: Mapping[str, str]) -> DaemonConfig:
    """Read and check a configuration file.

    Args:
        path: The file, TOML.
        variables: What ``${NAME}`` stands for; the environment of the process.

    Raises:
        ConfigFaultsError: The file cannot be read, is not TOML (the message has the line), or has faults.
    """
    data = _parse(path)
    faults: list[ConfigFault] = []
    version = data.get("schema")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        what = "is missing" if version is None else f"is {version!r}"
        fault = ConfigFault("schema", f"{what}; this edgeact reads schema = {SCHEMA_VERSION}")
        raise ConfigFaultsError(path, [fault])  # what else there is belongs to another edgeact
    folder = path.absolute().parent
    filled = _fill_in(data, (), _secret_reader(folder, variables), faults)
    _resolve_paths(filled, folder)
    config: DaemonConfig | None = None
    try:
        config = DaemonConfig.model_validate(filled)
    except ValidationError as error:
        faults += [ConfigFault(_key(fault["loc"]), _in_plain_words(fault)) for fault in error.errors()]
    faults += [ConfigFault(_key(key), problem) for key, problem in reference_faults(filled)]
    if faults or config is None:
        raise ConfigFaultsError(path, faults)  # without a cause: pydantic's own text shows the values, secrets too
    return config


def _parse(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or error
        fault = ConfigFault("", f"it cannot be read ({reason}); edgeact run --init prints an example")
        raise ConfigFaultsError(path, [fault]) from error
    if len(content) > _LARGEST_FILE_BYTES:
        raise ConfigFaultsError(path, [ConfigFault("", f"it is larger than {_LARGEST_FILE_BYTES} bytes")])
    try:
        return tomllib.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise ConfigFaultsError(path, [ConfigFault("", "it is nested too deeply")]) from error
    except ValueError as error:  # no TOML, no UTF-8, or a number of more digits than Python reads
        raise ConfigFaultsError(path, [ConfigFault("", f"it is not TOML: {error}")]) from error


def _secret_reader(folder: Path, variables: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    def read(match: re.Match[str]) -> str:
        name = match[2]
        if match[1]:
            return read_secret(folder / name)
        if _VARIABLE.fullmatch(name) is None:
            raise ValueError(f"${{{name}}} is neither ${{NAME}} of a variable nor ${{file:PATH}}")
        if name not in variables:
            raise ValueError(f"there is no environment variable {name}; set it")
        return variables[name]

    return read


def read_secret(path: Path) -> str:
    """The content of a file that holds a secret, without white space around it.

    Raises:
        ValueError: It cannot be read, is empty, too long or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"the file {path} cannot be read ({reason})") from error
    if len(content) > _LARGEST_SECRET_BYTES:
        raise ValueError(f"the file {path} is larger than {_LARGEST_SECRET_BYTES} bytes")
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"the file {path} is not UTF-8") from None  # the cause's own text shows bytes of the secret
    if not text:
        raise ValueError(f"the file {path} is empty")
    return text


def _fill_in(
    value: Any, key: tuple[str | int, ...], read: Callable[[re.Match[str]], str], faults: list[ConfigFault]
) -> Any:
    """The same value in which every placeholder is replaced; what cannot be is a fault, and stays."""
    if isinstance(value, dict):
        return {name: _fill_in(part, (*key, name), read, faults) for name, part in value.items()}
    if isinstance(value, list):
        return [_fill_in(part, (*key, index), read, faults) for index, part in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        return _PLACEHOLDER.sub(read, value)
    except ValueError as error:
        faults.append(ConfigFault(_key(key), str(error)))
        return value


def _resolve_paths(data: dict[str, Any], folder: Path) -> None:
    """Paths in the file are relative to its folder, wherever the daemon is started from."""
    for key in ("state", "bundle"):
        if isinstance(data.get(key), str) and data[key] not in PACKAGED_BUNDLES:
            data[key] = folder / data[key]
    for section in ("cameras", "webhook", "mqtt"):
        named = data.get(section)
        ones = [named] if section == "mqtt" else named.values() if isinstance(named, dict) else ()
        for one in ones:
            if isinstance(one, dict) and isinstance(one.get("tls_ca"), str):
                one["tls_ca"] = folder / one["tls_ca"]
    cameras = data.get("cameras")
    for camera in cameras.values() if isinstance(cameras, dict) else ():
        if isinstance(camera, dict) and isinstance(camera.get("url"), str) and (folder / camera["url"]).is_file():
            camera["url"] = str(folder / camera["url"])


def _key(parts: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in parts if part != "[key]")


def _in_plain_words(fault: Any) -> str:
    """Pydantic's message; the value itself is left out, because it may be a secret."""
    kind = fault["type"]
    if kind == "extra_forbidden":
        return "there is no such key"
    if kind == "missing":
        return "is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
