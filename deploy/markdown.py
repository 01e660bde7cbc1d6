"""Figures and tables in Markdown, as model cards have them."""

from collections.abc import Sequence


def percent(value: float | None) -> str:
    """A share in percent with one decimal; None, which was not measured, is a dash."""
    return "–" if value is None else f"{100 * value:.1f} %"


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; every row has a text for each column."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
