"""What the commands of training show on a terminal: a progress bar and tables."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def show_progress(items: Sequence[Item], title: str) -> Iterable[Item]:
    """Give the items one after the other and show a progress bar on the error stream, so that tables can be piped."""
    from rich.console import Console
    from rich.progress import track

    return track(items, title, console=Console(stderr=True))


def print_rows(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, on_error_stream: bool = False
) -> None:
    """Print a table with a title; every row has a text for each column."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(*columns, title=title, title_justify="left")
    for row in rows:
        shown.add_row(*row)
    Console(stderr=on_error_stream).print(shown)
