"""``edgeact train``: the networks of a recipe, one stage or all that need no bundle.

`edgeact --help` imports this file to list the command: what takes seconds to import (torch) is imported when it is
used.
"""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Stage(str, Enum):
    """What can be done by itself."""

    DATA = "data"
    DETECTOR = "detector"
    POSE = "pose"
    ACTION = "action"


app = typer.Typer(add_completion=False)


@app.command()
def train(
    recipe: Annotated[
        Path | None, typer.Argument(help="a recipe in TOML; without it that of the default bundle", show_default=False)
    ] = None,
    data: Annotated[Path, typer.Option(help="folder of the data sets")] = Path("data"),
    teachers: Annotated[Path, typer.Option(help="folder of the teacher networks")] = Path("teachers"),
    work: Annotated[
        Path, typer.Option(help="folder for labels, patches and checkpoints; a stopped training goes on from there")
    ] = Path("edgeact-work"),
    stage: Annotated[
        list[Stage] | None, typer.Option(help="only this (may be repeated)", show_default="data, detector, pose")
    ] = None,
) -> None:
    """Train networks on any machine; every stage goes on where it was stopped. The pose network trains on a GPU where
    there is one.

    The action network also learns from tracks of real video, for which detector and pose network must be exported
    first: `edgeact deploy reproduce` does everything in order and makes the bundle.
    """
    from trainer.extras import require_extras
    from trainer.folders import Folders
    from trainer.recipe import load_recipe

    asked = stage or [Stage.DATA, Stage.DETECTOR, Stage.POSE]
    stages = [name for name in Stage if name in asked]  # in the order in which one needs the other
    require_extras("edgeact train", ["train", "label"] if Stage.DATA in stages else ["train"])

    from trainer.stages import (
        check_folders,
        check_made,
        make_data,
        train_action,
        train_detector,
        train_pose,
        use_one_thread,
    )

    chosen = load_recipe(recipe)
    folders = Folders(data=data, teachers=teachers, work=work)
    check_folders(folders)
    check_made([name.value for name in stages], folders)
    use_one_thread()
    for name in stages:
        if name is Stage.DATA:
            make_data(chosen, folders)
        elif name is Stage.DETECTOR:
            train_detector(chosen, folders)
        elif name is Stage.POSE:
            train_pose(chosen, folders)
        else:
            train_action(chosen, folders)
