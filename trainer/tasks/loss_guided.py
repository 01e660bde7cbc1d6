"""Paper B: a classifier that learns, beside its class, where the person is."""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from trainer.inputs.batch import Batch
from trainer.layers.pixels import to_range
from trainer.losses import mask_guided
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.recipe_fields import Record
from trainer.targets import box_masks
from trainer.task import Task
from trainer.tasks.backbones import BackboneName, make_backbone


class LossGuidedSettings(Record):
    """The network of paper B.

    Attributes:
        system: Tells the systems apart in a recipe.
        backbone: Which residual network.
        fixed_blocks: Of an EfficientNet-Lite, so many first blocks stay as published.
        size: Side of the pictures in pixels (paper: 448).
        class_channels: Of F_cls (paper: 1024).
        human_channels: Of the localisation branch, the last one 1 (paper: 512, 64, 32, 1).
        mask_weight: Of the mask's loss beside the class's: 1 in the paper, 0 leaves it out.
    """

    system: Literal["loss_guided"]
    backbone: BackboneName
    fixed_blocks: Annotated[int, Field(ge=0)] = 0
    size: Annotated[int, Field(ge=32, le=1024, multiple_of=32)] = 448
    class_channels: Annotated[int, Field(ge=1)] = 1024
    human_channels: tuple[Annotated[int, Field(ge=1)], ...] = (512, 64, 32, 1)
    mask_weight: Annotated[float, Field(ge=0)] = 1.0


def loss_guided_task(settings: LossGuidedSettings, classes: int, weights: Path | None) -> Task:
    """The task of paper B; ``weights`` are the backbone's."""
    backbone, channels = make_backbone(settings.backbone, weights, settings.fixed_blocks)
    network = LossGuidedNetwork(
        backbone,
        channels,
        classes,
        class_channels=settings.class_channels,
        human_channels=settings.human_channels,
    )

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        output = model(to_range(batch.pixels, backbone.pixel_range))
        height, width = output.human.shape[2:]
        masks = box_masks(batch.boxes, height=height, width=width, stride=batch.pixels.shape[1] / height)
        wanted = batch.has_box & (settings.mask_weight > 0)
        # The paper's weights are equal; another one scales both maps, since the loss is their squared difference.
        scale = settings.mask_weight**0.5
        return mask_guided(output.scores, batch.labels, scale * output.human, scale * masks, wanted).mean()

    def answers(model: nn.Module, batch: Batch) -> torch.Tensor:
        return torch.softmax(model(to_range(batch.pixels, backbone.pixel_range)).scores, -1)

    return Task(network, loss, answers)
