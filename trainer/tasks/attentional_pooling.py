"""Paper D: attention instead of a mean over the last map, with poses as a regularisation."""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from trainer.inputs.batch import Batch
from trainer.layers.attentional_pooling import (
    GeneralizedAttentionalPooling,
    MeanPooling,
    RankOneAttentionalPooling,
)
from trainer.layers.pixels import to_range
from trainer.losses import focal
from trainer.models.attentional_pooling import AttentionalPoolingNetwork, pose_regularisation
from trainer.recipe_fields import Record
from trainer.targets import gaussian_maps
from trainer.task import Task
from trainer.tasks.backbones import BackboneName, make_backbone


class AttentionalPoolingSettings(Record):
    """The network of paper D.

    Attributes:
        system: Tells the systems apart in a recipe.
        backbone: Which residual network (paper: ResNet-101).
        fixed_blocks: Of an EfficientNet-Lite, so many first blocks stay as published.
        size: Side of the pictures in pixels.
        pooling: The paper's, or one that it is compared with.
        matrices: T, of the generalised pooling.
        first_rank: r1, halved from matrix to matrix.
        pose_weight: Of the pose's loss (paper: 1e-6); 0 leaves its branch out.
        pose_width: Channels of the pose branch.
    """

    system: Literal["attentional_pooling"]
    backbone: BackboneName
    fixed_blocks: Annotated[int, Field(ge=0)] = 0
    size: Annotated[int, Field(ge=32, le=1024, multiple_of=32)] = 448
    pooling: Literal["generalized", "rank_one", "mean"] = "generalized"
    matrices: Annotated[int, Field(ge=1, le=8)] = 3
    first_rank: Annotated[int, Field(ge=2)] = 4096
    pose_weight: Annotated[float, Field(ge=0)] = 1e-6
    pose_width: Annotated[int, Field(ge=1)] = 256


def attentional_pooling_task(settings: AttentionalPoolingSettings, classes: int, weights: Path | None) -> Task:
    """The task of paper D; ``weights`` are the backbone's."""
    backbone, channels = make_backbone(settings.backbone, weights, settings.fixed_blocks)
    pooling: nn.Module
    match settings.pooling:
        case "generalized":
            pooling = GeneralizedAttentionalPooling(
                channels, classes, matrices=settings.matrices, first_rank=settings.first_rank
            )
        case "rank_one":
            pooling = RankOneAttentionalPooling(channels, classes)
        case "mean":
            pooling = MeanPooling(channels, classes)
    network = AttentionalPoolingNetwork(
        backbone, channels, pooling, pose=settings.pose_weight > 0, pose_width=settings.pose_width
    )

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        output = model(to_range(batch.pixels, backbone.pixel_range))
        value = focal(output.pooled.scores, batch.labels, gamma=0.0)
        if output.pose is not None:
            height, width = output.pose.shape[2:]
            targets = gaussian_maps(
                batch.joints, height=height, width=width, stride=batch.pixels.shape[1] / height, sigma=1.0
            )
            value = value + pose_regularisation(output.pose, targets, batch.has_pose, weight=settings.pose_weight)
        return value.mean()

    def answers(model: nn.Module, batch: Batch) -> torch.Tensor:
        return torch.softmax(model(to_range(batch.pixels, backbone.pixel_range)).pooled.scores, -1)

    return Task(network, loss, answers)
