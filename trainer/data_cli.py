"""``edgeact data``: look at recordings before they are trained on.

`edgeact --help` imports this file to list the command: what takes seconds to import is imported when it is used.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trainer.console import print_rows, show_progress

if TYPE_CHECKING:
    from trainer.data.class_check import FolderCheck

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def data() -> None:
    """Look at recordings before they are trained on."""


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(help="a sub-folder for each class, or train, validation and test with these")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="where sheet.jpg and check.json go")
    ] = None,
) -> None:
    """Find files that cannot be read, faulty labels, duplicates across labels, splits and sources, and rare classes.

    Ends with exit code 3 where something should be put right.
    """
    from trainer.extras import require_extras

    require_extras("edgeact data check", ["train"])

    from edgeact.errors import PARTIAL_EXIT_CODE
    from edgeact.plain_text import printable
    from trainer.data.class_check import check_folder, class_counts

    found = check_folder(folder, progress=show_progress)
    rows = [
        (label, str(clips), str(sources), f"{seconds:.0f}")
        for label, (clips, sources, seconds) in class_counts(found.clips).items()
    ]
    print_rows(f"{len(found.clips)} clips can be read", ("class", "clips", "sources", "seconds"), rows)
    kinds = (
        ("cannot be read", found.unreadable),
        ("duplicate", found.duplicates),
        ("label", found.labels),
        ("remark", found.remarks),
    )
    for kind, lines in kinds:
        for line in lines:
            typer.echo(printable(f"{kind}: {line}"))
    if out is not None:
        _write(out, found, rows)
    typer.echo(f"{found.faults} to put right" if found.faults else "nothing to put right")
    if found.faults:
        raise typer.Exit(PARTIAL_EXIT_CODE)


def _write(out: Path, found: "FolderCheck", rows: Sequence[Sequence[str]]) -> None:
    import json

    import cv2

    from edgeact.atomic import prepare_partial, publish
    from trainer.data.class_check import draw_sheet

    out.mkdir(parents=True, exist_ok=True)
    figures = {
        "classes": [
            {"class": row[0], "clips": int(row[1]), "sources": int(row[2]), "seconds": int(row[3])} for row in rows
        ],
        "unreadable": found.unreadable,
        "duplicates": found.duplicates,
        "labels": found.labels,
        "remarks": found.remarks,
    }
    path = out / "check.json"
    prepare_partial(path).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    publish(path)
    if found.clips:
        path = out / "sheet.jpg"
        _, content = cv2.imencode(".jpg", cv2.cvtColor(draw_sheet(found.clips), cv2.COLOR_RGB2BGR))
        prepare_partial(path).write_bytes(content.tobytes())
        publish(path)
        typer.echo(f"{path}: look at it; a wrong label is seen at once")
