"""The evaluation's report: one HTML file with its pictures in it, which loads nothing and runs no script."""

import base64
import json
from html import escape
from pathlib import Path

import cv2

from edgeact.atomic import write_text
from trainer.evaluate.report.charts import draw_bars, draw_chart, draw_confusion
from trainer.evaluate.report.findings import Figure, Findings, Shown, as_record

JSON_FILE, PAGE_FILE = "evaluation.json", "evaluation.html"
_JPEG_QUALITY = 82
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
        bars, matrix = draw_bars(classes), draw_confusion(classes)
        parts.append(_section(f"Average precision by class: {classes.of}", bars))
        parts.append(_section(f"Taken for what, percent of each true class: {classes.of}", matrix))
    for mistakes in findings.worst:
        note = f"<p>{escape(mistakes.note)}</p>" if mistakes.note else ""
        parts.append(_section(mistakes.title, note + _pictures(mistakes.pictures)))
    if findings.strips:
        strips = "".join(f"<h3>{escape(strip.title)}</h3>{_pictures(strip.pictures)}" for strip in findings.strips)
        parts.append(_section("Where it looked", strips))
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{escape(findings.title)}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _figures(figures: tuple[Figure, ...]) -> str:
    """A table, with the columns of the paper where a figure has one of a paper beside it."""
    beside = any(figure.paper is not None for figure in figures)
    rows = "".join(
        f"<tr><td>{escape(figure.of)}</td><td>{escape(figure.name)}</td>"
        + (f"<td class='number'>{_value(figure.paper, figure.unit)}</td>" if beside else "")
        + f"<td class='number'>{_value(figure.measured, figure.unit)}</td>"
        + (f"<td>{escape(figure.paper_of)}</td></tr>" if beside else "</tr>")
        for figure in figures
    )
    names = ("of", "figure", "paper", "measured here", "the paper's network and data")
    shown = names if beside else ("of", "figure", "measured here")
    head = "".join(f"<th>{name}</th>" for name in shown)
    return _section("Figures", f"<table class='figures'><tr>{head}</tr>{rows}</table>")


def _value(value: float | None, unit: str) -> str:
    if value is None or value != value:
        return "–"
    return f"{100 * value:.2f} %" if unit == "%" else f"{value:.4g} {escape(unit)}".strip()


def _pictures(pictures: tuple[Shown, ...]) -> str:
    figures = "".join(
        f"<figure><img alt='' src='data:image/jpeg;base64,{_jpeg(shown)}'><figcaption>{escape(shown.caption)}"
        "</figcaption></figure>"
        for shown in pictures
    )
    return f"<div class='pictures'>{figures}</div>"


def _jpeg(shown: Shown) -> str:
    image = cv2.cvtColor(shown.image, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return base64.b64encode(content.tobytes()).decode("ascii")
