"""Train the compact action network on joint sequences, with an honest "other".

The loss is −log of the probability given to the actions that a sequence *may* be (one for most), so that sets which
cannot tell all classes apart still teach what they know. Validation sequences choose temperature and threshold
(`calibrate`); test sequences only measure.
"""

import time
from pathlib import Path

import numpy as np
import torch

from trainer.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from trainer.data.action_sequences import LABELS, JointSequence, jhmdb, own_tracks, penn_action, studio_motions
from trainer.data.action_windows import training_clip
from trainer.data.kinect_sequences import utkinect
from trainer.log import log
from trainer.models.edge_action import EdgeAction
from trainer.recipe import ActionRecipe
from trainer.schedule import learning_rate

# How often a source is drawn. Penn Action is the largest clean one; the rest keeps "other" broad.
SHARES = {
    "penn_action": 0.5,
    "jhmdb": 0.14,
    "studio": 0.14,
    "ut_interaction": 0.16,
    "surveillance_fights": 0.06,
    "utkinect": 0.08,
}


def read_training(data: Path, tracks: Path) -> list[JointSequence]:
    """Every sequence of every set, all splits."""
    return [
        *penn_action(data / "penn_action"),
        *jhmdb(data / "jhmdb"),
        *studio_motions(data / "studio"),
        *utkinect(data / "utkinect"),
        *own_tracks(tracks),
    ]


def allowed_matrix(allowed: list[tuple[str, ...]]) -> torch.Tensor:
    """(N, A) bool: which actions each clip may be."""
    return torch.tensor([[label in may for label in LABELS] for may in allowed])


def action_loss(logits: torch.Tensor, allowed: torch.Tensor, *, smoothing: float = 0.03) -> torch.Tensor:
    """−log Σ of the allowed actions' probabilities, plus a little of the mean −log probability (label smoothing)."""
    log_probability = torch.log_softmax(logits, -1)
    partial = -torch.logsumexp(log_probability.masked_fill(~allowed, -1e9), -1)
    return (partial * (1 - smoothing) - smoothing * log_probability.mean(-1)).mean()


def _grouped(sequences: list[JointSequence]) -> dict[str, list[list[JointSequence]]]:
    """The training sequences by source, then by the actions that they may be."""
    groups: dict[str, list[list[JointSequence]]] = {}
    for source in SHARES:
        by_label: dict[tuple[str, ...], list[JointSequence]] = {}
        for sequence in sequences:
            if sequence.source == source and sequence.split == "train":
                by_label.setdefault(sequence.allowed, []).append(sequence)
        if by_label:
            groups[source] = list(by_label.values())
    return groups


def draw_batch(
    groups: dict[str, list[list[JointSequence]]], rng: np.random.Generator, batch: int, bank: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Augmented clips (N, 32, 13, 3) across the sources by `SHARES`, and which actions each may be (N, A) bool."""
    names = list(groups)
    shares = np.array([SHARES[name] for name in names])
    clips, allowed = [], []
    for choice in rng.choice(len(names), batch, p=shares / shares.sum()):
        kinds = groups[names[choice]]
        # Within a source, classes are drawn by the square root of their size: rare ones are heard, large ones keep
        # their variety.
        weight = np.sqrt([len(kind) for kind in kinds])
        kind = kinds[rng.choice(len(kinds), p=weight / weight.sum())]
        clip, may = training_clip(kind[rng.integers(len(kind))], rng, bank)
        clips.append(clip)
        allowed.append(may)
    return torch.from_numpy(np.stack(clips)), allowed_matrix(allowed)


def fit(
    sequences: list[JointSequence], bank: np.ndarray, checkpoint: Path, recipe: ActionRecipe, *, save_every: int = 500
) -> EdgeAction:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    Args:
        sequences: Of every source; those of the other splits are left out.
        bank: Errors of our own pose network (`trainer.data.pose_noise`).
        checkpoint: File that the training is kept in.
        recipe: How long and how fast.
        save_every: Steps between two checkpoints.
    """
    groups = _grouped(sequences)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model = EdgeAction(len(LABELS))
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=0.05)
    average = MovingAverage(model, decay=0.998)
    start = load_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer) if checkpoint.exists() else 0
    since, total, right = time.monotonic(), 0.0, 0.0
    for step in range(start, recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, (recipe.steps,), (recipe.rate,))
        clips, allowed = draw_batch(groups, np.random.default_rng((3, step)), recipe.batch, bank)
        model.train()
        logits = model(clips)
        loss = action_loss(logits, allowed)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        average.update(model)
        total += loss.item()
        right += allowed[torch.arange(len(clips)), logits.argmax(-1)].float().mean().item()
        if (step + 1) % save_every == 0 or step + 1 == recipe.steps:
            save_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer, step=step + 1)
            seconds = round(time.monotonic() - since)
            shares = {"loss": round(total / save_every, 4), "accuracy": round(right / save_every, 4)}
            log(**{"action step": step + 1, "of": recipe.steps, "seconds": seconds}, **shares)
            total, right = 0.0, 0.0
    return average.model
