"""The learning rate over a training: a schedule is a setting, the rate a function of the step, so that nothing of it
needs to be kept in a checkpoint.
"""

import math
from typing import Annotated, Literal

from pydantic import Field

from trainer.recipe_fields import Record

WARM_UP = 200  # steps


class CosineSchedule(Record):
    """Linear warm-up, then half a cosine down to a floor.

    Attributes:
        kind: Tells schedules apart in a recipe.
        warm_up: Steps until the peak is reached.
        floor: The last rate as a ratio of the peak.
    """

    kind: Literal["cosine"] = "cosine"
    warm_up: Annotated[int, Field(ge=0)] = WARM_UP
    floor: Annotated[float, Field(ge=0, le=1)] = 0.01


class StepSchedule(Record):
    """The peak, multiplied by a factor at each milestone.

    Attributes:
        kind: Tells schedules apart in a recipe.
        milestones: Ratios of the training, in order: papers name epochs of many, a recipe is shortened more often.
        factor: What a milestone multiplies the rate by.
        warm_up: Steps until the peak is reached.
    """

    kind: Literal["step"] = "step"
    milestones: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    warm_up: Annotated[int, Field(ge=0)] = 0


class ConstantSchedule(Record):
    """The same rate from the first step to the last.

    Attributes:
        kind: Tells schedules apart in a recipe.
    """

    kind: Literal["constant"] = "constant"


Schedule = Annotated[CosineSchedule | StepSchedule | ConstantSchedule, Field(discriminator="kind")]


def learning_rate(
    step: int,
    steps: int,
    peak: float,
    schedule: CosineSchedule | StepSchedule | ConstantSchedule = CosineSchedule(),  # noqa: B008 - frozen
) -> float:
    """The rate of one step.

    Args:
        step: From 0.
        steps: Of the whole training.
        peak: The highest learning rate.
        schedule: How the rate changes; by default a cosine down to a hundredth.
    """
    if isinstance(schedule, ConstantSchedule):
        return peak
    if step < schedule.warm_up:
        return peak * (step + 1) / schedule.warm_up
    if isinstance(schedule, StepSchedule):
        return peak * schedule.factor ** sum(step >= milestone * steps for milestone in schedule.milestones)
    done = (step - schedule.warm_up) / max(steps - schedule.warm_up, 1)
    return peak * (schedule.floor + (1 - schedule.floor) * 0.5 * (1 + math.cos(math.pi * done)))
