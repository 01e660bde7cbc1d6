"""MATLAB's files of both kinds (version 5, and 7.3, which is HDF5) as plain Python: structs as dictionaries, cells and
arrays of structs as lists, texts as str, numbers as arrays with MATLAB's axes.
"""

from pathlib import Path
from typing import Any

import numpy as np

from edgeact.errors import SourceFormatError
from trainer.data.sets.files import existing

FIRST_PIXEL = 1.0  # MATLAB's coordinate of the first pixel; ours is 0
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_OFFSETS = (0, 512)  # MATLAB puts a header of 512 bytes before HDF5


def read_matlab(path: Path, what: str) -> dict[str, Any]:
    """Read the variables of a MATLAB file, by name.

    Args:
        path: ``.mat`` of either version.
        what: Which data set, and what of it, for the message.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no such file, or damaged.
    """
    with existing(path, what).open("rb") as file:
        head = file.read(_HDF5_OFFSETS[-1] + len(_HDF5))
    try:
        if any(head[offset : offset + len(_HDF5)] == _HDF5 for offset in _HDF5_OFFSETS):
            return _read_hdf5(path)
        return _read_version5(path)
    except (ValueError, TypeError, KeyError, OSError, NotImplementedError, EOFError) as error:
        raise SourceFormatError(f"{path} cannot be read as a MATLAB file ({error}); copy the data set again") from error


def listed(value: Any) -> list[Any]:
    """A struct array or cell as a list: MATLAB writes one element as itself, and none as an empty array."""
    if isinstance(value, list):
        return value
    if isinstance(value, np.ndarray) and value.size == 0:
        return []
    return [value]


def number(value: Any) -> float:
    """Convert a MATLAB scalar to a float.

    Raises:
        SourceFormatError: The value has no or several numbers.
    """
    found = np.asarray(value)
    if found.size != 1:
        raise SourceFormatError(f"a MATLAB file has {found.size} numbers where one should be; copy the data set again")
    return float(found.reshape(()))


def _read_version5(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path, struct_as_record=True)
    except MatReadError as error:
        raise ValueError(str(error)) from error
    return {name: _plain(value) for name, value in content.items() if not name.startswith("__")}


def _plain(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.names:
        structs = [{name: _plain(item[name]) for name in value.dtype.names} for item in value.ravel(order="F")]
        return structs[0] if len(structs) == 1 else structs
    if value.dtype == object:
        return [_plain(item) for item in value.ravel(order="F")]
    if value.dtype.kind in "US":
        return str(value.reshape(-1)[0]) if value.size else ""
    return value


def _read_hdf5(path: Path) -> dict[str, Any]:
    import h5py

    with h5py.File(path, "r") as file:
        return {name: _from_hdf5(file[name], file) for name in file if not name.startswith("#")}


def _from_hdf5(item: Any, file: Any) -> Any:
    import h5py

    if isinstance(item, h5py.Group):
        return _struct(item, file)
    kind = item.attrs.get("MATLAB_class", b"")
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if item.attrs.get("MATLAB_empty", 0):
        return "" if kind == "char" else np.zeros((0, 0))
    values = item[()]
    if kind == "char":
        return "".join(chr(code) for code in np.asarray(values).T.ravel(order="F"))
    if item.dtype == h5py.ref_dtype:
        return [_from_hdf5(file[reference], file) for reference in np.asarray(values).ravel()]
    return np.asarray(values).T  # HDF5 has the axes the other way round


def _struct(group: Any, file: Any) -> Any:
    """A struct; an array of structs has a reference to each element in each field."""
    import h5py

    fields = {name: group[name] for name in group}
    is_array = fields and all(
        isinstance(value, h5py.Dataset) and value.dtype == h5py.ref_dtype and "MATLAB_class" not in value.attrs
        for value in fields.values()
    )
    if not is_array:
        return {name: _from_hdf5(value, file) for name, value in fields.items()}
    columns = {name: [file[ref] for ref in np.asarray(value[()]).ravel()] for name, value in fields.items()}
    count = len(next(iter(columns.values())))
    return [{name: _from_hdf5(values[row], file) for name, values in columns.items()} for row in range(count)]
