"""``edgeact train claim``: claims of the papers, tried in a reduced setting, one command each.

`edgeact --help` imports this file to list the commands: what takes seconds to import (torch) is imported when it is
used.
"""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trainer.claims_clips_cli import (
    action_from_poses,
    cam3d,
    cam3d_fights,
    cam3d_studio,
    pictures3d,
    pose_and_action,
    pose_and_action_studio,
)
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
from trainer.cli_options import BundleOption, DataOption
from trainer.console import show_progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainer.claims.tuned_blocks import TunedVariant
    from trainer.claims.tuned_photos import TunedPhotos
    from trainer.models.efficientnet_lite import EfficientNetLite

app = typer.Typer(add_completion=False, no_args_is_help=True)

StanfordOption = Annotated[Path, typer.Option("--data", metavar="DIR", help="Stanford 40 in its official layout")]
LiteOption = Annotated[Path, typer.Option("--weights", metavar="FILE", help="of the backbone, from its package")]
MapsOption = Annotated[
    Path, typer.Option("--work", metavar="DIR", help="where the maps are kept, some three gigabytes")
]
SmallLiteOption = Annotated[
    Path, typer.Option("--weights", metavar="FILE", help="of EfficientNet-Lite0, from its package")
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

_BLOCKS = 14  # of an EfficientNet-Lite0's sixteen, that do not learn
_EVERYDAY_WORK = Path("edgeact-work/everyday")


class Lite(str, Enum):
    """Backbones with published weights."""

    LITE0 = "efficientnet_lite0"
    LITE1 = "efficientnet_lite1"
    LITE2 = "efficientnet_lite2"


@app.callback()
def claim() -> None:
    """Try a claim of the papers in a reduced setting, every variant with several seeds; docs/claims.md has outcomes."""


@app.command()
def pooling(
    data: StanfordOption,
    weights: LiteOption,
    work: MapsOption = _EVERYDAY_WORK,
    backbone: Annotated[Lite, typer.Option(help="which sees each photo once and does not learn")] = Lite.LITE0,
    side: Annotated[int, typer.Option(min=160, max=640, metavar="PIXELS", help="of the photos that it sees")] = 160,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 10,
) -> None:
    """D: generalised attentional pooling beats rank-1, which beats the mean; T. On frozen maps of Stanford 40."""
    start("pooling")

    from trainer.claims.stanford_maps import read_reduced

    reduced = read_reduced(data, weights, work, progress=show_progress, backbone=backbone.value, side=side)

    from trainer.claims.pooling import try_pooling

    kept = work / "claims" / f"{backbone.value}_{side}"
    print_outcomes(try_pooling(reduced, kept, seeds=seeds, epochs=epochs), "mAP")


app.command("action_from_poses")(action_from_poses)


app.command()(cam3d)


app.command("cam3d_fights")(cam3d_fights)


app.command("cam3d_studio")(cam3d_studio)


app.command("pose_and_action")(pose_and_action)


app.command("pose_and_action_studio")(pose_and_action_studio)


app.command()(pictures3d)


@app.command("tuned_pooling")
def tuned_pooling(
    data: StanfordOption,
    weights: SmallLiteOption,
    bundle: BundleOption = None,
    work: WorkOption = CLAIMS_WORK,
    photos: PhotosOption = 12,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 6,
) -> None:
    """D: the same where the backbone's last blocks learn too, and poses as a regularisation."""
    start("tuned_pooling")

    from trainer.claims.tuned_pooling import tuned_pooling_variants

    found = _tuned_photos(data, weights, bundle, work, photos)
    _try_tuned("tuned_pooling", tuned_pooling_variants, *found, work, seeds=seeds, epochs=epochs)


@app.command("mask_loss")
def mask_loss(
    data: StanfordOption,
    weights: SmallLiteOption,
    bundle: BundleOption = None,
    work: WorkOption = CLAIMS_WORK,
    photos: PhotosOption = 12,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 6,
) -> None:
    """B: the mask loss raises mAP, most where an object misleads. The backbone's last blocks learn."""
    start("mask_loss")

    from trainer.claims.mask_loss import mask_loss_variants

    found = _tuned_photos(data, weights, bundle, work, photos)
    _try_tuned("mask_loss", mask_loss_variants, *found, work, seeds=seeds, epochs=epochs)


@app.command("studio_distractors")
def studio_distractors(
    weights: SmallLiteOption,
    data: DataOption = Path("data"),
    work: WorkOption = CLAIMS_WORK,
    training: Annotated[
        int, typer.Option(min=1, metavar="N", help="pictures of each of eight actions to train with")
    ] = 40,
    measured: Annotated[int, typer.Option(min=1, metavar="N", help="pictures of each action to measure with")] = 24,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 8,
    only: OnlyOption = None,
) -> None:
    """B and D: the mask loss and the poolings on rendered people, alone and beside somebody who does something else."""
    start("studio_distractors")

    from trainer.claims.studio_distractors import (
        VARIANTS,
        render_studio_pictures,
        studio_distractor_variants,
        tuned_studio_pictures,
    )

    refuse_unknown(only, VARIANTS)
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
    work: WorkOption = CLAIMS_WORK,
    actions: ActionsOption = 10,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 30,
) -> None:
    """A: image, attention and part streams add up; concatenation and ensemble beat each. On frozen features."""
    start("streams")

    from edgeact.bundle.load import load_bundle
    from trainer.claims.part_streams import read_streams, try_streams

    found = read_streams(data, weights, load_bundle(bundle), work, actions=actions, progress=show_progress)
    print_outcomes(try_streams(found, work, seeds=seeds, epochs=epochs), "mAP")


@app.command()
def multitask(
    data: StanfordOption,
    lspet: Annotated[Path, typer.Option(metavar="DIR", help="LSP extended in its official layout")],
    weights: SmallLiteOption,
    work: WorkOption = CLAIMS_WORK,
    actions: ActionsOption = 10,
    people: Annotated[int, typer.Option(min=1, metavar="N", help="of LSP extended to train with")] = 1500,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 8,
) -> None:
    """A: one network learns poses of one set and actions of another. The backbone's last blocks learn."""
    start("multitask")

    from trainer.claims.multitask import read_task_sets, try_multitask

    network = _small_lite(weights)
    sets = read_task_sets(network, data, lspet, work, actions=actions, people=people, progress=show_progress)
    precision, joints = try_multitask(network, *sets, work, seeds=seeds, epochs=epochs)
    print_outcomes(precision, "mAP")
    print_outcomes(joints, "PCK@.2")


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

    print_outcomes(linear_floor(network, _BLOCKS, photos, work, seeds=seeds), "mAP")
    made = variants(network, _BLOCKS, photos)
    outcomes = try_tuned(claim, made, photos, work, seeds=seeds, epochs=epochs)
    print_outcomes(outcomes, "mAP")
    print_outcomes(paired_rows(outcomes, len(made)), "paired difference of mAP")
