"""Names in a configuration that stand for other parts of it: each must be there."""

from collections.abc import Iterator
from typing import Any


def reference_faults(data: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The path of each key that names what is not there, and what is wrong.

    Args:
        data: The file as it was read; it may have other faults, which are passed over.
    """
    outputs = _outputs(data)
    yield from _unknown(("events", "then"), _table(data, "events").get("then"), outputs, "output")
    cameras = _table(data, "cameras")
    for name in _table(data, "restream"):
        camera = _table(_table(data, "restream"), name).get("camera")
        if isinstance(camera, str) and camera not in cameras:
            yield ("restream", name, "camera"), f"{camera!r} is no camera; there are {', '.join(cameras)}"
    for name in _table(data, "rules"):
        rule = _table(_table(data, "rules"), name)
        yield from _unknown(("rules", name, "then"), rule.get("then"), outputs, "output")
        yield from _unknown(("rules", name, "cameras"), rule.get("cameras"), list(cameras), "camera")
        named = rule.get("cameras")
        watched = (
            [one for one in named if isinstance(one, str) and one in cameras] if isinstance(named, list) else cameras
        )
        for camera in watched:
            yield from _areas_of(name, _table(rule, "when"), camera, _table(cameras, camera))


def _areas_of(
    rule: str, when: dict[str, Any], camera: str, config: dict[str, Any]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Zones and lines that a camera of a rule has not."""
    for key, kind in (*((key, "zone") for key in ("zone", "enter", "leave", "dwell")), ("cross", "line")):
        area, known = when.get(key), list(_table(config, f"{kind}s"))
        if isinstance(area, str) and area not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            yield ("rules", rule, "when", key), f"the camera {camera} has no {kind} {area!r}; {has}"


def _outputs(data: dict[str, Any]) -> list[str]:
    jsonl = ["jsonl"] if "jsonl" in data and _table(data, "jsonl").get("events", True) else []
    mqtt = ["mqtt"] if isinstance(data.get("mqtt"), dict) else []
    media = [name for section, name in (("record", "clip"), ("snapshots", "snapshot")) if section in data]
    return [*jsonl, *mqtt, *(f"webhook.{name}" for name in _table(data, "webhook")), *media]


def _table(data: Any, key: str) -> dict[str, Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}


def _unknown(
    key: tuple[str | int, ...], names: object, known: list[str], what: str
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if isinstance(name, str) and name not in known:
            there_are = f"there are {', '.join(known)}" if known else f"there is no {what}"
            yield (*key, index), f"{name!r} is no {what}; {there_are}"
