"""Train the compact action network on joint sequences, with an honest "other".

The loss is −log of the probability given to the actions that a sequence *may* be (one for most), so that sets which
cannot tell all classes apart still teach what they know. Validation sequences choose temperature and threshold
(`calibrate`), and which of several settlings is kept (`trainer.evaluate.action_sources`); test sequences only measure.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from trainer.action_recipe import ActionRecipe
from trainer.data.action_sequences import LABELS, JointSequence, jhmdb, own_tracks, penn_action, studio_motions
from trainer.data.action_windows import USUAL, ClipAugmentation, training_clip
from trainer.data.kinect_sequences import utkinect
from trainer.data.mixes import Mix, probabilities
from trainer.data.skeleton_sets import msr_action3d, utd_mhad
from trainer.data.still_people import still_people
from trainer.evaluate.action_sources import accuracy_by_source
from trainer.folders import Folders
from trainer.inputs.action_clip import COMMON_MIRROR
from trainer.log import log
from trainer.loop import Course, train
from trainer.models.edge_action import EdgeAction
from trainer.recipe_fields import SEED_STEP


def read_training(folders: Folders, bundle: str) -> list[JointSequence]:
    """Every sequence of every set, all splits, and the tracks of a bundle."""
    data = folders.data
    return [
        *penn_action(data / "penn_action"),
        *jhmdb(data / "jhmdb"),
        *studio_motions(data / "studio"),
        *utkinect(data / "utkinect"),
        *utd_mhad(data / "utd_mhad_skel"),
        *msr_action3d(data / "msr_action3d_skel"),
        *still_people(folders.labels),
        *own_tracks(folders.tracks(bundle)),
    ]


def allowed_matrix(allowed: list[tuple[str, ...]]) -> torch.Tensor:
    """(N, A) bool: which actions each clip may be."""
    return torch.tensor([[label in may for label in LABELS] for may in allowed])


def action_loss(logits: torch.Tensor, allowed: torch.Tensor, *, smoothing: float = 0.03) -> torch.Tensor:
    """−log Σ of the allowed actions' probabilities, plus a little of the mean −log probability (label smoothing)."""
    log_probability = torch.log_softmax(logits, -1)
    partial = -torch.logsumexp(log_probability.masked_fill(~allowed, -1e9), -1)
    return (partial * (1 - smoothing) - smoothing * log_probability.mean(-1)).mean()


def training_groups(sequences: list[JointSequence], mix: Mix) -> dict[str, list[list[JointSequence]]]:
    """Group the training sequences by source (of those in the mix), then by the set of actions that each may be."""
    groups: dict[str, list[list[JointSequence]]] = {}
    for source in mix:
        by_label: dict[tuple[str, ...], list[JointSequence]] = {}
        for sequence in sequences:
            if sequence.source == source and sequence.split == "train":
                by_label.setdefault(sequence.allowed, []).append(sequence)
        if by_label:
            groups[source] = list(by_label.values())
    return groups


def draw_batch(
    groups: dict[str, list[list[JointSequence]]],
    rng: np.random.Generator,
    batch: int,
    bank: np.ndarray,
    mix: Mix,
    strength: ClipAugmentation = USUAL,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw augmented clips (N, 32, 13, 3), sources weighted by the mix, and the actions each may be (N, A) bool."""
    names = list(groups)
    shares = probabilities(mix, names)
    clips, allowed = [], []
    for choice in rng.choice(len(names), batch, p=shares):
        kinds = groups[names[choice]]
        # Within a source, classes are drawn by the square root of their size: rare ones are heard, large ones keep
        # their variety.
        weight = np.sqrt([len(kind) for kind in kinds])
        kind = kinds[rng.choice(len(kinds), p=weight / weight.sum())]
        clip, may = training_clip(kind[rng.integers(len(kind))], rng, bank, strength)
        clips.append(clip)
        allowed.append(may)
    return torch.from_numpy(np.stack(clips)), allowed_matrix(allowed)


def fit(sequences: list[JointSequence], bank: np.ndarray, checkpoint: Path, recipe: ActionRecipe) -> EdgeAction:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    With ``recipe.settling`` trainings with weaker augmentation start from this average. The one whose worst source of
    validation sequences is told best is returned. Their checkpoints lie in the folders ``settled``, ``settled_1``,
    ``settled_2`` … beside the first one's.

    Args:
        sequences: Of every source; those of the other splits are left out.
        bank: Errors of our own pose network (`trainer.data.pose_noise`).
        checkpoint: File that the training is kept in.
        recipe: How long and how fast.

    Raises:
        DivergenceError: The training diverged.
    """
    course = recipe.learning.course("action", steps=recipe.steps, rate=recipe.rate, save_every=500)
    torch.manual_seed(SEED_STEP * recipe.seed)
    groups = training_groups(sequences, recipe.mix)
    trained = _train(_network(recipe), groups, bank, checkpoint, recipe, course, recipe.augmentation, recipe.mix)
    if recipe.settling is None:
        return trained
    best, kept = -1.0, trained
    mix = recipe.settling.mix or recipe.mix
    groups = training_groups(sequences, mix)
    for run in range(recipe.settling.runs):
        network = _settle(trained, run, groups, bank, checkpoint, recipe, mix)
        sources = accuracy_by_source(network, sequences, bank)
        worst = min(sources.values(), default=0.0)
        log(stage="settled", run=run, **{source: round(share, 4) for source, share in sources.items()})
        if worst > best:
            best, kept = worst, network
    return kept


def _settle(
    trained: EdgeAction,
    run: int,
    groups: dict[str, list[list[JointSequence]]],
    bank: np.ndarray,
    checkpoint: Path,
    recipe: ActionRecipe,
    mix: Mix,
) -> EdgeAction:
    settling = recipe.settling
    assert settling is not None
    network = _network(recipe)
    network.load_state_dict(trained.state_dict())
    course = recipe.learning.course("action settles", steps=settling.steps, rate=settling.rate, save_every=500)
    # So that it does not matter whether the training before has just been done.
    torch.manual_seed(1 + run + SEED_STEP * recipe.seed)
    place = checkpoint.parent / ("settled" if run == 0 else f"settled_{run}") / checkpoint.name
    return _train(network, groups, bank, place, recipe, course, settling.augmentation, mix, seed=4 + 10 * run)


def _network(recipe: ActionRecipe) -> EdgeAction:
    mirror = COMMON_MIRROR if recipe.mirrored else None
    return EdgeAction(len(LABELS), width=recipe.width, dropout=recipe.dropout, mirror=mirror)


def _train(
    network: EdgeAction,
    groups: dict[str, list[list[JointSequence]]],
    bank: np.ndarray,
    checkpoint: Path,
    recipe: ActionRecipe,
    course: Course,
    strength: ClipAugmentation,
    mix: Mix,
    *,
    seed: int = 3,
) -> EdgeAction:
    def draw(steps: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in steps:
            rng = np.random.default_rng((seed + SEED_STEP * recipe.seed, step))
            yield draw_batch(groups, rng, recipe.batch, bank, mix, strength)

    def loss(network: EdgeAction, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        clips, allowed = batch
        return action_loss(network(clips), allowed, smoothing=recipe.smoothing)

    return train(network, checkpoint, course, device=torch.device("cpu"), draw=draw, loss=loss)
