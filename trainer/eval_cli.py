"""``edgeact eval``: measure bundles on a held-out data set, as JSON and as a page.

`edgeact --help` imports this file: what takes seconds to import is imported when it is used.
"""

from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trainer.console import print_rows, show_progress

if TYPE_CHECKING:
    from trainer.evaluate.report.findings import Figure

app = typer.Typer(add_completion=False)


class DataSet(str, Enum):
    """Data sets that bundles are measured on."""

    STANFORD40 = "stanford40"
    VCOCO = "vcoco"
    UT_INTERACTION = "ut_interaction"
    UCF101 = "ucf101"
    HMDB51 = "hmdb51"
    JHMDB = "jhmdb"
    PENN_ACTION = "penn_action"
    NTU = "ntu"
    SURVEILLANCE_FIGHTS = "surveillance_fights"
    LSPET = "lspet"
    MPII = "mpii"
    COCO = "coco"


@app.command()
def evaluate(
    bundles: Annotated[
        list[Path], typer.Argument(metavar="BUNDLE...", help="folders of bundles, or names of those that ship")
    ],
    data_set: Annotated[DataSet, typer.Option("--set", help="what to measure on")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="the data set's own folder, in its official layout")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="where evaluation.html and evaluation.json go")
    ] = Path("evaluation"),
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="at most N samples, evenly over all", show_default="all")
    ] = None,
) -> None:
    """Measure bundles on a data set's held-out part: the paper's table, classes, curves, mistakes, attention.

    Actions of pictures on stanford40 and vcoco (with coco beside it); joints on lspet, mpii and coco, with the people
    whose joints each bundle finds farthest off; actions of clips on the others. Every graph is called as the runtime
    calls it, in the box of the labels where it judges one person of a picture. Over clips a bundle is run as annotate
    runs it, unless it judges clips of whole frames.
    """
    from trainer.extras import require_extras

    require_extras("edgeact eval", ["train"])

    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.evaluation import Asked, evaluate_bundles
    from trainer.evaluate.report.page import write_page

    created = datetime.now(timezone.utc).date().isoformat()
    asked = Asked(data_set.value, data, limit, out / "people", created)
    findings = evaluate_bundles([load_bundle(bundle) for bundle in bundles], asked, progress=show_progress)
    page = write_page(findings, out)
    beside = any(figure.paper is not None for figure in findings.figures)
    columns = ("of", "figure", "paper", "measured") if beside else ("of", "figure", "measured")
    rows = [(one.of, one.name, *([_paper(one)] if beside else []), _measured(one)) for one in findings.figures]
    print_rows(findings.title, columns, rows)
    if not all(figure.comparable for figure in findings.figures):
        typer.echo("* of other data or another protocol, so that the two do not compare; the page says which")
    typer.echo(f"{page}: open it in a browser")


def _paper(figure: "Figure") -> str:
    return "–" if figure.paper is None else f"{figure.paper:.2%}" + ("" if figure.comparable else " *")


def _measured(figure: "Figure") -> str:
    return f"{figure.measured:.2%}" if figure.unit == "%" else f"{figure.measured:.3g} {figure.unit}"
