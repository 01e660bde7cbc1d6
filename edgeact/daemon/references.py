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


def _outputs(data: dict[str, Any]) -> list[str]:
    return ["jsonl"] if "jsonl" in data and _table(data, "jsonl").get("events", True) else []


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
