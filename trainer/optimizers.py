"""The optimisers of the recipes, each with the settings that the papers give."""

from collections.abc import Iterable
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from trainer.recipe_fields import Record

Ratio = Annotated[float, Field(ge=0, lt=1)]


class AdamW(Record):
    """Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101).

    Attributes:
        kind: Tells optimisers apart in a recipe.
        betas: Memory of the gradient and of its square.
    """

    kind: Literal["adamw"] = "adamw"
    betas: tuple[Ratio, Ratio] = (0.9, 0.999)


class Adam(Record):
    """Adam (Kingma and Ba, arXiv 1412.6980); weight decay is added to the gradient.

    Attributes:
        kind: Tells optimisers apart in a recipe.
        betas: Memory of the gradient and of its square.
    """

    kind: Literal["adam"] = "adam"
    betas: tuple[Ratio, Ratio] = (0.9, 0.999)


class Sgd(Record):
    """Stochastic gradient descent, with Nesterov's momentum unless it is switched off.

    Attributes:
        kind: Tells optimisers apart in a recipe.
        momentum: Memory of the steps before.
        nesterov: Whether the gradient is taken where the momentum leads.
    """

    kind: Literal["sgd"] = "sgd"
    momentum: Annotated[float, Field(gt=0, lt=1)] = 0.9
    nesterov: bool = True


class RmsProp(Record):
    """RMSprop (Tieleman and Hinton, 2012).

    Attributes:
        kind: Tells optimisers apart in a recipe.
        memory: Of the squared gradient.
        momentum: Memory of the steps before.
    """

    kind: Literal["rmsprop"] = "rmsprop"
    memory: Annotated[float, Field(gt=0, lt=1)] = 0.9
    momentum: Ratio = 0.0


OptimizerSettings = Annotated[AdamW | Adam | Sgd | RmsProp, Field(discriminator="kind")]


def make_optimizer(
    settings: AdamW | Adam | Sgd | RmsProp, parameters: Iterable[nn.Parameter], *, rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """The optimiser of these parameters; biases and scales (one axis or none) are not decayed.

    Args:
        settings: Which optimiser.
        parameters: What is trained.
        rate: Learning rate of the first step.
        weight_decay: Of everything that is no bias or scale.
    """
    trained = list(parameters)
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim > 1], "weight_decay": weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    match settings:
        case AdamW():
            return torch.optim.AdamW(groups, lr=rate, betas=settings.betas)
        case Adam():
            return torch.optim.Adam(groups, lr=rate, betas=settings.betas)
        case Sgd():
            return torch.optim.SGD(groups, lr=rate, momentum=settings.momentum, nesterov=settings.nesterov)
        case RmsProp():
            return torch.optim.RMSprop(groups, lr=rate, alpha=settings.memory, momentum=settings.momentum)
