"""Recipe settings of the action network."""

from typing import Annotated

from pydantic import Field

from trainer.data.action_windows import MILD, USUAL, ClipAugmentation
from trainer.data.mixes import ACTION_SOURCES
from trainer.learning import LearningSettings
from trainer.recipe_fields import Batch, Channels, Name, Rate, Record, Seed, Share, Steps, of_known_sets

ActionMix = Annotated[dict[str, Share], Field(min_length=1), of_known_sets(ACTION_SOURCES)]


class ActionSettling(Record):
    """Fine-tuning of the trained action network with weaker augmentation.

    Attributes:
        runs: How many times, each from the trained network with other batches; the one that does best on the source of
            validation sequences that it does worst on is kept (`trainer.evaluate.action_sources`).
        steps: How many, of each run.
        rate: The highest learning rate.
        augmentation: Of its clips.
        mix: Share of each source among the clips; left out, that of the first training.
    """

    runs: Annotated[int, Field(ge=1, le=9)] = 1
    steps: Steps
    rate: Rate
    augmentation: ClipAugmentation = MILD
    mix: ActionMix | None = None


class ActionRecipe(Record):
    """Training of the action network.

    Attributes:
        tracks_of: The bundle that finds the tracks that it learns from. Another bundle than the recipe's own lends its
            action network as well: joints mean the same in every bundle.
        steps: How many.
        batch: Clips a step.
        rate: The highest learning rate.
        width: Channels over time. Networks of other widths than the one that ships start no `edgeact train --classes`.
        dropout: Share of the pooled features that a training step leaves out.
        mirrored: Whether each clip is judged together with its mirror image (`trainer.models.edge_action.EdgeAction`).
        smoothing: Share of each label that all actions get alike.
        learning: How weights are moved, here and while it settles.
        augmentation: Of the clips.
        seed: Of weights and batches, here and while it settles.
        mix: Share of each source among the clips; sources that are not named train nothing.
        settling: The training that follows; left out, there is none.
    """

    tracks_of: Name
    steps: Steps
    batch: Batch
    rate: Rate
    width: Channels = 160
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    mirrored: bool = False
    smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.03
    learning: LearningSettings = LearningSettings(weight_decay=0.05, average_decay=0.999, clip_norm=5.0)
    augmentation: ClipAugmentation = USUAL
    seed: Seed = 0
    settling: ActionSettling | None = None
    mix: ActionMix

    @property
    def sources(self) -> frozenset[str]:
        """Return the names of all sources that some training step draws from."""
        settling = None if self.settling is None else self.settling.mix
        return frozenset(self.mix) | frozenset(settling or {})
