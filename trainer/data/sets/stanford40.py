"""Stanford 40 Actions (Yao et al., ICCV 2011): ``JPEGImages`` (or ``images``), ``XMLAnnotations`` and ``ImageSplits``;
and a packed copy, ``images`` and ``labels.csv``.

One person of each photo, the actor, is boxed.
"""

from collections.abc import Sequence
from pathlib import Path

from edgeact.errors import SourceFormatError
from trainer.data.sample import Picture, Sample, SampleSet, one_person
from trainer.data.sets.files import existing, first_existing, read_lines, read_rows, read_xml, xml_box
from trainer.data.splits import Split

_PARTS: tuple[Split, ...] = ("train", "test")
_SIDES = ("x", "y", "w", "h")


def read_stanford40(root: Path, *, parts: Sequence[Split] = _PARTS) -> SampleSet:
    """Every photo of the official lists.

    Args:
        root: With ``ImageSplits``.
        parts: Of ``train`` and ``test``.

    Raises:
        SourceNotFoundError, SourceFormatError: Lists or boxes are missing or damaged.
    """
    lists = existing(root / "ImageSplits", "the lists of Stanford 40")
    pictures = first_existing(root, ("JPEGImages", "images"), "the photos of Stanford 40")
    actions = tuple(sorted(path.name.removesuffix("_train.txt") for path in lists.glob("*_train.txt")))
    samples = []
    for number, action in enumerate(actions):
        for part in parts:
            for name in read_lines(lists / f"{action}_{part}.txt", "the lists of Stanford 40"):
                stem = Path(name).stem
                file = root / "XMLAnnotations" / f"{stem}.xml"
                person = read_xml(file, "the boxes of Stanford 40").find("object/bndbox")
                box = None if person is None else one_person(xml_box(person, file))
                samples.append(Sample(stem, stem, Picture(pictures / name), part, (number,), boxes=box))
    return SampleSet("stanford40", tuple(samples), actions)


def read_stanford40_parts(root: Path) -> dict[str, Split]:
    """The official part of each photo of either layout, by the photo's file; no box is read.

    Raises:
        SourceNotFoundError, SourceFormatError: Lists or table are missing or damaged.
    """
    index, what = root / "labels.csv", "the lists of Stanford 40"
    if index.is_file():
        return {row["file"]: _packed_part(row, index) for row in read_rows(index, what, "file", "split")}
    lists = existing(root / "ImageSplits", what)
    return {
        name: part for part in _PARTS for path in sorted(lists.glob(f"*_{part}.txt")) for name in read_lines(path, what)
    }


def read_packed_stanford40(root: Path) -> SampleSet:
    """Every photo of the packed copy, in the order of its table.

    Args:
        root: With ``images`` and ``labels.csv``: ``file``, ``action``, ``split``, and the box's ``x``, ``y``, ``w`` and
            ``h`` in pixels.

    Raises:
        SourceNotFoundError, SourceFormatError: The table is missing or damaged.
    """
    index = root / "labels.csv"
    rows = read_rows(index, "the labels of Stanford 40", "file", "action", "split", *_SIDES)
    actions = tuple(sorted({row["action"] for row in rows}))
    samples = []
    for row in rows:
        try:
            x, y, width, height = (float(row[side]) for side in _SIDES)
        except ValueError as error:
            raise SourceFormatError(f"{index}: {row} has no box in numbers; copy the data set again") from error
        samples.append(
            Sample(
                Path(row["file"]).stem,
                Path(row["file"]).stem,
                Picture(root / "images" / row["file"]),
                _packed_part(row, index),
                (actions.index(row["action"]),),
                boxes=one_person([x, y, x + width, y + height]),
            )
        )
    return SampleSet("stanford40", tuple(samples), actions)


def _packed_part(row: dict[str, str], index: Path) -> Split:
    for part in _PARTS:
        if row["split"] == part:
            return part
    raise SourceFormatError(f"{index}: {row} is of no part {' or '.join(_PARTS)}; copy the data set again")
