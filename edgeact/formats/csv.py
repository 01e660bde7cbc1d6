"""Persons as CSV: the columns of `edgeact.formats.table`; an empty cell is a value that there is not."""

import csv
from pathlib import Path

import numpy as np

from edgeact.atomic import PartialText
from edgeact.formats.table import make_table
from edgeact.results.records import Results
from edgeact.sinks.events import text_cell


def write_csv(results: Results, path: Path) -> None:
    """Write the table of all persons; nothing is left where that fails.

    Args:
        results: What to write.
        path: The final name; the file must not be there, or may be replaced.

    Raises:
        SourceFormatError: The file of the frames was cut off or damaged.
        OutputError: It cannot be written.
    """
    table = make_table(results)
    file = PartialText(path)
    try:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(table.columns)
        for row in table.rows():
            index, time, epoch, track = row.keys
            keys = (index, f"{time:.6f}", epoch, "" if track is None else track)
            texts = ("" if text is None else text_cell(text) for text in row.texts)
            rows.writerow((*keys, *texts, *("" if np.isnan(value) else f"{value:.7g}" for value in row.numbers)))
        file.close()
    finally:
        file.abort()
