"""``edgeact train claim``: claims of the papers, tried in a reduced setting, one command each.

`edgeact --help` imports this file to list the commands: what takes seconds to import (torch) is imported when it is
used.
"""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trainer.cli_options import BundleOption, DataOption, TeachersOption
from trainer.console import show_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trainer.claims.cam3d import CamOutcome
    from trainer.claims.outcome import Outcome
    from trainer.claims.tuned_blocks import TunedVariant
    from trainer.claims.tuned_photos import TunedPhotos
    from trainer.models.efficientnet_lite import EfficientNetLite
    from trainer.paper_recipe import PaperRecipe

app = typer.Typer(add_completion=False, no_args_is_help=True)

StanfordOption = Annotated[Path, typer.Option("--data", metavar="DIR", help="Stanford 40 in its official layout")]
LiteOption = Annotated[Path, typer.Option("--weights", metavar="FILE", help="of the backbone, from its package")]
MapsOption = Annotated[
    Path, typer.Option("--work", metavar="DIR", help="where the maps are kept, some three gigabytes")
]
SeedsOption = Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="trainings of each variant")]
EpochsOption = Annotated[int, typer.Option("--epochs", min=1, metavar="N", help="of each training")]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="NAME", help="a variant to train; may be given several times")
]
InsideOption = Annotated[bool, typer.Option("--inside", help="measure maps without the grey beside the pictures")]

SmallLiteOption = Annotated[
    Path, typer.Option("--weights", metavar="FILE", help="of EfficientNet-Lite0, from its package")
]
WorkOption = Annotated[
    Path,
    typer.Option(
        "--work", metavar="DIR", help="where maps and checkpoints are kept; a stopped training goes on from there"
    ),
]
PhotosOption = Annotated[
    int,
    typer.Option(
        "--photos",
        min=1,
        max=100,
        metavar="N",
        help="of each action to train with; as many measure, and with 100 all official test photos",
    ),
]
ActionsOption = Annotated[int, typer.Option("--actions", min=2, max=40, metavar="N", help="of the forty, evenly taken")]

_CLAIMS_WORK = Path("edgeact-work/claims")
# Of E's actions beside its poses: with the small recipe's .1 no action is learnt in so few epochs (16.7 % of six).
_ACTION_WEIGHT = 1.0
_BLOCKS = 14  # of an EfficientNet-Lite0's sixteen, that do not learn
_EVERYDAY_WORK = Path("edgeact-work/everyday")


class Lite(str, Enum):
    """Backbones with published weights."""

    LITE0 = "efficientnet_lite0"
    LITE1 = "efficientnet_lite1"
    LITE2 = "efficientnet_lite2"


class ActionClips(str, Enum):
    """Clips whose actions are learnt beside poses."""

    UT_INTERACTION = "ut_interaction"
    PENN_ACTION = "penn_action"


@app.callback()
def claim() -> None:
    """Try a claim of the papers in a reduced setting, every variant with several seeds; docs/claims.md has outcomes."""


@app.command()
def pooling(
    data: StanfordOption,
    weights: LiteOption,
    work: MapsOption = _EVERYDAY_WORK,
    backbone: Annotated[Lite, typer.Option(help="which sees each photo once and does not learn")] = Lite.LITE2,
    side: Annotated[int, typer.Option(min=160, max=640, metavar="PIXELS", help="of the photos that it sees")] = 320,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 10,
) -> None:
    """D: generalised attentional pooling beats rank-1, which beats the mean; T. On frozen maps of Stanford 40."""
    _start("pooling")

    from trainer.claims.stanford_maps import read_reduced

    reduced = read_reduced(data, weights, work, progress=show_progress, backbone=backbone.value, side=side)

    from trainer.claims.pooling import try_pooling

    kept = work / "claims" / f"{backbone.value}_{side}"
    _print_outcomes(try_pooling(reduced, kept, seeds=seeds, epochs=epochs), "mAP")


@app.command("action_from_poses")
def action_from_poses(
    data: DataOption = Path("data"),
    work: WorkOption = _CLAIMS_WORK,
    seeds: SeedsOption = 3,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="of each training, 64 clips each")] = 600,
) -> None:
    """E's family, from poses: Penn Action, JHMDB's three splits, NW-UCLA's view 3 and UTD-MHAD's even people."""
    _start("action_from_poses")

    from trainer.claims.action_from_poses import pose_action_sets, try_action_from_poses

    tried = try_action_from_poses(
        pose_action_sets(data), work / "action_from_poses", seeds=seeds, steps=steps, progress=show_progress
    )
    for chosen, outcome in tried:
        counts = f"{len(chosen.training)} sequences trained, {len(chosen.measured)} measured"
        typer.echo(f"{outcome.line('top-1')}; {counts}, {len(chosen.actions)} actions")


@app.command()
def cam3d(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    work: WorkOption = _CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 20,
    inside: InsideOption = False,
) -> None:
    """C: Sum3DCAM points at those who act better than GradCAM, and gates help. A small network on UT-Interaction."""
    _start("cam3d")

    from trainer.claims.cam3d import try_cam3d

    recipe = _small_recipe("gated3d_small", epochs)
    found = try_cam3d(recipe, data, teachers, work / "cam3d", seeds=seeds, inside=inside, progress=show_progress)
    _print_cams(found, "people")


@app.command("cam3d_fights")
def cam3d_fights(
    data: DataOption = Path("data"),
    teachers: TeachersOption = Path("teachers"),
    work: WorkOption = _CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 12,
    inside: InsideOption = False,
) -> None:
    """C: the comparison of `cam3d` on surveillance clips; half of the clips show a fight."""
    _start("cam3d_fights")

    from trainer.claims.cam3d import of_fights, try_cam3d
    from trainer.claims.studio_clips import studio_recipe

    recipe = of_fights(studio_recipe(_small_recipe("gated3d_small", epochs)))
    found = try_cam3d(recipe, data, teachers, work / "cam3d_fights", seeds=seeds, inside=inside, progress=show_progress)
    _print_cams(found, "people")


@app.command("cam3d_studio")
def cam3d_studio(
    data: DataOption = Path("data"),
    work: WorkOption = _CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 20,
    training: Annotated[int, typer.Option(min=1, metavar="N", help="clips of each of four actions to train with")] = 64,
    measured: Annotated[int, typer.Option(min=1, metavar="N", help="clips of each action to measure with")] = 24,
) -> None:
    """C: the comparison of `cam3d` on rendered clips of one person, with the person's exact mask as the truth."""
    _start("cam3d_studio")

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


@app.command("pose_and_action")
def pose_and_action(
    data: DataOption = Path("data"),
    work: WorkOption = _CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 30,
    clips: Annotated[
        ActionClips, typer.Option(help="whose actions are learnt; of penn_action the frames are needed")
    ] = ActionClips.UT_INTERACTION,
    only: OnlyOption = None,
) -> None:
    """E: two tasks beat one, every block's loss the last one's, pose and appearance each alone, decoupling; exits."""
    _start("pose_and_action")

    from trainer.claims.pose_and_action import VARIANTS, try_pose_and_action

    _refuse_unknown(only, VARIANTS)
    recipe = _small_recipe("pose_action_pyramid_small", epochs)
    network = recipe.network.model_copy(update={"action_weight": _ACTION_WEIGHT})
    sets = recipe.data.model_copy(update={"sets": (clips.value, *recipe.data.poses)})
    recipe = recipe.model_copy(update={"network": network, "data": sets})
    # UT-Interaction's trainings lie where they lay before other clips could be named.
    place = work / ("pose_and_action" if clips is ActionClips.UT_INTERACTION else f"pose_and_action_{clips.value}")
    variants = tuple(only or VARIANTS)
    found = try_pose_and_action(recipe, data, place, variants=variants, seeds=seeds, progress=show_progress)
    _print_outcomes(found.actions, "top-1")
    _print_outcomes(found.joints, "PCK@.2")
    for exit_ in found.exits:
        typer.echo(f"{exit_.accuracy.line('top-1')}; {exit_.milliseconds:.1f} ms a clip")


@app.command()
def pictures3d(
    data: DataOption = Path("data"),
    bundle: BundleOption = None,
    work: WorkOption = _CLAIMS_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 7,
    training: Annotated[int, typer.Option(min=1, metavar="N", help="clips of each kind of motion to train with")] = 40,
    measured: Annotated[int, typer.Option(min=1, metavar="N", help="clips of each kind to measure with")] = 10,
) -> None:
    """E: joints in 3D from pictures, every block supervised, beside lifting. On rendered pictures of one person."""
    _start("pictures3d")

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


@app.command("tuned_pooling")
def tuned_pooling(
    data: StanfordOption,
    weights: SmallLiteOption,
    bundle: BundleOption = None,
    work: WorkOption = _CLAIMS_WORK,
    photos: PhotosOption = 25,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 8,
) -> None:
    """D: the same where the backbone's last blocks learn too, and poses as a regularisation."""
    _start("tuned_pooling")

    from trainer.claims.tuned_pooling import tuned_pooling_variants

    found = _tuned_photos(data, weights, bundle, work, photos)
    _try_tuned("tuned_pooling", tuned_pooling_variants, *found, work, seeds=seeds, epochs=epochs)


@app.command("mask_loss")
def mask_loss(
    data: StanfordOption,
    weights: SmallLiteOption,
    bundle: BundleOption = None,
    work: WorkOption = _CLAIMS_WORK,
    photos: PhotosOption = 25,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 8,
) -> None:
    """B: the mask loss raises mAP, most where an object misleads. The backbone's last blocks learn."""
    _start("mask_loss")

    from trainer.claims.mask_loss import mask_loss_variants

    found = _tuned_photos(data, weights, bundle, work, photos)
    _try_tuned("mask_loss", mask_loss_variants, *found, work, seeds=seeds, epochs=epochs)


@app.command("studio_distractors")
def studio_distractors(
    weights: SmallLiteOption,
    data: DataOption = Path("data"),
    work: WorkOption = _CLAIMS_WORK,
    training: Annotated[
        int, typer.Option(min=1, metavar="N", help="pictures of each of eight actions to train with")
    ] = 60,
    measured: Annotated[int, typer.Option(min=1, metavar="N", help="pictures of each action to measure with")] = 30,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 8,
    only: OnlyOption = None,
) -> None:
    """B and D: the mask loss and the poolings on rendered people, alone and beside somebody who does something else."""
    _start("studio_distractors")

    from trainer.claims.studio_distractors import (
        VARIANTS,
        render_studio_pictures,
        studio_distractor_variants,
        tuned_studio_pictures,
    )

    _refuse_unknown(only, VARIANTS)
    network, place = _small_lite(weights), work / f"studio_distractors_{training}_{measured}"
    found = render_studio_pictures(data / "studio", place, training=training, measured=measured, progress=show_progress)
    pictures = tuned_studio_pictures(network, _BLOCKS, found, place, progress=show_progress)

    def variants(lite: "EfficientNetLite", blocks: int, photos: "TunedPhotos") -> "list[TunedVariant]":
        made = studio_distractor_variants(lite, blocks, photos)
        return [variant for variant in made if only is None or variant.name in only]

    _try_tuned("studio_distractors", variants, network, pictures, place, seeds=seeds, epochs=epochs)


@app.command()
def streams(
    data: StanfordOption,
    weights: SmallLiteOption,
    bundle: BundleOption = None,
    work: WorkOption = _CLAIMS_WORK,
    actions: ActionsOption = 10,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 30,
) -> None:
    """A: image, attention and part streams add up; concatenation and ensemble beat each. On frozen features."""
    _start("streams")

    from edgeact.bundle.load import load_bundle
    from trainer.claims.part_streams import read_streams, try_streams

    found = read_streams(data, weights, load_bundle(bundle), work, actions=actions, progress=show_progress)
    _print_outcomes(try_streams(found, work, seeds=seeds, epochs=epochs), "mAP")


@app.command()
def multitask(
    data: StanfordOption,
    lspet: Annotated[Path, typer.Option(metavar="DIR", help="LSP extended in its official layout")],
    weights: SmallLiteOption,
    work: WorkOption = _CLAIMS_WORK,
    actions: ActionsOption = 10,
    people: Annotated[int, typer.Option(min=1, metavar="N", help="of LSP extended to train with")] = 1500,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 8,
) -> None:
    """A: one network learns poses of one set and actions of another. The backbone's last blocks learn."""
    _start("multitask")

    from trainer.claims.multitask import read_task_sets, try_multitask

    network = _small_lite(weights)
    sets = read_task_sets(network, data, lspet, work, actions=actions, people=people, progress=show_progress)
    precision, joints = try_multitask(network, *sets, work, seeds=seeds, epochs=epochs)
    _print_outcomes(precision, "mAP")
    _print_outcomes(joints, "PCK@.2")


def _print_cams(found: "CamOutcome", whom: str) -> None:
    _print_outcomes(found.accuracy, "top-1")
    for network, maps in found.maps.items():
        typer.echo(f"maps of the network {network}, {found.frames} frames:")
        _print_outcomes(maps.boxes, "MaxBoxAcc")
        _print_outcomes(maps.points, f"highest on {whom}")
        _print_outcomes(maps.hits, "hit point")
        _print_outcomes(maps.pixels, "PxAP")


def _small_recipe(name: str, epochs: int) -> "PaperRecipe":
    from trainer.paper_recipe import load_paper_recipe

    recipe = load_paper_recipe(Path(name))
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"epochs": epochs})})


def _refuse_unknown(only: "Iterable[str] | None", variants: "Iterable[str]") -> None:
    """Raise ConfigError where a claim has no variant of a name."""
    from edgeact.errors import ConfigError

    if unknown := [name for name in only or () if name not in variants]:
        raise ConfigError(f"no variant is called {unknown[0]!r}; name one of: {'; '.join(variants)}")


def _start(claim: str) -> None:
    from trainer.extras import require_extras

    require_extras(f"edgeact train claim {claim}", ["train"])

    from trainer.stages import use_one_thread

    use_one_thread()


def _small_lite(weights: Path) -> "EfficientNetLite":
    from trainer.models.efficientnet_lite import EfficientNetLite, load_efficientnet_lite

    network = EfficientNetLite(classes=0)
    load_efficientnet_lite(network, weights, keep_head=False)
    return network


def _tuned_photos(
    data: Path, weights: Path, bundle: Path | None, work: Path, photos: int
) -> "tuple[EfficientNetLite, TunedPhotos]":
    from edgeact.bundle.load import load_bundle
    from trainer.claims.tuned_photos import read_tuned_photos

    network = _small_lite(weights)
    return network, read_tuned_photos(
        network, _BLOCKS, data, load_bundle(bundle), work, photos=photos, progress=show_progress
    )


def _try_tuned(
    claim: str,
    variants: "Callable[[EfficientNetLite, int, TunedPhotos], list[TunedVariant]]",
    network: "EfficientNetLite",
    photos: "TunedPhotos",
    work: Path,
    *,
    seeds: int,
    epochs: int,
) -> None:
    from trainer.claims.linear_floor import linear_floor
    from trainer.claims.tuned_blocks import paired_rows, try_tuned

    _print_outcomes(linear_floor(network, _BLOCKS, photos, work, seeds=seeds), "mAP")
    made = variants(network, _BLOCKS, photos)
    outcomes = try_tuned(claim, made, photos, work, seeds=seeds, epochs=epochs)
    _print_outcomes(outcomes, "mAP")
    _print_outcomes(paired_rows(outcomes, len(made)), "paired difference of mAP")


def _print_outcomes(outcomes: "Iterable[Outcome]", measure: str) -> None:
    for outcome in outcomes:
        typer.echo(outcome.line(measure))
