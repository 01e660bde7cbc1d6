"""Names of the window's sources as a configuration of `edgeact run` writes them."""

import re
from collections.abc import Sequence

from desktop_ui.model.sources import SourceItem

_LONGEST = 28  # of the 32 characters of a name; the others are for a number


def camera_names(sources: Sequence[SourceItem]) -> dict[int, str]:
    """A name of ``a-z 0-9 - _`` for each source by its key; the same source has the same name on every day."""
    names: dict[int, str] = {}
    for item in sources:
        base = re.sub(r"[^a-z0-9_]+", "-", item.spec.called.casefold()).strip("-_")[:_LONGEST]
        if not base or not base[0].isalpha():
            base = f"source-{base}".rstrip("-")[:_LONGEST]
        name, number = base, 1
        while name in names.values():
            number += 1
            name = f"{base}-{number}"
        names[item.key] = name
    return names
