"""The evaluation's report: one HTML file with its pictures in it, which loads nothing and runs no script."""

import base64
import json
from html import escape
from pathlib import Path

import cv2
import numpy as np

from edgeact.atomic import write_text
from trainer.evaluate.report.charts import draw_bars, draw_chart, draw_confusion
from trainer.evaluate.report.figure_names import meanings
from trainer.evaluate.report.findings import Figure, Findings, Shown, as_record

JSON_FILE, PAGE_FILE = "evaluation.json", "evaluation.html"
_JPEG_QUALITY = 82
_TALL = 180  # pixels of a picture on the page
_NOT_COMPARABLE = (
    "A paper's figure in grey is of other data or of another protocol than the figure beside it, as the last column "
    "says: it tells where the paper stands, and the difference of the two says nothing."
)
_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def write_page(findings: Findings, out: Path) -> Path:
    """Write ``evaluation.json`` and ``evaluation.html`` into a folder, which is created.

    Returns:
        The page.

    Raises:
        OutputError: The folder cannot be written to.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / JSON_FILE, json.dumps(as_record(findings), indent=1, allow_nan=False) + "\n")
    write_text(out / PAGE_FILE, render_page(findings))
    return out / PAGE_FILE


def render_page(findings: Findings) -> str:
    """Render the findings as one HTML page."""
    facts = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in findings.facts)
    parts = [f"<h1>{escape(findings.title)}</h1><table class='facts'>{facts}</table>", _figures(findings.figures)]
    for chart in findings.charts:
        parts.append(_section(chart.title, draw_chart(chart)))
    for classes in findings.classes:
        parts.append(_section(f"Average precision by class: {classes.of}", draw_bars(classes)))
        if classes.confusion is not None:
            matrix = draw_confusion(classes.labels, classes.confusion)
            parts.append(_section(f"Taken for what, percent of each true class: {classes.of}", matrix))
    for mistakes in findings.worst:
        note = f"<p>{escape(mistakes.note)}</p>" if mistakes.note else ""
        parts.append(_section(mistakes.title, note + _pictures(mistakes.pictures)))
    if findings.strips:
        strips = "".join(
            f"<div><h3>{escape(strip.title)}</h3>{_pictures(strip.pictures)}</div>" for strip in findings.strips
        )
        parts.append(_section("Where it looked", f"<div class='strips'>{strips}</div>"))
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{escape(findings.title)}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _figures(figures: tuple[Figure, ...]) -> str:
    """A table, with the columns of the paper where a figure has one of a paper beside it, and what the figures say."""
    beside = any(figure.paper is not None for figure in figures)
    names = ("of", "figure", "paper", "measured here", "the paper's data and network")
    shown = names if beside else ("of", "figure", "measured here")
    head = "".join(f"<th>{name}</th>" for name in shown)
    before = [None, *(figure.of for figure in figures)]
    rows = "".join(
        _row(one, beside=beside, is_first=one.of != last) for one, last in zip(figures, before, strict=False)
    )
    apart = f"<p>{_NOT_COMPARABLE}</p>" if any(not figure.comparable for figure in figures) else ""
    said = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in meanings(figure.name for figure in figures)
    )
    said = f"<dl>{said}</dl>" if said else ""
    return _section("Figures", f"{apart}<table class='figures'><tr>{head}</tr>{rows}</table>{said}")


def _row(figure: Figure, *, beside: bool, is_first: bool) -> str:
    """A row; what a figure is of stands in the first row of several that are of the same."""
    measured = f"<td class='number'>{_value(figure.measured, figure.unit)}</td>"
    cells = f"<td>{escape(figure.of) if is_first else ''}</td><td>{escape(figure.name)}</td>"
    kind = " class='first'" if is_first else ""
    if not beside:
        return f"<tr{kind}>{cells}{measured}</tr>"
    grade = "number" if figure.comparable else "number apart"
    paper = f"<td class='{grade}'>{_value(figure.paper, figure.unit)}</td>"
    source = figure.paper_of if figure.comparable else f"not comparable: {figure.paper_of}"
    return f"<tr{kind}>{cells}{paper}{measured}<td class='source'>{escape(source)}</td></tr>"


def _value(value: float | None, unit: str) -> str:
    if value is None or value != value:
        return "–"
    return f"{100 * value:.2f} %" if unit == "%" else f"{value:.4g} {escape(unit)}".strip()


def _pictures(pictures: tuple[Shown, ...]) -> str:
    figures = "".join(
        f"<figure style='width:{_width(shown)}px'><img alt='' src='data:image/jpeg;base64,{_jpeg(shown)}'>"
        f"<figcaption>{escape(shown.caption)}</figcaption></figure>"
        for shown in pictures
    )
    return f"<div class='pictures'>{figures}</div>"


def _width(shown: Shown) -> int:
    """Of a picture on the page: all pictures are about as tall, and none is too narrow for its caption."""
    height, width = shown.image.shape[:2]
    return int(np.clip(round(_TALL * width / height), 2 * _TALL / 3, 2 * _TALL))


def _jpeg(shown: Shown) -> str:
    image = cv2.cvtColor(shown.image, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return base64.b64encode(content.tobytes()).decode("ascii")
