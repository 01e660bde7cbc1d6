"""The action network of a bundle, made narrower on the joint sequences that it was trained on."""

from collections.abc import Iterator

import numpy as np
import torch

from trainer.compress.shrink import CompressSettings, Subject
from trainer.data.action_sequences import JointSequence
from trainer.data.action_windows import whole_clip
from trainer.evaluate.actions import action_accuracy, noisy_clips
from trainer.fit_action import action_loss, draw_batch, training_groups
from trainer.folders import Folders
from trainer.recipe import Recipe
from trainer.stages import train_action

Batch = tuple[torch.Tensor, torch.Tensor]

# Chosen before anything was measured but the first loss, .35, and its penalty, .29 (2,890 times this weight).
ACTION_SETTINGS = CompressSettings(
    share=0.35, sparse_epochs=3, penalty=1e-4, fine_tune_epochs=4, rate=1e-3, multiple=16
)
EPOCH = 50  # steps; the sequences are drawn at random, and have no rounds of their own
_BATCH = 48
_SEED = 17  # other batches than those of the training before


def action_subject(recipe: Recipe, folders: Folders) -> tuple[Subject[Batch], list[JointSequence]]:
    """Prepare the trained action network for compression, and the sequences that it trains on and is measured on.

    It is measured on Penn Action's official test split.

    Args:
        recipe: The recipe that the network was trained by; it is trained first where no finished training is found.
        folders: Where everything lies.

    Raises:
        SourceNotFoundError: Data, tracks or pose errors are missing.
    """
    network, sequences = train_action(recipe, folders)
    with np.load(folders.pose_errors(recipe.action.tracks_of)) as file:
        bank, test_bank = file["validation"], file["test"]
    groups = training_groups(sequences, recipe.action.mix)
    test = [sequence for sequence in sequences if sequence.source == "penn_action" and sequence.split == "test"]
    clips = {"annotated": np.stack([whole_clip(one) for one in test]), "noisy": noisy_clips(test, test_bank, seed=0)}

    def draw(steps: range) -> Iterator[Batch]:
        for step in steps:
            yield draw_batch(
                groups,
                np.random.default_rng((_SEED, step)),
                _BATCH,
                bank,
                recipe.action.mix,
                recipe.action.augmentation,
            )

    def score(model: torch.nn.Module) -> dict[str, float]:
        return {name: round(_accuracy(model, found, test), 4) for name, found in clips.items()}

    subject = Subject(
        network.requires_grad_(True),
        inputs=(torch.from_numpy(clips["annotated"][:2]),),
        draw=draw,
        epoch=EPOCH,
        loss=lambda model, batch: action_loss(model(batch[0]), batch[1], smoothing=recipe.action.smoothing),
        answers=lambda model, batch: torch.softmax(model(batch[0]), -1),
        score=score,
        course=recipe.action.learning.course("action", steps=1, rate=recipe.action.rate),
    )
    return subject, sequences


@torch.no_grad()
def _accuracy(model: torch.nn.Module, clips: np.ndarray, sequences: list[JointSequence]) -> float:
    """Share of sequences whose likeliest action, of all that the network knows, is one that they may be."""
    model.eval()
    parts = [torch.softmax(model(torch.from_numpy(clips[i : i + 64])), -1) for i in range(0, len(clips), 64)]
    return action_accuracy(torch.cat(parts).numpy(), sequences)
