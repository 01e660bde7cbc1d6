"""``edgeact deploy``: make bundles.

`edgeact --help` imports this file to list the command: what takes seconds to import (torch) is imported when it is
used.
"""

from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer

from deploy.export_command import export

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def deploy() -> None:
    """Make bundles of trained networks."""


app.command()(export)


@app.command()
def check(bundle: Annotated[Path, typer.Argument(help="a bundle's folder, or the name of one that ships")]) -> None:
    """Say which operators of a bundle's graphs TensorRT would not take; needs no GPU."""
    from trainer.extras import require_extras

    require_extras("edgeact deploy check", ["export"])

    from deploy.convertible import check_bundle
    from edgeact.bundle.load import load_bundle

    for graph in check_bundle(load_bundle(bundle)):
        outside = ", ".join(f"{name} ×{count}" for name, count in graph.outside.items())
        typer.echo(f"{graph.graph}: {graph.operators} operators, {f'not taken: {outside}' if outside else 'all taken'}")


@app.command("add-lifter")
def add_lifter(
    bundle: Annotated[Path, typer.Argument(help="a bundle's folder, or the name of one that ships")],
    network: Annotated[Path, typer.Option(metavar="FILE", help="checkpoint of `edgeact train --stage lifter`")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="folder of the new bundle")],
    version: Annotated[
        str | None, typer.Option(metavar="X.Y.Z", help="version of the new bundle", show_default="as it was")
    ] = None,
) -> None:
    """Write a bundle again with a lifter, so that it gives joints in 3D; its other graphs stay as they are."""
    from trainer.extras import require_extras

    require_extras("edgeact deploy add-lifter", ["train", "export"])

    from deploy.lifter_graph import add_lifter as add
    from edgeact.bundle.load import load_bundle
    from trainer.data.mixes import LIFTER_SOURCES
    from trainer.fit_lifter import load_lifter

    made = add(load_bundle(bundle), load_lifter(network), out, said={"data": list(LIFTER_SOURCES)}, version=version)
    typer.echo(f"{out}: {made.manifest.name} {made.manifest.version} with 3D joints, digest {made.digest[:12]}…")


@app.command()
def reproduce(
    recipe: Annotated[
        Path | None, typer.Argument(help="a recipe in TOML; without it that of the default bundle", show_default=False)
    ] = None,
    data: Annotated[Path, typer.Option(help="folder of the data sets")] = Path("data"),
    teachers: Annotated[Path, typer.Option(help="folder of the teacher networks")] = Path("teachers"),
    work: Annotated[
        Path, typer.Option(help="folder for everything made on the way; a stopped run goes on from there")
    ] = Path("edgeact-work"),
    snapshots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="folder of whole data sets, for stanford40")
    ] = None,
    out: Annotated[Path, typer.Option(help="the bundle's folder; replaced when the new one is whole")] = Path("bundle"),
    frames_of: Annotated[
        Path | None,
        typer.Option(
            metavar="BUNDLE",
            help="keep the detector, pose network and lifter of this bundle, which the same recipe made, and make only "
            "the actions again (about an hour)",
        ),
    ] = None,
    actions_of: Annotated[
        Path | None,
        typer.Option(
            metavar="BUNDLE",
            help="keep the action network and lifter of this bundle, which the same recipe made, and make only "
            "detector and pose network again (some hours)",
        ),
    ] = None,
    persons_of: Annotated[
        Path | None,
        typer.Option(
            metavar="BUNDLE",
            help="keep the pose network, action network and lifter of this bundle, which the same recipe made, and "
            "make only the detector again (two hours)",
        ),
    ] = None,
) -> None:
    """Follow a recipe from the raw data sets to a measured bundle with its model card (some hours on two cores)."""
    from edgeact.errors import UsageError
    from trainer.extras import require_extras

    if sum(kept is not None for kept in (frames_of, actions_of, persons_of)) > 1:
        raise UsageError("--frames-of, --actions-of and --persons-of keep different networks; give one of them")
    require_extras("edgeact deploy reproduce", ["train", "label", "export"])

    from deploy.renew_actions import renew_actions
    from deploy.renew_detector import renew_detector
    from deploy.renew_frames import renew_frames
    from deploy.reproduce import reproduce as follow
    from edgeact.bundle.load import load_bundle
    from trainer.folders import Folders
    from trainer.recipe import load_recipe

    created = datetime.now(timezone.utc).date().isoformat()
    folders = Folders(data=data, teachers=teachers, work=work, snapshots=snapshots)
    read = load_recipe(recipe)
    if frames_of is not None:
        bundle = renew_actions(read, folders, load_bundle(frames_of), out, created=created)
    elif actions_of is not None:
        bundle = renew_frames(read, folders, load_bundle(actions_of), out, created=created)
    elif persons_of is not None:
        bundle = renew_detector(read, folders, load_bundle(persons_of), out, created=created)
    else:
        bundle = follow(read, folders, out, created=created)
    typer.echo(
        f"{out}: {bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}…; see "
        f"{out / 'MODEL_CARD.md'}"
    )
