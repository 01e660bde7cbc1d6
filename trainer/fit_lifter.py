"""Train the lifter on random bodies before random cameras.

The loss is the joints' distance in metres, and that of the bones: joints far down a limb alone would forgive a thigh
and a shin that err against each other.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from edgeact.errors import CheckpointError, SourceNotFoundError
from edgeact.skeleton import LIMB_JOINTS
from trainer.checkpoint import read_tensors
from trainer.data.lifting.motions import BodyClip, join_clips, studio, teacher_poses, utd_mhad, utkinect
from trainer.data.lifting.views import LiftingBatch, LiftingViews
from trainer.folders import Folders
from trainer.inputs.body_tree import CHILDREN, PARENTS, bones_of
from trainer.lifter_recipe import LifterRecipe
from trainer.loop import train
from trainer.models.lifter import Lifter

_CHECKED = 1024  # validation clips of each set
_AVERAGE = "average.module."  # in names of a checkpoint's tensors


def read_motions(folders: Folders, *, teacher: bool) -> list[BodyClip]:
    """Every clip of every set, all splits, and the teacher's poses if they are wanted."""
    data = folders.data
    clips = [*studio(data / "studio"), *utd_mhad(data / "utd_mhad_skel"), *utkinect(data / "utkinect")]
    if teacher:
        clips += teacher_poses(folders.teacher_poses)
    return clips


def lifting_loss(found: torch.Tensor, batch: LiftingBatch, *, bone_weight: float = 0.5) -> torch.Tensor:
    """Mean distance of known joints plus a part of that of known bones, metres: a scalar.

    Args:
        found: (N, 21, 3) joints.
        batch: What they should be.
        bone_weight: Of the bones.
    """
    known = batch.known.float()
    joints = _distance(found, batch.joints, known)
    bones = _distance(bones_of(found), bones_of(batch.joints), known[:, CHILDREN] * known[:, PARENTS])
    return joints + bone_weight * bones


def _distance(found: torch.Tensor, wanted: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    length = ((found - wanted).square().sum(-1) + 1e-6).sqrt()
    return (length * known).sum() / known.sum().clamp_min(1.0)


def limb_error(found: torch.Tensor, wanted: torch.Tensor, known: torch.Tensor) -> float:
    """Mean distance of the known ones of the twelve limb joints in millimetres."""
    limbs = list(LIMB_JOINTS)
    return 1000 * float((found - wanted)[:, limbs].norm(dim=-1)[known[:, limbs]].mean())


def load_lifter(checkpoint: Path) -> Lifter:
    """The lifter that a training has come to: its moving average, or its last weights where none was kept.

    Raises:
        SourceNotFoundError: There is no such file.
        CheckpointError: It is damaged, or holds another network.
    """
    if not checkpoint.is_file():
        raise SourceNotFoundError(f"{checkpoint} not found; give the checkpoint of `edgeact train --stage lifter`")
    tensors, _ = read_tensors(checkpoint)
    outcome = _AVERAGE if any(name.startswith(_AVERAGE) for name in tensors) else "model."
    weights = {name.removeprefix(outcome): value for name, value in tensors.items() if name.startswith(outcome)}
    try:
        network = Lifter(width=len(weights["stem.weight"]), hidden=len(weights["join.weight"]))
        network.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"{checkpoint} holds no lifter; give the checkpoint of `edgeact train --stage lifter`"
        ) from error
    return network.eval()


def fit(clips: list[BodyClip], bank: np.ndarray, checkpoint: Path, recipe: LifterRecipe) -> Lifter:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    Args:
        clips: Of every set; validation clips choose nothing here, the log shows how far off their limbs are.
        bank: Errors of our own pose network (`trainer.data.pose_noise`).
        checkpoint: File that the training is kept in.
        recipe: How long and how fast.

    Raises:
        DivergenceError: The training diverged.
    """
    views = LiftingViews(join_clips((clip for clip in clips if clip.split == "train"), recipe.mix), bank)
    checked = {
        source: LiftingViews(
            join_clips((c for c in clips if (c.split, c.source) == ("validation", source)), {source: 1.0}), bank
        )
        for source in sorted({clip.source for clip in clips if clip.split == "validation"})
    }
    drawn = {source: held_out.draw(_CHECKED, 1, None) for source, held_out in checked.items()}
    torch.manual_seed(recipe.seed)
    first = 7_000_000 + 10_000_000 * recipe.seed  # further apart than trainings have steps

    def draw(steps: range) -> Iterator[LiftingBatch]:
        for step in steps:
            strength = recipe.mild_augmentation if step >= recipe.mild_from else recipe.augmentation
            yield views.draw(recipe.batch, first + step, strength)

    def loss(network: Lifter, batch: LiftingBatch) -> torch.Tensor:
        return lifting_loss(network(batch.poses), batch, bone_weight=recipe.bone_weight)

    @torch.no_grad()
    def check(network: Lifter) -> dict[str, float]:
        return {
            source: round(limb_error(network(batch.poses), batch.joints, batch.known), 1)
            for source, batch in drawn.items()
        }

    course = recipe.learning.course("lifter", steps=recipe.steps, rate=recipe.rate, save_every=250)
    network = Lifter(width=recipe.width, hidden=recipe.hidden, dropout=recipe.dropout)
    return train(network, checkpoint, course, device=torch.device("cpu"), draw=draw, loss=loss, check=check)
