"""``edgeact train claim``: what papers C and E claim of clips, poses and joints in 3D.

`edgeact --help` imports this file to list the commands: what takes seconds to import (torch) is imported when it is
used.
"""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trainer.claims_options import (
    CLAIMS_WORK,
    EpochsOption,
    OnlyOption,
    SeedsOption,
    WorkOption,
    print_outcomes,
    refuse_unknown,
    start,
)
from trainer.cli_options import BundleOption, DataOption, TeachersOption
from trainer.console import show_progress

if TYPE_CHECKING:
    from trainer.claims.cam3d import CamOutcome
    from trainer.claims.pose_and_action import PoseAndActionOutcome
    from trainer.paper_recipe import PaperRecipe

InsideOption = Annotated[bool, typer.Option("--inside", help="measure maps without the grey beside the pictures")]
StudioTrainingOption = Annotated[
    int, typer.Option("--training", min=1, metavar="N", help="clips of each of four actions to train with")
]
StudioMeasuredOption = Annotated[
    int, typer.Option("--measured", min=1, metavar="N", help="clips of each action to measure with")
]

# Of E's actions beside its poses: with the small recipe's .1 no action is learnt in so few epochs (16.7 % of six).
_ACTION_WEIGHT = 1.0


class ActionClips(str, Enum):
    """Clips whose actions are learnt beside poses."""

    UT_INTERACTION = "ut_interaction"
    PENN_ACTION = "penn_action"


def action_from_poses(
    data: DataOption = Path("data"),
    work: WorkOption = CLAIMS_WORK,
    seeds: SeedsOption = 3,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="of each training, 64 clips each")] = 600,
) -> None:
    """E's family, from poses: Penn Action, JHMDB's three splits, NW-UCLA's view 3 and UTD-MHAD's even people."""
    start("action_from_poses")

    from trainer.claims.action_from_poses import pose_action_sets, try_action_from_poses
    from trainer.claims.pose_floor import pose_floor

    tried = try_action_from_poses(
        pose_action_sets(data), work / "action_from_poses", seeds=seeds, steps=steps, progress=show_progress
    )
    for chosen, outcome in tried:
        counts = f"{len(chosen.training)} sequences trained, {len(chosen.measured)} measured"
        typer.echo(f"{outcome.line('top-1')}; {counts}, {len(chosen.actions)} actions")
        typer.echo(f"{chosen.name}: linear floor {pose_floor(chosen):.2%}")


def cam3d(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    work: WorkOption = CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 12,
    inside: InsideOption = False,
) -> None:
    """C: Sum3DCAM points at those who act better than GradCAM, and gates help. A small network on UT-Interaction."""
    start("cam3d")

    from trainer.claims.cam3d import try_cam3d

    recipe = _small_recipe("gated3d_small", epochs)
    found = try_cam3d(recipe, data, teachers, work / "cam3d", seeds=seeds, inside=inside, progress=show_progress)
    _print_cams(found, "people")


def cam3d_fights(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    work: WorkOption = CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 12,
    inside: InsideOption = False,
) -> None:
    """C: the comparison of `cam3d` on surveillance clips; half of the clips show a fight."""
    start("cam3d_fights")

    from trainer.claims.cam3d import of_fights, try_cam3d
    from trainer.claims.studio_clips import studio_recipe

    recipe = of_fights(studio_recipe(_small_recipe("gated3d_small", epochs)))
    found = try_cam3d(recipe, data, teachers, work / "cam3d_fights", seeds=seeds, inside=inside, progress=show_progress)
    _print_cams(found, "people")


def cam3d_studio(
    data: DataOption = Path("data"),
    work: WorkOption = CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 20,
    training: StudioTrainingOption = 64,
    measured: StudioMeasuredOption = 24,
) -> None:
    """C: the comparison of `cam3d` on rendered clips of one person, with the person's exact mask as the truth."""
    start("cam3d_studio")

    from trainer.claims.cam3d import try_gates
    from trainer.claims.studio_clips import known_studio_frames, read_studio_clips, studio_recipe, studio_training

    recipe = studio_recipe(_small_recipe("gated3d_small", epochs))
    size, frames = recipe.network.size, recipe.network.frames  # type: ignore[union-attr]  # system C has both
    clips = read_studio_clips(
        data / "studio", size, work / "studio", training=training, measured=measured, progress=show_progress
    )
    known = known_studio_frames(clips, frames)
    found = try_gates(
        recipe,
        lambda seeded: studio_training(clips, seeded),
        known,
        work / f"cam3d_studio_{training}_{measured}",
        seeds=seeds,
        progress=show_progress,
    )
    _print_cams(found, "the person")


def pose_and_action(
    data: DataOption = Path("data"),
    work: WorkOption = CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 30,
    clips: Annotated[
        ActionClips, typer.Option(help="whose actions are learnt; of penn_action the frames are needed")
    ] = ActionClips.UT_INTERACTION,
    only: OnlyOption = None,
) -> None:
    """E: two tasks beat one, every block's loss the last one's, pose and appearance each alone, decoupling; exits."""
    start("pose_and_action")

    from trainer.claims.pose_and_action import VARIANTS, try_pose_and_action

    refuse_unknown(only, VARIANTS)
    recipe = _small_recipe("pose_action_pyramid_small", epochs)
    network = recipe.network.model_copy(update={"action_weight": _ACTION_WEIGHT})
    sets = recipe.data.model_copy(update={"sets": (clips.value, *recipe.data.poses)})
    recipe = recipe.model_copy(update={"network": network, "data": sets})
    # UT-Interaction's trainings lie where they lay before other clips could be named.
    place = work / ("pose_and_action" if clips is ActionClips.UT_INTERACTION else f"pose_and_action_{clips.value}")
    variants = tuple(only or VARIANTS)
    found = try_pose_and_action(recipe, data, place, variants=variants, seeds=seeds, progress=show_progress)
    _print_pose_and_action(found)


def pose_and_action_studio(
    data: DataOption = Path("data"),
    work: WorkOption = CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 8,
    training: StudioTrainingOption = 64,
    measured: StudioMeasuredOption = 24,
    only: OnlyOption = None,
) -> None:
    """E: the comparison of `pose_and_action` on rendered clips: actions and exact joints of the same people."""
    start("pose_and_action_studio")

    from trainer.claims.pose_and_action import VARIANTS, try_both_tasks
    from trainer.claims.pose_and_action_studio import person_clips, studio_both, studio_both_recipe, studio_people
    from trainer.claims.studio_clips import read_studio_clips

    refuse_unknown(only, VARIANTS)
    recipe = studio_both_recipe(_small_recipe("pose_action_pyramid_small", epochs))
    size, place = recipe.network.size, work / f"pose_and_action_studio_{training}_{measured}"
    rendered = read_studio_clips(
        data / "studio", size, work / "studio", training=training, measured=measured, progress=show_progress
    )
    clips = person_clips(rendered, size)
    people = studio_people(clips, place / "pictures", progress=show_progress)
    found = try_both_tasks(
        recipe,
        lambda seeded: studio_both(clips, people, seeded),
        [person for person in people if person.split != "train"],
        place,
        variants=tuple(only or VARIANTS),
        seeds=seeds,
        progress=show_progress,
    )
    _print_pose_and_action(found)


def pictures3d(
    data: DataOption = Path("data"),
    bundle: BundleOption = None,
    work: WorkOption = CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 7,
    training: Annotated[int, typer.Option(min=1, metavar="N", help="clips of each kind of motion to train with")] = 40,
    measured: Annotated[int, typer.Option(min=1, metavar="N", help="clips of each kind to measure with")] = 10,
) -> None:
    """E: joints in 3D from pictures, every block supervised, beside lifting. On rendered pictures of one person."""
    start("pictures3d")

    from edgeact.bundle.load import load_bundle
    from trainer.claims.pictures3d import small_recipe_3d, try_pictures3d
    from trainer.claims.studio_poses import render_studio_poses
    from trainer.evaluate.lifting import bundle_lifter

    lift = bundle_lifter(load_bundle(bundle))
    place = work / f"pictures3d_{training}_{measured}"
    poses = place / "studio_poses"
    render_studio_poses(data / "studio", poses, training=training, measured=measured, progress=show_progress)
    recipe = small_recipe_3d(_small_recipe("pose_action_pyramid_small", epochs))
    for errors in try_pictures3d(recipe, poses, place, lift, seeds=seeds, progress=show_progress):
        typer.echo(errors.line())


def _print_cams(found: "CamOutcome", whom: str) -> None:
    print_outcomes(found.accuracy, "top-1")
    for network, maps in found.maps.items():
        typer.echo(f"maps of the network {network}, {found.frames} frames:")
        print_outcomes(maps.boxes, "MaxBoxAcc")
        print_outcomes(maps.points, f"highest on {whom}")
        print_outcomes(maps.hits, "hit point")
        print_outcomes(maps.pixels, "PxAP")


def _print_pose_and_action(found: "PoseAndActionOutcome") -> None:
    print_outcomes(found.actions, "top-1")
    print_outcomes(found.joints, "PCK@.2")
    for exit_ in found.exits:
        typer.echo(f"{exit_.accuracy.line('top-1')}; {exit_.milliseconds:.1f} ms a clip")


def _small_recipe(name: str, epochs: int) -> "PaperRecipe":
    from trainer.paper_recipe import load_paper_recipe

    recipe = load_paper_recipe(Path(name))
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"epochs": epochs})})
