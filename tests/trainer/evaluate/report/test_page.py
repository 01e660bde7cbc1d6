"""The page holds everything in one file, escapes what it is given, and its JSON says the same."""

import json
import re
from pathlib import Path
from xml.etree.ElementTree import fromstring

import numpy as np

from trainer.evaluate.report.charts import draw_bars, draw_chart, draw_confusion
from trainer.evaluate.report.findings import Chart, Classes, Curve, Figure, Findings, Shown, Strip
from trainer.evaluate.report.page import render_page, write_page

NAN = float("nan")
COUNTS = np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]])
CLASSES = Classes("head", ("eat", "<run>", "never"), (0.5, 0.25, NAN), COUNTS)
CHART = Chart("PCK", "threshold", "right", (Curve("a", (0.0, 0.5), (0.1, 0.9)), Curve("b & c", (0.0,), (NAN,))))


def some_findings() -> Findings:
    picture = Shown(np.full((8, 8, 3), 200, np.uint8), "drink <b> 90 %")
    return Findings(
        "bundle on set",
        (("measured", "2026-01-31"),),
        (Figure("mAP", "head", 0.8123, paper=0.911, paper_of="paper B"), Figure("time", "head", 3.5, unit="ms")),
        (CLASSES,),
        (CHART,),
        (Strip("The surest mistakes", (picture,), "orange: <found>"),),
        (Strip("a.jpg", (picture, picture)),),
    )


def test_everything_is_in_one_file_and_escaped(tmp_path: Path) -> None:
    page = write_page(some_findings(), tmp_path / "out")
    text = page.read_text()
    assert "drink &lt;b&gt; 90 %" in text
    assert "<b>" not in text
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=['\"](?!data:)", text)
    assert text.count("data:image/jpeg;base64,") == 3
    assert "<td class='number'>91.10 %</td><td class='number'>81.23 %</td>" in text
    assert "3.5 ms" in text
    assert "<td class='number'>–</td><td class='number'>3.5 ms</td>" in text
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert found["figures"][0]["measured"] == 0.8123
    assert found["classes"][0]["precision"] == [0.5, 0.25, None]
    (worst,) = found["worst"]
    assert worst == {
        "title": "The surest mistakes",
        "pictures": [{"caption": "drink <b> 90 %"}],
        "note": "orange: <found>",
    }
    assert "<h2>The surest mistakes</h2><p>orange: &lt;found&gt;</p>" in text


def test_curves_lie_where_their_values_are() -> None:
    drawn = fromstring(draw_chart(CHART))  # noqa: S314
    (line, empty) = [part for part in drawn.iter() if part.tag.endswith("polyline")]
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in line.attrib["points"].split())
    assert x0 < x1
    assert y1 < y0  # up is more
    assert empty.attrib["points"] == ""
    points = fromstring(draw_chart(Chart("t", "x", "y", CHART.curves, joined=False, marked=True)))  # noqa: S314
    assert len([part for part in points.iter() if part.tag.endswith("circle")]) == 2
    assert not [part for part in points.iter() if part.tag.endswith("polyline")]
    assert draw_chart(Chart("t", "x", "y", ())) == ""


def test_points_may_have_names_and_one_that_is_missing_takes_its_name_along() -> None:
    curve = Curve("a", (1.0, 2.0, 3.0), (0.1, NAN, 0.3), ("1,2", "2,1", "2,2"))
    drawn = fromstring(draw_chart(Chart("t", "x", "y", (curve,), marked=True)))  # noqa: S314
    circles = [part.attrib["cx"] for part in drawn.iter() if part.tag.endswith("circle")]
    named = {part.text: part.attrib["x"] for part in drawn.iter() if part.text in curve.names}
    assert named == dict(zip(("1,2", "2,2"), circles, strict=True))


def test_a_long_name_of_a_curve_has_room_and_a_full_cell_a_pale_number() -> None:
    name = "everyday: everyday_person and everyday_scene"
    drawn = fromstring(draw_chart(Chart("t", "x", "y", (Curve(name, (1.0, 2.0), (0.1, 0.2)),))))  # noqa: S314
    (key,) = [part for part in drawn.iter() if part.text == name]
    assert float(drawn.attrib["viewBox"].split()[2]) - float(key.attrib["x"]) >= 7 * len(name)
    matrix = draw_confusion(CLASSES.labels, COUNTS)
    assert matrix.count("color:#fff") == sum(cell in matrix for cell in (">75<", ">100<"))


def test_axes_have_round_numbers() -> None:
    drawn = draw_chart(Chart("t", "x", "y", (Curve("a", (41.0, 44.0), (0.839, 0.851)),), joined=False, marked=True))
    for tick in (">41<", ">42<", ">44<", ">0.84<", ">0.85<"):
        assert tick in drawn


def test_the_worst_class_comes_first_and_those_that_do_not_occur_are_left_out() -> None:
    bars = draw_bars(CLASSES)
    assert bars.index("&lt;run&gt;") < bars.index("eat")
    assert "never" not in bars
    matrix = draw_confusion(CLASSES.labels, COUNTS)
    assert "eat taken for &lt;run&gt;: 1" in matrix
    assert ">75<" in matrix
    assert matrix.count("<tr>") == 3  # the head, and the two classes that occur


def test_the_papers_columns_are_there_where_a_paper_has_a_figure() -> None:
    figures = some_findings().figures
    assert "<th>paper</th>" in render_page(Findings("t", (), figures))
    alone = render_page(Findings("t", (), figures[1:]))
    assert "paper" not in alone
    assert "<td>time</td><td class='number'>3.5 ms</td></tr>" in alone


def test_a_papers_figure_of_other_data_is_marked() -> None:
    figure = Figure("MaxBoxAcc", "maps", 0.5, paper=0.395, paper_of="UCF24", comparable=False)
    page = render_page(Findings("t", (), (figure, figure)))
    assert page.count("<td class='number apart'>39.50 %</td>") == 2
    assert page.count(">not comparable: UCF24<") == 2
    assert "the difference of the two says nothing" in page
    assert page.count("<td>maps</td>") == 1  # not again in the row below
    assert "<dt>MaxBoxAcc</dt>" in page
    assert "says nothing" not in render_page(some_findings())


def test_an_empty_page_is_a_page() -> None:
    assert render_page(Findings("nothing", (), ())).startswith("<!DOCTYPE html>")
