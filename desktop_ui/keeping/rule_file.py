"""Zones and rules in the file of `edgeact run`: written into it without touching the rest, and read from it."""

import os
import re
from collections import UserDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from desktop_ui.model.rule_book import Areas, RuleBook, plain, plain_rule
from desktop_ui.model.sources import SourceSpec
from edgeact.atomic import write_text
from edgeact.daemon.config import SCHEMA_VERSION, CameraConfig
from edgeact.daemon.read_config import read_config
from edgeact.errors import ConfigError

RULES_NAME = "rules.toml"


class _StandIns(UserDict[str, str]):
    """The environment, in which every variable has a value: the window opens its sources by itself."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "rtsp://192.0.2.1/login-not-kept"


def read_own_book(path: Path) -> RuleBook:
    """The zones and rules of the window's own file, which needs no logins.

    Raises:
        ConfigError: It cannot be read; it is kept under another name.
    """
    try:
        return read_book(path, _StandIns(os.environ))
    except ConfigError as error:
        kept = path.with_name(f"{path.name}.unread")
        path.replace(kept)
        raise ConfigError(f"{error}; the rules are kept as {kept.name}, and new ones begin") from error


def read_book(path: Path, variables: Mapping[str, str] | None = None) -> RuleBook:
    """The zones and rules of a configuration.

    Args:
        path: The file.
        variables: What ``${NAME}`` stands for; None takes the environment.

    Raises:
        ConfigFaultsError: It cannot be read, or has faults.
    """
    config = read_config(path, os.environ if variables is None else variables)
    areas = {name: _areas_of(camera) for name, camera in config.cameras.items()}
    return RuleBook(areas, dict(config.rules))


def write_book(path: Path, book: RuleBook, sources: Mapping[str, SourceSpec]) -> None:
    """Write zones and rules; comments and all else that is in the file already stay.

    A source that the file does not have yet is added. An address with a login is never written: the variable of the
    environment that is to hold it stands in its place.

    Args:
        path: The file, made where it is missing.
        book: What is written.
        sources: The sources by their names.

    Raises:
        ConfigError: What is there already is not TOML.
        OutputError: It cannot be written.
    """
    document = _document(path)
    document.setdefault("schema", SCHEMA_VERSION)
    document.setdefault("state", "state")
    cameras = document.setdefault("cameras", tomlkit.table(is_super_table=True))
    for name in dict.fromkeys([*sources, *book.areas]):
        if name not in cameras:
            cameras[name] = tomlkit.table()
            cameras[name]["url"] = _url(name, sources.get(name))
        found = plain(book, name)
        for kind in ("zones", "lines"):
            cameras[name].pop(kind, None)
            if found[kind]:
                cameras[name][kind] = tomlkit.table()
                for area, points in found[kind].items():
                    cameras[name][kind][area] = points
    rules = document.setdefault("rules", tomlkit.table(is_super_table=True))
    for name in [name for name in rules if name not in book.rules]:
        del rules[name]
    for name, rule in book.rules.items():
        rules[name] = _rule_table(plain_rule(rule))
    if not rules:
        del document["rules"]
    write_text(path, tomlkit.dumps(document))


def _document(path: Path) -> Any:
    if not path.exists():
        return tomlkit.document()
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TOMLKitError) as error:
        raise ConfigError(f"{path} cannot be changed ({error}); choose another file") from error


def _rule_table(rule: dict[str, Any]) -> Any:
    table = tomlkit.table()
    for key, value in rule.items():
        if key == "when":
            when = tomlkit.inline_table()
            when.update(value)
            table[key] = when
        else:
            table[key] = value
    return table


def _url(name: str, spec: SourceSpec | None) -> str:
    if spec is None:
        return "missing"
    if spec.shown != spec.name:
        return f"${{{re.sub('[^A-Z0-9]', '_', name.upper())}_URL}}"
    return f"/dev/video{spec.name}" if spec.name.isdecimal() else spec.name


def _areas_of(camera: CameraConfig) -> Areas:
    return Areas(
        {name: tuple(points) for name, points in camera.zones.items()},
        {name: tuple(points) for name, points in camera.lines.items()},
    )
