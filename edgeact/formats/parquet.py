"""Persons as Parquet: the columns of `edgeact.formats.table`, the header of the result as metadata ``edgeact``.

The extra ``tables`` brings pyarrow, which is imported only here, and only when it is used.
"""

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeact.atomic import output_error, prepare_partial, publish, remove_partials
from edgeact.errors import MissingExtraError
from edgeact.formats.table import Row, Table, make_table
from edgeact.results.records import Results
from edgeact.sinks.jsonl import read_header

if TYPE_CHECKING:
    import pyarrow

# Rows that are written at once: some ten megabytes with the columns of the bundles that ship.
_GROUP_ROWS = 16_384


def write_parquet(results: Results, path: Path) -> None:
    """Write the table of all persons; nothing is left where that fails.

    Args:
        results: What to write.
        path: The final name; the file must not be there, or may be replaced.

    Raises:
        MissingExtraError: pyarrow is not installed.
        SourceFormatError: The file of the frames was cut off or damaged.
        OutputError: It cannot be written.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError('Parquet needs pyarrow: pip install "edgeact[tables]"') from error
    table = make_table(results)
    schema = _schema(table)
    partial = prepare_partial(path)
    try:
        with parquet.ParquetWriter(partial, schema) as writer:
            rows = table.rows()
            while group := list(islice(rows, _GROUP_ROWS)):
                writer.write_table(pyarrow.Table.from_arrays(_arrays(table, group, schema), schema=schema))
        publish(path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        remove_partials(path)


def _schema(table: Table) -> "pyarrow.Schema":
    import pyarrow

    keys = (("index", pyarrow.int64()), ("time", pyarrow.float64()), ("epoch", pyarrow.int64()))
    fields = [*keys, ("track", pyarrow.int64())]
    fields += [(name, pyarrow.string()) for name in table.texts]
    fields += [(name, pyarrow.float32()) for name in table.numbers]
    header = json.dumps(read_header(table.results.path), ensure_ascii=False)
    return pyarrow.schema(fields, metadata={"edgeact": header})


def _arrays(table: Table, rows: Sequence[Row], schema: "pyarrow.Schema") -> "list[pyarrow.Array]":
    """The columns of some rows; NaN, which stands for what there is not, becomes null."""
    import pyarrow

    numbers = np.stack([row.numbers for row in rows])
    columns: list[Any] = [*zip(*(row.keys for row in rows), strict=True)]
    columns += zip(*(row.texts for row in rows), strict=True) if table.texts else []
    arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=False)]
    return arrays + [pyarrow.array(column, pyarrow.float32(), from_pandas=True) for column in numbers.T]
