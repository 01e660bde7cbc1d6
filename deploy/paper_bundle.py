"""What `edgeact train paper` has trained → a bundle: sides, clips and labels as trained, figures on its card."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.export_bundle import BundleName, export_network
from deploy.systems.system import ExportOptions
from trainer.compress.paper import load_trained
from trainer.data.recipe_sets import CLIP_SETS, SEVERAL_ACTIONS_SETS
from trainer.fit_paper import PERSON_SYSTEMS, RESULT_FILE, read_result
from trainer.paper_recipe import PICTURE_SYSTEMS, NetworkSettings, PaperRecipe, make_task
from trainer.tasks.attentional_pooling import AttentionalPoolingSettings
from trainer.tasks.body_part_aware import BodyPartAwareSettings
from trainer.tasks.gated3d import Gated3dSettings
from trainer.tasks.loss_guided import LossGuidedSettings
from trainer.tasks.pose_action_pyramid import PoseActionPyramidSettings

# Terms as the sources state them.
SET_TERMS = {
    "stanford40": (
        "Stanford 40 Actions (Yao et al., ICCV 2011)",
        "research; photos of the web, no licence",
    ),
    "vcoco": (
        "V-COCO (Gupta and Malik, 2015)",
        "annotations none stated; Flickr photos of COCO, each under its own terms",
    ),
    "lspet": ("Leeds Sports Pose extended (Johnson and Everingham, CVPR 2011)", "cite; Flickr photos, none stated"),
    "ut_interaction": ("UT-Interaction (Ryoo and Aggarwal, 2010)", "public research set"),
    "ucf101": ("UCF101 (Soomro et al., 2012)", "videos of YouTube, none stated"),
    "hmdb51": ("HMDB51 (Kuehne et al., ICCV 2011)", "CC BY 4.0; scenes of films and of YouTube"),
    "jhmdb": ("JHMDB (Jhuang et al., ICCV 2013)", "scenes of films and of YouTube, none stated"),
    "penn_action": ("Penn Action (Zhang et al., ICCV 2013)", "research set; videos of YouTube"),
    "ntu": ("NTU RGB+D (Shahroudy et al., CVPR 2016)", "academic use after registration; must not be passed on"),
    "surveillance_fights": (
        "Surveillance Fights (Akti et al., IPTA 2019)",
        "packaging MIT; footage of public video sites, none stated",
    ),
    "lsp": ("Leeds Sports Pose (Johnson and Everingham, BMVC 2010)", "cite; Flickr photos, none stated"),
    "mpii": ("MPII Human Pose (Andriluka et al., CVPR 2014)", "annotations BSD 2-clause; frames of YouTube"),
    "coco": (
        "COCO keypoints (Lin et al., ECCV 2014)",
        "annotations CC BY 4.0; Flickr photos, each under its own terms",
    ),
    "studio_poses": (
        "people rendered by the studio (avatars of Rocketbox; motions of CMU, DeepMimic, Mesh2Motion and others)",
        "CC0, CMU (free to use) or MIT",
    ),
}


def export_paper(
    recipe: PaperRecipe,
    trained: Path,
    out: Path,
    *,
    persons_from: Path | None = None,
    exit_at: tuple[int, int] | None = None,
    figures: Mapping[str, float] | None = None,
) -> None:
    """Write the bundle of a network that `edgeact train paper` trained, narrower or not.

    Args:
        recipe: What it was trained by.
        trained: Folder with ``network.safetensors`` and ``result.json``.
        out: The bundle's folder; a bundle that is there is replaced.
        persons_from: The bundle whose detector follows persons, for A and E; None takes the default.
        exit_at: Of E, where the network is cut; None takes the last exit.
        figures: ``top1`` and ``mAP`` of this exit, for the card; None takes those of the training.

    Raises:
        SourceNotFoundError, SourceFormatError, CheckpointError: The training's files are missing or damaged.
        BundleError, UsageError, OutputError: See `deploy.export_bundle.export_weights`.
    """
    result = {**read_result(trained / RESULT_FILE), **(figures or {})}
    labels = tuple(result["labels"])
    network = load_trained(make_task(recipe.network, len(labels), None).network, trained)
    options = replace(
        export_options(recipe.network, labels, result["clip_stride"]),
        exit_at=exit_at,
        multi_label=recipe.data.actions in SEVERAL_ACTIONS_SETS,
    )
    export_network(
        recipe.network.system,
        network,
        out,
        options,
        called=BundleName(name=recipe.name, licence="see the terms of the data"),
        persons_from=persons_from,
        training=_described(recipe, result),
    )


def export_options(network: NetworkSettings, labels: tuple[str, ...], clip_stride: float | None) -> ExportOptions:
    """Export options that repeat the training: sides, clips and labels.

    Args:
        network: The recipe's settings.
        labels: In the order of training.
        clip_stride: Seconds between two frames of a clip, of C and E.
    """
    match network:
        case BodyPartAwareSettings():
            return ExportOptions(labels, side=2 * network.size)
        case LossGuidedSettings() | AttentionalPoolingSettings():
            return ExportOptions(labels, side=network.size)
        case Gated3dSettings():
            return ExportOptions(
                labels,
                side=network.size,
                clip_length=network.frames,
                clip_stride=clip_stride,
                explain=("sum3dcam",),
            )
        case PoseActionPyramidSettings():
            return ExportOptions(labels, side=network.size, clip_length=network.frames, clip_stride=clip_stride)


def _described(recipe: PaperRecipe, result: dict[str, Any]) -> dict[str, Any]:
    measured = {
        "right at first guess": f"{result['top1']:.1%}",
        "mAP": f"{result['mAP']:.1%}",
        "samples": f"{result['samples']} of {result['split']}; {result['how']}",
        "trained on": f"{result['trained_on']} samples, {recipe.training.epochs} epochs, seed {recipe.training.seed}",
    }
    notes = []
    of_persons = recipe.data.clip_view == "person"
    if isinstance(recipe.network, PoseActionPyramidSettings) and not of_persons:
        notes.append(
            "Actions were learnt from whole frames of clips, poses from crops of persons; at run time both come of the "
            "crop of one person."
        )
    if recipe.data.actions in CLIP_SETS and (of_persons or recipe.network.system in PICTURE_SYSTEMS):
        notes.append(
            "The default bundle found the people of the clips. Everybody who is seen long and large in a clip was "
            "taken to do its action, who is struck, too."
        )
        if recipe.network.system in PERSON_SYSTEMS:
            beside = ", beside those of data sets" if recipe.data.poses else ""
            notes.append(f"The joints that it found there taught poses{beside}.")
    return {
        "recipe": recipe.model_dump(mode="json"),
        "measured": measured,
        "notes": notes,
        "data": [list(SET_TERMS[name]) for name in recipe.data.sets],
    }
