"""What an evaluation found: figures, classes, curves and pictures, as plain records that become JSON."""

import math
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a table.

    Attributes:
        name: Such as ``mAP``.
        of: What it is of: a head, a graph, a group of joints.
        measured: 0..1 for shares; any number else.
        unit: ``%`` for shares; ``mm``, ``ms`` and the like else.
        paper: What the paper reports; None where it reports nothing of the kind.
        paper_of: With which network and data.
        comparable: Whether the paper's figure is of the same data and protocol; where not, the page marks it.
    """

    name: str
    of: str
    measured: float
    unit: str = "%"
    paper: float | None = None
    paper_of: str = ""
    comparable: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of a chart.

    Attributes:
        name: In the chart's key.
        x, y: Coordinates of its points, as many of one as of the other.
        names: What stands beside each point; () where nothing does.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over common axes: as lines where ``joined``, with their points where ``marked``."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    joined: bool = True
    marked: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture of the page: ``(H, W, 3)`` uint8 RGB, and what stands below it."""

    image: np.ndarray
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A row of captioned pictures under one title: mistakes, worst first, or an original and its attention maps."""

    title: str
    pictures: tuple[Shown, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """How well each class does.

    Attributes:
        of: Which head.
        labels: In the order of the rows.
        precision: Average precision of each, 0..1; NaN where it does not occur.
        confusion: ``(A, A)``: rows are true, columns are answers; None where several actions may be done at once.
    """

    of: str
    labels: tuple[str, ...]
    precision: tuple[float, ...]
    confusion: np.ndarray | None


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """One evaluation.

    Attributes:
        title: Title of the page.
        facts: Name and text of what was measured, where and when.
        figures: Rows of the table of figures.
        classes: Precision and confusion by class, of each action head.
        charts: Charts of curves or points.
        worst: The worst mistakes, a section of the page for each strip.
        strips: Pictures with their attention maps.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    classes: tuple[Classes, ...] = ()
    charts: tuple[Chart, ...] = ()
    worst: tuple[Strip, ...] = ()
    strips: tuple[Strip, ...] = ()


def as_record(value: Any) -> Any:
    """Convert findings to plain JSON values: records to objects, NaN to null; pictures are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = (field.name for field in fields(value) if field.name != "image")
        return {name: as_record(getattr(value, name)) for name in kept}
    if isinstance(value, np.ndarray):
        return as_record(value.tolist())
    if isinstance(value, tuple | list):
        return [as_record(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return round(value, 6) if isinstance(value, float) else value
