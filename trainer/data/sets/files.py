"""Files that data sets are made of, read with a message that names the file and the remedy."""

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from zipfile import BadZipFile

import numpy as np

from edgeact.errors import SourceFormatError, SourceNotFoundError
from trainer.data.sample import FrameFiles, Video


def existing(path: Path, what: str) -> Path:
    """Return a path that must exist.

    Args:
        path: A file or a folder.
        what: What it holds, for the message: which data set, and what of it.

    Raises:
        SourceNotFoundError: It is not there.
    """
    if not path.exists():
        raise SourceNotFoundError(f"{path} not found; it holds {what}: give the folder that the set was unpacked into")
    return path


def first_existing(root: Path, names: tuple[str, ...], what: str) -> Path:
    """Return the first of several paths under ``root`` that exists, for sets that are unpacked in more than one way.

    Raises:
        SourceNotFoundError: None of them is there.
    """
    found = next((root / name for name in names if (root / name).exists()), None)
    if found is None:
        raise SourceNotFoundError(
            f"{root} has none of {', '.join(names)}; one of them holds {what}: give the folder that the set was "
            "unpacked into"
        )
    return found


def read_lines(path: Path, what: str) -> list[str]:
    """Read the lines of a text file, without empty ones and without white space around them.

    Raises:
        SourceNotFoundError, SourceFormatError: It is not there, or no text.
    """
    try:
        text = existing(path, what).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceFormatError(f"{path} is no text; copy the data set again") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_rows(path: Path, what: str, *columns: str) -> list[dict[str, str]]:
    """Read the rows of a CSV file with a header, each as a dictionary by column.

    Args:
        path: The file.
        what: What it holds, for the message.
        columns: Those that each row must fill.

    Raises:
        SourceNotFoundError, SourceFormatError: It is not there, is no text, or a row leaves a column empty.
    """
    rows = list(csv.DictReader(read_lines(path, what)))
    for row in rows:
        if not all(row.get(column) for column in columns):
            raise SourceFormatError(f"{path}: {row} has not {', '.join(columns)}; copy the data set again")
    return rows


def read_json_file(path: Path, what: str) -> Any:
    """Read a JSON file.

    Raises:
        SourceNotFoundError, SourceFormatError: It is not there, or no JSON.
    """
    try:
        return json.loads(existing(path, what).read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceFormatError(f"{path} is no JSON ({error}); copy the data set again") from error


def read_arrays(path: Path, what: str, *names: str) -> list[np.ndarray]:
    """Read arrays of an ``.npz`` file, in the order of their names.

    Raises:
        SourceNotFoundError, SourceFormatError: It is not there, is damaged, or lacks one of them.
    """
    existing(path, what)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise SourceFormatError(f"{path} is damaged or has not {', '.join(names)}; copy the data set again") from error


def read_xml(path: Path, what: str) -> Element:
    """Read an XML file and return its root element; entities that could fill the memory are refused.

    Raises:
        SourceNotFoundError, SourceFormatError: It is not there, or no XML.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, parse

    try:
        root: Element = parse(existing(path, what)).getroot()
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise SourceFormatError(f"{path} is no XML ({error}); copy the data set again") from error
    return root


def xml_text(element: Element, name: str, path: Path) -> str:
    """Return the text of an element's child.

    Raises:
        SourceFormatError: There is no such child, or it is empty.
    """
    found = element.findtext(name)
    if found is None or not found.strip():
        raise SourceFormatError(f"{path} has no {name}; copy the data set again")
    return found.strip()


def xml_box(element: Element, path: Path) -> list[float]:
    """x_min, y_min, x_max, y_max of an element with ``xmin`` … in it, as Pascal VOC writes boxes."""
    return [float(xml_text(element, name, path)) for name in ("xmin", "ymin", "xmax", "ymax")]


def frames_or_video(frames: Path, video: Path) -> FrameFiles | Video | None:
    """The pixels of a clip that a set gives as PNG files, as a video, or not at all.

    Args:
        frames: Folder of the PNG files; they are preferred.
        video: The video file.

    Returns:
        None where neither is there.
    """
    files = sorted(frames.glob("*.png"))
    if files:
        return FrameFiles(tuple(files))
    return Video(video) if video.is_file() else None
