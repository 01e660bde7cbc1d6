"""MATLAB files of both versions with the same content: structs as dictionaries, struct arrays and cells as lists."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import savemat


class Cell(list):
    """A cell array; other lists are arrays of structs."""


def write_version5(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {name: _version5(value) for name, value in content.items()})


def _version5(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _version5(item) for name, item in value.items()}
    if isinstance(value, Cell):
        cell = np.empty((1, len(value)), object)
        cell[0, :] = [_version5(item) for item in value]
        return cell
    if isinstance(value, list):
        array = np.empty((1, len(value)), [(name, object) for name in value[0]])
        for row, struct in enumerate(value):
            array[0, row] = tuple(_version5(item) for item in struct.values())
        return array
    return value


def write_version73(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_group("#refs#")
        for name, value in content.items():
            _put(file, name, value, file)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + b"\0" * 8 + b"\x00\x02IM")


def _put(group: Any, name: str, value: Any, file: Any) -> None:
    if isinstance(value, dict):
        made = group.create_group(name)
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, item in value.items():
            _put(made, field, item, file)
    elif isinstance(value, Cell):
        group[name] = _references(value, file)
        group[name].attrs["MATLAB_class"] = np.bytes_("cell")
    elif isinstance(value, list):
        made = group.create_group(name)
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        for field in value[0]:
            made[field] = _references([struct[field] for struct in value], file)
    elif isinstance(value, str):
        group[name] = np.array([[ord(letter)] for letter in value], np.uint16)
        group[name].attrs["MATLAB_class"] = np.bytes_("char")
    else:
        group[name] = np.atleast_2d(np.asarray(value)).T
        group[name].attrs["MATLAB_class"] = np.bytes_("double")


def _references(values: list, file: Any) -> np.ndarray:
    found = np.empty((len(values), 1), h5py.ref_dtype)
    for row, value in enumerate(values):
        name = f"r{len(file['#refs#'])}"
        _put(file["#refs#"], name, value, file)
        found[row, 0] = file["#refs#"][name].ref
    return found
