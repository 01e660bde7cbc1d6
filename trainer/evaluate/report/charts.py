"""Charts as SVG and HTML, with no script: axes with ticks, curves or points, bars, a matrix of counts."""

from collections.abc import Sequence
from html import escape

import numpy as np

from trainer.evaluate.report.findings import Chart, Classes, Curve

COLOURS = ("#1f6f8b", "#d1495b", "#3d8b37", "#8a5a9e", "#c7771e", "#4a4e69", "#00798c", "#a23b72")
_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 150, 16, 44
_KEY_INDENT, _LETTER = 26, 7.2  # where a curve's name begins, and the most that a letter takes at 12 px on the mean
_PALE_TEXT_FROM = 0.6  # of a cell's share: black on the full colour can hardly be read
_TICKS = 5
_FEW = 15  # classes, whose matrix has room for larger cells


def draw_chart(chart: Chart) -> str:
    """A chart as SVG; values that are not finite are left out."""
    points = [_known(curve) for curve in chart.curves]
    every = [(x, y) for curve in points for x, y, _ in curve]
    if not every:
        return ""
    low_x, high_x = _range([x for x, _ in every])
    low_y, high_y = _range([y for _, y in every])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - low_x) / (high_x - low_x)
        up = (y - low_y) / (high_y - low_y)
        return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)

    longest = max(len(curve.name) for curve in chart.curves)
    width = _WIDTH - _RIGHT + max(_RIGHT, round(_KEY_INDENT + _LETTER * longest))
    parts = [
        f'<svg viewBox="0 0 {width} {_HEIGHT}" style="max-width:{width}px" role="img" '
        f'aria-label="{escape(chart.title)}">'
    ]
    for y in _ticks(low_y, high_y):
        left, py = place(low_x, y)
        parts.append(f'<line class="grid" x1="{left:.1f}" y1="{py:.1f}" x2="{_WIDTH - _RIGHT}" y2="{py:.1f}"/>')
        parts.append(f'<text x="{left - 6:.1f}" y="{py + 4:.1f}" text-anchor="end">{y:g}</text>')
    for x in _ticks(low_x, high_x):
        px, base = place(x, low_y)
        parts.append(f'<text x="{px:.1f}" y="{base + 16:.1f}" text-anchor="middle">{x:g}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(chart.x_label)}</text>')
    parts.append(
        f'<text x="14" y="{_HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 {_HEIGHT / 2})">'
        f"{escape(chart.y_label)}</text>"
    )
    for number, (curve, found) in enumerate(zip(chart.curves, points, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        placed = [place(x, y) for x, y, _ in found]
        if chart.joined:
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if chart.marked:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>' for x, y in placed]
        for (x, y), (_, _, name) in zip(placed, found, strict=True):
            if name:
                parts.append(f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{escape(name)}</text>')
        key = _TOP + 10 + 18 * number
        parts.append(f'<rect x="{_WIDTH - _RIGHT + 10}" y="{key - 8}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{_WIDTH - _RIGHT + _KEY_INDENT}" y="{key + 1}">{escape(curve.name)}</text>')
    return "".join([*parts, "</svg>"])


def _known(curve: Curve) -> list[tuple[float, float, str]]:
    """The points of a curve whose coordinates are finite, each with its name."""
    names = curve.names or ("",) * len(curve.x)
    points = zip(curve.x, curve.y, names, strict=True)
    return [(x, y, name) for x, y, name in points if np.isfinite(x) and np.isfinite(y)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value of an axis: the values with a margin; shares stay within 0 and 1."""
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    floor, ceiling = (0.0, 1.0) if low >= 0 and high <= 1 else (min(low, 0.0), np.inf)
    return max(low - margin, floor), min(high + margin, ceiling)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, some five of them, within a range."""
    rough = (high - low) / _TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999) * power
    first = int(np.ceil(low / step - 1e-9))
    return [float(f"{number * step:.6g}") for number in range(first, int(np.floor(high / step + 1e-9)) + 1)]


def draw_bars(classes: Classes) -> str:
    """Average precision of each class as a bar, the worst first."""
    known = [(value, label) for value, label in zip(classes.precision, classes.labels, strict=True) if value == value]
    rows = [
        f"<tr><td>{escape(label)}</td><td class='bar'><div style='width:{100 * value:.1f}%'></div></td>"
        f"<td class='number'>{100 * value:.1f}</td></tr>"
        for value, label in sorted(known)
    ]
    return f"<table class='bars'>{''.join(rows)}</table>"


def draw_confusion(labels: Sequence[str], counts: np.ndarray) -> str:
    """Shares of each true class (rows) that were taken for each class (columns) as a table; a cell's title has the
    count ``(A, A)``.
    """
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    head = "".join(f"<th class='turned'><span>{escape(label)}</span></th>" for label in labels)
    rows = []
    for row, label in enumerate(labels):
        if not counts[row].sum():
            continue
        cells = []
        for column, share in enumerate(shares[row]):
            colour = "31,111,139" if row == column else "209,73,91"
            title = f"{label} taken for {labels[column]}: {counts[row, column]}"
            text = f"{100 * share:.0f}" if share >= 0.005 else ""
            pale = ";color:#fff" if share >= _PALE_TEXT_FROM else ""
            style = f"background:rgba({colour},{share:.2f}){pale}"
            cells.append(f"<td style='{style}' title='{escape(title)}'>{text}</td>")
        rows.append(f"<tr><th>{escape(label)}</th>{''.join(cells)}</tr>")
    kind = "confusion few" if len(labels) <= _FEW else "confusion"
    return f"<div class='wide'><table class='{kind}'><tr><td></td>{head}</tr>{''.join(rows)}</table></div>"
