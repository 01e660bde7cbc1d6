"""Results as tables of pandas. The extra ``tables`` brings pandas, which is imported only here, and only when used."""

from typing import TYPE_CHECKING

import numpy as np

from edgeact.errors import MissingExtraError
from edgeact.formats.table import KEYS, make_table
from edgeact.results.records import Results

if TYPE_CHECKING:
    import pandas


def persons_dataframe(results: Results) -> "pandas.DataFrame":
    """A row for each person in each frame, with the columns of `edgeact.formats.table`.

    Numbers are float32, ``track`` is a nullable integer, and a label that there is not is missing.

    Raises:
        MissingExtraError: pandas is not installed.
        SourceFormatError: The file of the frames was cut off or damaged.
    """
    _require_pandas()
    import pandas

    table = make_table(results)
    rows = list(table.rows())
    numbers = np.stack([row.numbers for row in rows]) if rows else np.zeros((0, len(table.numbers)), np.float32)
    keys = pandas.DataFrame([row.keys for row in rows], columns=list(KEYS))
    keys = keys.astype({"index": "int64", "time": "float64", "epoch": "int64", "track": "Int64"})
    texts = pandas.DataFrame([row.texts for row in rows], columns=list(table.texts), dtype="string")
    return pandas.concat([keys, texts, pandas.DataFrame(numbers, columns=list(table.numbers))], axis=1)


def events_dataframe(results: Results) -> "pandas.DataFrame":
    """A row for each action, with ``track``, ``label``, ``start``, ``end`` and ``score``; times in seconds.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    _require_pandas()
    import pandas

    rows = [(event.track_id, event.label, event.start, event.end, event.score) for event in results.events]
    frame = pandas.DataFrame(rows, columns=["track", "label", "start", "end", "score"])
    return frame.astype({"track": "Int64", "label": "string", "start": "float64", "end": "float64", "score": "float64"})


def _require_pandas() -> None:
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise MissingExtraError('tables need pandas: pip install "edgeact[tables]"') from error
