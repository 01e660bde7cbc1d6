"""Paper A: image, attention and part streams that learn poses and actions together, from sets that label either."""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from trainer.inputs.batch import Batch
from trainer.layers.pixels import IMAGENET, to_range
from trainer.layers.residual import BasicBlock
from trainer.losses import binary_cross_entropy, focal, multitask_aware, weighted_squared_error
from trainer.models.body_part_aware import BodyPartAwareNetwork, BodyPartAwareOutput, ensemble
from trainer.models.hrnet import W32, HRNet, HRNetSize, load_imagenet
from trainer.models.resnet import WIDTHS, ResNet
from trainer.recipe_fields import Record
from trainer.targets import gaussian_maps
from trainer.task import Task

_JOINTS = 16
_SIZES = {
    "hrnet_w32": (W32, (2, 2, 2, 2), WIDTHS),
    "hrnet_tiny": (HRNetSize(8, 8, 1, (1, 1, 1), 1), (1, 1, 1, 1), (8, 16, 24, 32)),  # for two cores
}


class BodyPartAwareSettings(Record):
    """The network of paper A.

    Attributes:
        system: Tells the systems apart in a recipe.
        backbone: HRNet-W32 with ResNet-18s, or small ones for two cores.
        size: Side of the pictures in pixels; parts are cut out of ones twice as large (paper: 256 and 512).
        balance: λ, of the actions beside the poses (paper: .00075).
        gamma: Of the focal loss.
    """

    system: Literal["body_part_aware"]
    backbone: Literal["hrnet_w32", "hrnet_tiny"]
    size: Annotated[int, Field(ge=32, le=512, multiple_of=32)] = 256
    balance: Annotated[float, Field(gt=0)] = 0.00075
    gamma: Annotated[float, Field(ge=0)] = 2.0


def body_part_aware_task(settings: BodyPartAwareSettings, classes: int, weights: Path | None) -> Task:
    """The task of paper A; ``weights`` are the HRNet's. Batches hold the large pictures."""
    size, blocks, widths = _SIZES[settings.backbone]
    backbone = HRNet(size)
    if weights is not None:
        load_imagenet(backbone, weights)
    residual = [ResNet(BasicBlock, blocks, classes=0, widths=widths) for _ in range(2)]
    network = BodyPartAwareNetwork(backbone, size.branch_channels, *residual, widths, joints=_JOINTS, classes=classes)

    def run(model: nn.Module, batch: Batch) -> BodyPartAwareOutput:
        large = to_range(batch.pixels, IMAGENET)
        return model(nn.functional.avg_pool2d(large, 2), large)

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        output = run(model, batch)
        height, width = output.heat_maps.shape[2:]
        stride = batch.pixels.shape[1] / height
        targets = gaussian_maps(batch.joints, height=height, width=width, stride=stride)
        pose = weighted_squared_error(output.heat_maps, targets, (batch.joints != -1).any(-1).float())
        if batch.labels.ndim == 2:  # V-COCO: each action is done or not
            actions = [binary_cross_entropy(scores, batch.labels) for scores in output.scores]
        else:
            actions = [focal(scores, batch.labels, gamma=settings.gamma) for scores in output.scores]
        return multitask_aware(pose, batch.has_pose, actions, batch.has_action, balance=settings.balance)

    def answers(model: nn.Module, batch: Batch) -> torch.Tensor:
        return ensemble(run(model, batch), multi_label=batch.labels.ndim == 2)

    return Task(network, loss, answers)
