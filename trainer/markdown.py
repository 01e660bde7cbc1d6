"""Format figures and tables as Markdown, for model cards and reports."""

from collections.abc import Sequence


def percent(value: float | None) -> str:
    """Format a share as a percentage with one decimal, or as a dash where it was not measured (None)."""
    return "–" if value is None else f"{100 * value:.1f} %"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table without a line break at its end; every row has as many cells as the header."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
