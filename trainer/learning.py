"""How weights are moved in a training, as a recipe says it."""

from typing import Annotated

from pydantic import Field

from trainer.loop import Course
from trainer.optimizers import AdamW, OptimizerSettings
from trainer.recipe_fields import Record
from trainer.schedule import CosineSchedule, Schedule


class LearningSettings(Record):
    """What moves the weights from step to step.

    Where the recipe of a bundle has no such table, the numbers are those of the bundles that ship
    (`trainer.pose_recipe` and the other parts of a recipe).

    Attributes:
        weight_decay: Of everything that is no bias or scale.
        average_decay: Memory of the moving average of the weights, which is the outcome; left out, none is kept, and
            the last weights are.
        clip_norm: The largest norm of the gradient; left out, it is not limited.
        optimizer: Which one.
        schedule: How the rate changes from the first step to the last.
    """

    weight_decay: Annotated[float, Field(ge=0)]
    average_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    optimizer: OptimizerSettings = AdamW()
    schedule: Schedule = CosineSchedule()

    def course(
        self,
        name: str,
        *,
        steps: int,
        rate: float,
        save_every: int = 100,
        check_every: int = 500,
        mixed_precision: bool = False,
        best_by: str | None = None,
    ) -> Course:
        """The course of a training.

        Args:
            name: What the log calls it.
            steps: How many.
            rate: The highest learning rate.
            save_every: Steps between two checkpoints.
            check_every: Steps between two looks at validation data, a multiple of ``save_every``.
            mixed_precision: Whether the loss is computed in bfloat16 where the device multiplies it.
            best_by: The figure of validation data, the higher the better, whose best network is the outcome; None takes
                the last one.
        """
        return Course(
            name,
            steps,
            rate,
            weight_decay=self.weight_decay,
            save_every=save_every,
            check_every=check_every,
            optimizer=self.optimizer,
            schedule=self.schedule,
            average_decay=self.average_decay,
            clip_norm=self.clip_norm,
            mixed_precision=mixed_precision,
            best_by=best_by,
        )
