"""Train the lifter on Human3.6M's own training subjects: a comparison, whose licence lets nothing of it ship."""

from collections.abc import Iterator
from pathlib import Path

import torch

from edgeact.errors import SourceNotFoundError
from trainer.data.lifting.comparison import ComparisonViews
from trainer.data.lifting.measured import H36M_FILE
from trainer.data.lifting.views import LiftingBatch
from trainer.fit_lifter import lifting_loss
from trainer.lifter_recipe import LifterRecipe
from trainer.loop import train
from trainer.models.lifter import Lifter

_FIRST_BATCH = 9_000_000  # no other training of a lifter draws by these numbers
_BATCHES = 1_000_000  # from the first batch of one seed to that of the next: more than any training has steps


def fit_comparison(root: Path, checkpoint: Path, recipe: LifterRecipe, *, seed: int = 0) -> Lifter:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    Args:
        root: Folder of Human3.6M.
        checkpoint: File that the training is kept in.
        recipe: Of the lifter that ships, but for its data, their augmentation and its seed.
        seed: Of the first weights, of the features that are left out, and of the batches.

    Raises:
        SourceNotFoundError: The set is missing.
        DivergenceError: The training diverged.
    """
    if not (root / H36M_FILE).is_file():
        raise SourceNotFoundError(f"{root / H36M_FILE} not found; give the folder of the data sets with --data")
    views = ComparisonViews(root)
    torch.manual_seed(seed)
    first = _FIRST_BATCH + _BATCHES * seed

    def draw(steps: range) -> Iterator[LiftingBatch]:
        return (views.draw(recipe.batch, first + step) for step in steps)

    def loss(network: Lifter, batch: LiftingBatch) -> torch.Tensor:
        return lifting_loss(network(batch.poses), batch, bone_weight=recipe.bone_weight)

    course = recipe.learning.course("comparison lifter", steps=recipe.steps, rate=recipe.rate, save_every=250)
    network = Lifter(width=recipe.width, hidden=recipe.hidden, dropout=recipe.dropout)
    return train(network, checkpoint, course, device=torch.device("cpu"), draw=draw, loss=loss)
