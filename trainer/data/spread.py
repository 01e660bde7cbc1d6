"""Fewer items of a list, evenly over all of it."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def spread(items: Sequence[Item], limit: int | None) -> list[Item]:
    """At most ``limit`` items in their order, evenly over all with the first and the last; None takes every item."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[row] for row in np.linspace(0, len(items) - 1, limit).round().astype(int)]
