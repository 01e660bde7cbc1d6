"""``edgeact train``: the networks of a recipe, one stage or all that need no bundle, and the yardstick.

`edgeact --help` imports this file to list the command: what takes seconds to import (torch) is imported when it is
used.
"""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from trainer.claims_cli import app as claims_app
from trainer.cli_options import BundleOption, DataOption, TeachersOption, TensorboardOption
from trainer.console import print_rows, show_progress
from trainer.lifting_cli import lifting, lifting_clips, lifting_comparison
from trainer.sizes_cli import detector_sizes, teacher_sizes

if TYPE_CHECKING:
    from trainer.evaluate.wild.report import Table


class Stage(str, Enum):
    """What can be done by itself."""

    DATA = "data"
    POSE = "pose"
    ACTION = "action"
    LIFTER = "lifter"


class Part(str, Enum):
    """Which wild pictures."""

    MEASURE = "measure"
    VALIDATION = "validation"


class Half(str, Enum):
    """Which known clips: tracking's limits may be chosen on one half alone."""

    CHOOSE = "choose"
    REPORT = "report"
    BOTH = "both"


class _TrainGroup(TyperGroup):
    """Verbs, and without one of them the training itself: ``edgeact train my.toml`` trains."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb first where none is named: ``classes``, which `deploy` adds, or the default."""
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            own = any(argument.partition("=")[0] == "--classes" for argument in args)
            args = ["classes" if own else _DEFAULT_VERB, *args]
        return super().parse_args(ctx, args)


_DEFAULT_VERB = "networks"

app = typer.Typer(add_completion=False, cls=_TrainGroup)

SnapshotsOption = Annotated[Path | None, typer.Option(metavar="DIR", help="folder of whole data sets, for stanford40")]


@app.callback()
def train() -> None:
    """Train the networks of a recipe (data, pose, action, lifter), or measure a bundle on other people's pictures.

    `edgeact train --classes FOLDER --out DIR` makes a bundle of your own actions (see `edgeact train classes --help`).
    Without a verb it trains: `edgeact train recipe.toml --stage pose` is `edgeact train networks recipe.toml --stage
    pose`. `edgeact deploy reproduce` does everything in order and makes the bundle.
    """


@app.command(_DEFAULT_VERB)
def train_networks(
    recipe: Annotated[
        Path | None, typer.Argument(help="a recipe in TOML; without it that of the default bundle", show_default=False)
    ] = None,
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    work: Annotated[
        Path, typer.Option(help="folder for labels, patches and checkpoints; a stopped training goes on from there")
    ] = Path("edgeact-work"),
    snapshots: SnapshotsOption = None,
    stage: Annotated[
        list[Stage] | None, typer.Option(help="only this (may be repeated)", show_default="data, pose")
    ] = None,
    tensorboard: TensorboardOption = None,
) -> None:
    """Train networks on any machine; every stage goes on where it was stopped. The pose network trains on a GPU where
    there is one.

    The action network also learns from tracks of real video, and the lifter (3D) from the pose network's errors, for
    which detector and pose network must be exported first: `edgeact deploy reproduce` does everything in order and
    makes the bundle.
    """
    from trainer.extras import require_extras

    asked = stage or [Stage.DATA, Stage.POSE]
    stages = [name for name in Stage if name in asked]  # in the order in which one needs the other
    require_extras("edgeact train", ["train", "label"] if {Stage.DATA, Stage.LIFTER} & set(stages) else ["train"])

    from trainer.event_files import write_events_to
    from trainer.folders import Folders
    from trainer.recipe import load_recipe
    from trainer.stages import (
        check_folders,
        check_made,
        make_data,
        train_action,
        train_lifter,
        train_pose,
        use_one_thread,
    )

    chosen = load_recipe(recipe)
    folders = Folders(data=data, teachers=teachers, work=work, snapshots=snapshots)
    check_folders(folders)
    check_made([name.value for name in stages], chosen, folders)
    use_one_thread()
    with write_events_to(tensorboard):
        for name in stages:
            if name is Stage.DATA:
                make_data(folders)
            elif name is Stage.POSE:
                train_pose(chosen, folders)
            elif name is Stage.ACTION:
                train_action(chosen, folders)
            else:
                train_lifter(chosen, folders)


@app.command()
def wild(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    bundle: BundleOption = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="where tables and pictures go")] = Path(
        "wild"
    ),
    snapshots: SnapshotsOption = None,
    part: Annotated[Part, typer.Option(help="measure for tables, validation for choosing")] = Part.MEASURE,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="at most N pictures of one set")] = 400,
) -> None:
    """Measure a bundle on other people's pictures, beside published networks: detector, poses, confidence, and both
    together, from picture to joints.

    Writes wild.md, wild.json and two contact sheets of the worst people. People are measured by groups, too: who fill
    the picture, are cut off, sit, overlap others, are small, in the dark, lie, or are seen from above. The official
    test photos of stanford40 are measured where `--snapshots` holds them: stanford40/images (or JPEGImages),
    XMLAnnotations and ImageSplits.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train wild", ["train"])

    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.wild.report import tables
    from trainer.evaluate.wild.run import measure_wild

    figures = measure_wild(
        load_bundle(bundle),
        data,
        teachers,
        out,
        progress=show_progress,
        snapshots=snapshots,
        split=part.value,
        limit=limit,
    )
    for table in tables(figures):
        _print_table(table)
    typer.echo(f"{out}: wild.md, wild.json and contact sheets; {figures['bundle']}")


@app.command("empty-hours")
def empty_hours(
    data: DataOption = Path("data"),
    bundle: BundleOption = None,
    minutes: Annotated[float, typer.Option(min=0.1, metavar="N", help="of footage; more is surer and slower")] = 20.0,
    renders: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="measure mannequins too; they are kept in DIR and made where they lack"),
    ] = None,
    mannequins: Annotated[int, typer.Option(min=1, metavar="N", help="so many takes of them, of six seconds")] = 50,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="where the figures go as JSON")] = None,
) -> None:
    """Count false alarms: tracks over a second, and actions, in an hour of footage without people.

    With `--renders` also in mannequins that the studio renders: figures of people that never move, seen by a camera
    that turns and zooms. To follow them is no fault, so they have a row of their own, which the sum leaves
    out; to say that they do something is one.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train empty-hours", ["train"])

    from edgeact.atomic import write_text
    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.wild.empty_hours import empty_table, measure_empty_hours
    from trainer.evaluate.wild.report import as_json

    figures = measure_empty_hours(
        load_bundle(bundle), data, minutes=minutes, progress=show_progress, renders=renders, mannequins=mannequins
    )
    _print_table(empty_table(figures))
    for alarm in figures["alarms"]:
        typer.echo(f"{alarm['picture']}: {alarm['tracks']} tracks, events {', '.join(alarm['events']) or 'none'}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "empty_hours.json", as_json(figures))
        write_text(out / "empty_hours.md", empty_table(figures).markdown)


@app.command("bundle-sheet")
def bundle_sheet(
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE...", help="folders, in the order of the pictures")],
    clip: Annotated[Path, typer.Option(metavar="FILE", help="the video that each of them sees")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="the JPEG that is written")],
    at: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="which moment of the clip is shown")] = 2.0,
) -> None:
    """Draw one moment of a clip as several bundles see it, each with its own attention, side by side."""
    from trainer.evaluate.report.bundle_sheet import draw_bundle_sheet

    blind = draw_bundle_sheet(bundles, clip, out, at=at, progress=show_progress)
    typer.echo(f"{out}: {len(bundles)} bundles" + (f"; without a map: {', '.join(blind)}" if blind else ""))


@app.command("steadiness")
def steadiness(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="videos with people in them")],
    bundle: BundleOption = None,
) -> None:
    """Count jumps of boxes, as found and as drawn, and how many fall on frames in which the detector ran."""
    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.steadiness import measure_steadiness, steadiness_table

    loaded = load_bundle(bundle)
    _print_table(steadiness_table({clip.name: measure_steadiness(loaded, clip) for clip in clips}))


@app.command()
def clips(
    data: DataOption = Path("data"),
    bundle: BundleOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="where the figures go as JSON")] = None,
    recorded: Annotated[bool, typer.Option(help="measure recorded clips: UT-Interaction and URFD")] = True,
    renders: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="measure rendered clips too; they are kept in DIR and made where they lack"),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="other bodies, clothes, places and cameras of renders")] = 0,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="at most N rendered clips of each of six groups", show_default="all 140"),
    ] = None,
) -> None:
    """Run the whole runtime over labelled clips: which actions it calls, how much of the time and how soon.

    With `--renders` also over clips of three seconds that the studio renders: people on the floor (lying, sitting,
    fallen, doing push-ups: are they followed?), push-ups (are they called?), actions of ours, and motions that are none
    of ours (is nothing called?), on many bodies, from eye level, from high up and from above. Each row has its mark.
    The same seed gives the same clips. A first try, and everything rendered, without the recorded clips:

    edgeact train clips --data DATA --renders work/renders --no-recorded --limit 3

    edgeact train clips --data DATA --renders work/renders --no-recorded --out figures
    """
    from trainer.extras import require_extras

    require_extras("edgeact train clips", ["train"])

    from edgeact.atomic import write_text
    from edgeact.bundle.load import load_bundle
    from edgeact.errors import UsageError
    from trainer.evaluate.clips import clips_table, measure_clips
    from trainer.evaluate.renders import kinds_table, measure_renders, renders_table
    from trainer.evaluate.wild.report import as_json

    if not recorded and renders is None:
        raise UsageError("--no-recorded leaves nothing to measure; add --renders DIR")
    loaded, figures, tables = load_bundle(bundle), {}, []
    if recorded:
        figures = measure_clips(loaded, data, progress=show_progress)
        tables.append(clips_table(figures))
    if renders is not None:
        rendered = measure_renders(loaded, data, renders, seed=seed, limit=limit, progress=show_progress)
        figures["renders"] = rendered
        tables += [renders_table(rendered), kinds_table(rendered)]
    for table in tables:
        _print_table(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "clips.json", as_json(figures))
        write_text(out / "clips.md", "\n".join(table.markdown for table in tables))


@app.command()
def posture(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="what edgeact annotate wrote of DATA/urfd_clips/*-cam0.mp4")
    ],
    data: DataOption = Path("data"),
    bundle: BundleOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="where the tables go")] = None,
) -> None:
    """Who lies, beside the official frame labels of UR Fall: precision and recall by frame, delay of the rule "down".

    edgeact annotate DATA/urfd_clips/*-cam0.mp4 --no-video --every 3 --out work/urfd

    edgeact train posture work/urfd --data DATA
    """
    from edgeact.atomic import write_text
    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.posture import measure_posture, posture_tables

    confidence = load_bundle(bundle).plan.joint_confidence
    outcomes = measure_posture(data / "urfd_clips", results, confidence=confidence, progress=show_progress)
    tables = posture_tables(outcomes)
    for table in tables:
        _print_table(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "posture.md", "\n".join(table.markdown for table in tables))


@app.command()
def privacy(
    data: DataOption = Path("data"),
    bundle: BundleOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="where the table goes")] = None,
) -> None:
    """Measure who stays visible where `edgeact run` hides heads or persons, on other people's pictures with joints.

    edgeact train privacy --data DATA --bundle compact
    """
    from edgeact.atomic import write_text
    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.privacy import measure_privacy, privacy_table

    table = privacy_table(measure_privacy(load_bundle(bundle), data, progress=show_progress))
    _print_table(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "privacy.md", table.markdown)


app.add_typer(claims_app, name="claim")
app.command()(lifting)
app.command("lifting-comparison")(lifting_comparison)
app.command("lifting-clips")(lifting_clips)
app.command("teacher-sizes")(teacher_sizes)
app.command("detector-sizes")(detector_sizes)


@app.command()
def tracking(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    bundle: BundleOption = None,
    work: Annotated[Path, typer.Option(metavar="DIR", help="where clips, labels and boxes are kept")] = Path(
        "tracking"
    ),
    half: Annotated[Half, typer.Option(help="choose to choose limits on, report for tables")] = Half.BOTH,
    per_script: Annotated[int, typer.Option(min=1, max=16, metavar="N", help="studio clips of each kind")] = 4,
) -> None:
    """Count how well identities are kept, beside ByteTrack on the same boxes, on clips whose people are known.

    Prints the figures as JSON, and tables on the error stream. The studio's clips are rendered first, which takes
    minutes; UT-Interaction is labelled by a teacher network.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train tracking", ["train", "tracking"])

    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.tracking.run import HALVES, known_clips, measure_tracking, tracking_tables
    from trainer.evaluate.wild.report import as_json

    chosen = None if half is Half.BOTH else HALVES.index(half.value)
    clips = known_clips(data, teachers, work, half=chosen, per_script=per_script, progress=show_progress)
    figures = measure_tracking(load_bundle(bundle), clips, kept=work / "boxes", progress=show_progress)
    for table in tracking_tables(figures):
        _print_table(table, on_error_stream=True)
    typer.echo(as_json(figures), nl=False)


def _print_table(table: "Table", *, on_error_stream: bool = False) -> None:
    print_rows(table.title, table.columns, table.rows, on_error_stream=on_error_stream)
