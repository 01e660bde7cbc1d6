"""``edgeact train``: the verbs of `trainer.cli`, and those that end in a bundle.

`edgeact --help` imports this file to list the command: what takes seconds to import (torch) is imported when it is
used.
"""

from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer

from trainer.cli import DataOption, app
from trainer.cli_options import TeachersOption, TensorboardOption
from trainer.console import print_rows, show_progress

__all__ = ["app"]


@app.command("classes")
def train_classes(
    classes: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="with a sub-folder of clips or images for each class, corrections of the window, or exports of CVAT "
            "or COCO",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="the bundle's folder; an older bundle is replaced")
    ],
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="whose networks find people, and whose clip network is the start",
            show_default="compact",
        ),
    ] = None,
    people: Annotated[
        int,
        typer.Option(
            min=1, max=20, metavar="N", help="people of a clip who do what its class says, the most prominent first"
        ),
    ] = 1,
    mirror: Annotated[
        bool, typer.Option(help="a mirrored movement is of the same class; not where left and right differ")
    ] = True,
    keep_actions: Annotated[
        bool,
        typer.Option(
            "--keep-actions", help="keep the bundle's own actions: FOLDER puts them right, or adds actions to them"
        ),
    ] = False,
    right: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="with --keep-actions: a video or a folder of videos of which the bundle is right, such as others of "
            "the same cameras; its answers there are kept",
        ),
    ] = None,
    scene: Annotated[
        Path | None,
        typer.Option(
            metavar="WEIGHTS",
            help="the classes are of the whole picture: adds a head on the features of EfficientNet-Lite0 with these "
            "published weights, and leaves persons to the bundle",
        ),
    ] = None,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help="start from random weights")] = False,
    folds: Annotated[int, typer.Option(min=2, max=50, metavar="N", help="hold sources out in N groups")] = 5,
    attribute: Annotated[
        str, typer.Option(metavar="NAME", help="of labelled people in exports of CVAT or COCO: says what they do")
    ] = "action",
    steps: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="steps of each training", show_default="the recipe's"),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a changed copy of classes.toml", show_default="the one that ships"),
    ] = None,
    work: Annotated[
        Path, typer.Option(metavar="DIR", help="what is kept on the way; a stopped training goes on from there")
    ] = Path("edgeact-work"),
    tensorboard: TensorboardOption = None,
) -> None:
    """Train a bundle on your own recordings: `edgeact train --classes FOLDER --out DIR`.

    FOLDER has a sub-folder for each class, and best one called "other" with what people do besides. Clips of one
    person or session lie in a sub-folder of the class, or share a name but for its last number (anna_1.mp4,
    anna_2.mp4): such a source is trained on or measured with, never both.

    FOLDER may also be what the window exports ("Export corrections for training"), or hold exports of CVAT ("CVAT for
    video 1.1", "CVAT for images 1.1") or COCO beside the videos that were labelled.
    """
    from edgeact.errors import UsageError
    from trainer.extras import require_extras

    if right is not None and not keep_actions:
        raise UsageError("--right says where the bundle's actions are right; it needs --keep-actions")
    if scene is not None and (keep_actions or from_scratch):
        raise UsageError(
            "--scene keeps all that the bundle says of persons; leave out --keep-actions and --from-scratch"
        )
    if from_scratch and keep_actions:
        raise UsageError("--keep-actions starts from the bundle's network, --from-scratch from none; give one of them")
    require_extras("edgeact train --classes", ["train", "export"])

    from deploy.class_bundle import ClassTraining, train_class_bundle
    from deploy.scene_bundle import train_scene_bundle
    from edgeact.bundle.load import load_bundle
    from trainer.classes_recipe import load_classes_recipe
    from trainer.evaluate.classes import class_rows
    from trainer.event_files import write_events_to
    from trainer.stages import use_one_thread

    use_one_thread()
    asked = ClassTraining(
        folder=classes,
        base=load_bundle(bundle),
        work=work / "classes",
        people=people,
        mirror=mirror,
        from_scratch=from_scratch,
        steps=steps,
        folds=folds,
        attribute=attribute,
        keeps_actions=keep_actions,
        right=right,
        recipe=load_classes_recipe(recipe),
    )
    created = datetime.now(timezone.utc).date().isoformat()
    with write_events_to(tensorboard):
        if scene is None:
            made, report = train_class_bundle(asked, out, created=created, say=_say, progress=show_progress)
            count = len(made.plan.labels) - 1
        else:
            made, report = train_scene_bundle(asked, scene, out, created=created, say=_say, progress=show_progress)
            count = len(made.plan.scene_heads[0].labels)
    print_rows(f"right of the clips of held-out sources: {report.accuracy:.1%}", *class_rows(report))
    for line in report.worst:
        _say(f"mistaken: {line}")
    typer.echo(
        f"{out}: {count} classes, {report.accuracy:.1%} right on held-out sources (see "
        f"{out / 'MODEL_CARD.md'}); try it: edgeact annotate CLIP --bundle {out} --out results"
    )


@app.command()
def paper(
    recipe: Annotated[
        Path, typer.Argument(help="a recipe in TOML, or the name of one that ships, such as loss_guided_small")
    ],
    data: DataOption = Path("data"),
    work: Annotated[
        Path, typer.Option(help="folder for checkpoints and results; a stopped training goes on from there")
    ] = Path("edgeact-work"),
    weights: Annotated[
        Path | None, typer.Option(metavar="FILE", help="published weights, where the recipe starts from such")
    ] = None,
    teachers: TeachersOption = Path("teachers"),
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="the bundle's folder", show_default="bundle, beside the checkpoint"
        ),
    ] = None,
    tensorboard: TensorboardOption = None,
) -> None:
    """Train the network of one of the five papers, measure the network on held-out data, and make a bundle of it.

    Recipes with the papers' numbers are body_part_aware (A), loss_guided (B), gated3d (C), attentional_pooling (D) and
    pose_action_pyramid (E); those whose name ends in _small are for two cores.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train paper", ["train", "export"])

    from deploy.paper_bundle import export_paper
    from trainer.event_files import write_events_to
    from trainer.fit_paper import train_paper
    from trainer.paper_recipe import load_paper_recipe
    from trainer.parallel import join_processes

    chosen = load_paper_recipe(recipe)
    with write_events_to(tensorboard):
        result = train_paper(chosen, data, work, weights=weights, teachers=teachers)
    if not join_processes().is_first:
        return
    bundle = out or work / chosen.name / "bundle"
    export_paper(chosen, work / chosen.name, bundle)
    typer.echo(
        f"{work / chosen.name}: {result['top1']:.1%} right, mAP {result['mAP']:.1%} of {result['samples']} samples of "
        f"{result['actions']} actions ({result['split']}; {result['how']}); try it: edgeact annotate CLIP --bundle "
        f"{bundle} --out results"
    )


@app.command()
def compress(
    what: Annotated[
        str,
        typer.Argument(metavar="RECIPE|action", help="a paper's recipe, or action: the default bundle's clip network"),
    ],
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    work: Annotated[
        Path, typer.Option(help="where the trained network lies; a stopped compression goes on from there")
    ] = Path("edgeact-work"),
    share: Annotated[
        float | None,
        typer.Option(min=0.05, max=0.95, help="of the multiplications, that stays", show_default="the recipe's"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="the narrower bundle's folder", show_default="in WORK"),
    ] = None,
) -> None:
    """Remove channels of a trained network for good, and show what that saves and costs.

    The network of a recipe must have been trained by `edgeact train paper RECIPE`; action continues what `edgeact
    deploy reproduce` has trained. It is trained on with a penalty that leaves the work to few channels, loses those
    that are worth least, and learns from the network that it came from.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train compress", ["train", "export"])

    from deploy.compressed import compress_action, compress_paper, size_rows
    from trainer.folders import Folders
    from trainer.paper_recipe import load_paper_recipe
    from trainer.stages import use_one_thread

    use_one_thread()
    created = datetime.now(timezone.utc).date().isoformat()
    if what == "action":
        folders = Folders(data=data, teachers=teachers, work=work)
        made = compress_action(folders, out or work / "compact" / "narrow" / "bundle", share=share, created=created)
    else:
        made = compress_paper(load_paper_recipe(Path(what)), data, work, out, share=share)
    print_rows("scores", *made.score_rows)
    print_rows("graphs, each timed in turns with its narrower one", *size_rows(made.sizes))
    typer.echo(f"{made.bundle}: try it: edgeact annotate CLIP --bundle {made.bundle} --out results")


@app.command()
def exits(
    recipe: Annotated[Path, typer.Argument(help="a recipe of paper E, trained by `edgeact train paper`")],
    budget: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="MS", help="milliseconds of a frame on this machine", show_default="no limit"),
    ] = None,
    data: DataOption = Path("data"),
    work: Annotated[Path, typer.Option(help="where the trained network lies")] = Path("edgeact-work"),
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="the bundle of the exit that is taken", show_default="in WORK"),
    ] = None,
) -> None:
    """Measure every exit of a network of paper E, and make a bundle of the best one that a budget of time has room for.

    All exits are trained at once: the loss is the sum over all blocks. Their speed–accuracy curve is written as a page
    into the folder `exits` beside the network.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train exits", ["train", "export"])

    from deploy.compressed import exit_rows, export_exits
    from trainer.compress.exits import exit_findings, exit_name
    from trainer.evaluate.report.page import write_page
    from trainer.paper_recipe import load_paper_recipe
    from trainer.stages import use_one_thread

    use_one_thread()
    chosen = load_paper_recipe(recipe)
    bundle = out or work / chosen.name / "exit_bundle"
    figures, taken = export_exits(chosen, data, work, bundle, milliseconds=budget)
    print_rows(f"exits of {chosen.name}", *exit_rows(figures))
    created = datetime.now(timezone.utc).date().isoformat()
    page = write_page(exit_findings(figures, chosen.name, created), work / chosen.name / "exits")
    typer.echo(f"{page}: open it in a browser")
    typer.echo(f"{bundle}: cut at {exit_name(taken.exit_at)}, {taken.milliseconds:.2f} ms a frame")


@app.command()
def everyday(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Stanford 40 in its official layout")],
    weights: Annotated[
        Path, typer.Option(metavar="FILE", help="of EfficientNet-Lite2, from the package that the docs name")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="the bundle's folder")],
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a changed copy of everyday.toml", show_default="the one that ships"),
    ] = None,
    work: Annotated[Path, typer.Option(metavar="DIR", help="what is kept on the way, some four gigabytes")] = Path(
        "edgeact-work/everyday"
    ),
    mirrored: Annotated[
        bool,
        typer.Option(
            "--mirrored",
            help="judge each picture by the mean of itself and its mirror image in any case: twice the time",
        ),
    ] = False,
    tensorboard: TensorboardOption = None,
) -> None:
    """Make the bundle of forty everyday actions of single pictures, and measure it on the official test photos.

    The first blocks of an EfficientNet-Lite2 see each photo as a whole and the person who acts, once; its last blocks
    and a pooling of their maps are trained for each. The recipe says how. It takes an hour of one core, and goes on
    after a stop.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train everyday", ["train", "export"])

    from deploy.everyday_bundle import export_everyday
    from trainer.event_files import write_events_to
    from trainer.everyday_recipe import load_everyday_recipe
    from trainer.fit_everyday import fit_everyday
    from trainer.stages import use_one_thread

    use_one_thread()
    settings = load_everyday_recipe(recipe)
    if mirrored:
        settings = settings.model_copy(update={"mirrored": True})
    with write_events_to(tensorboard):
        trained = fit_everyday(data, weights, work, settings, progress=show_progress)
    said = ", ".join(f"{scope} mAP {figures['mAP']:.2%}" for scope, figures in trained.figures.items())
    typer.echo(said)
    export_everyday(trained, settings, out, created=datetime.now(timezone.utc).date().isoformat())
    typer.echo(f"{out}: try it: edgeact annotate CLIP --bundle {out} --out results")


def _say(text: str) -> None:
    from edgeact.plain_text import printable

    typer.echo(printable(text), err=True)
