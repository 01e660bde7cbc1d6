"""Paper E: pyramids whose every block says poses and actions; pictures teach poses, clips teach actions."""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from edgeact.errors import ConfigError
from trainer.inputs.batch import Batch
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.losses import elastic_net, focal, joint_confidence, pose_and_action
from trainer.models.pose_action_pyramid import PoseActionPyramid, PyramidSize
from trainer.recipe_fields import Record
from trainer.task import Task

_JOINTS = 16
DEPTH_RANGE = 2.0  # metres from z = 0 to z = 1; the pelvis is at .5 (section 4.2.1)


class PoseActionPyramidSettings(Record):
    """The network of paper E.

    Attributes:
        system: Tells the systems apart in a recipe.
        pyramids: P (paper: 2, 4, 8).
        levels: L (paper: 4).
        growth: Features more at each level (paper: 96).
        clip_channels: N_v (paper: 160 for flat poses, 192 for those with depth).
        first_action_pyramid: The first whose blocks say actions (with P = 8 the fifth).
        size: Side of the pictures in pixels (paper: 256).
        frames: Of a clip (paper: 16 for Penn Action).
        dimensions: 2, or 3 for poses with depth, which sets teach that know it.
        action_weight: Of actions and confidence beside poses (paper: .01).
    """

    system: Literal["pose_action_pyramid"]
    pyramids: Annotated[int, Field(ge=1, le=8)] = 2
    levels: Annotated[int, Field(ge=1, le=6)] = 4
    growth: Annotated[int, Field(ge=4)] = 96
    clip_channels: Annotated[int, Field(ge=16, multiple_of=16)] = 160
    first_action_pyramid: Annotated[int, Field(ge=1, le=8)] = 1
    size: Annotated[int, Field(ge=32, le=512, multiple_of=16)] = 256
    frames: Annotated[int, Field(ge=2, le=64)] = 16
    dimensions: Literal[2, 3] = 2
    action_weight: Annotated[float, Field(gt=0)] = 0.01


def pose_action_pyramid_task(settings: PoseActionPyramidSettings, classes: int, weights: Path | None) -> Task:
    """The task of paper E.

    Raises:
        ConfigError: Weights are given; nobody published any.
    """
    if weights is not None:
        raise ConfigError(f"{weights}: the pyramids start from random weights; leave --weights out")
    network = PoseActionPyramid(
        PyramidSize(
            pyramids=settings.pyramids,
            levels=settings.levels,
            joints=_JOINTS,
            dimensions=settings.dimensions,
            actions=classes,
            first_action_pyramid=settings.first_action_pyramid,
            growth=settings.growth,
            clip_channels=settings.clip_channels,
        )
    )

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        outputs = model(to_range(batch.pixels, SIGNED_UNIT))
        if batch.pixels.ndim == 5:  # clips teach actions
            actions = [focal(found.actions, batch.labels, gamma=0.0) for found in outputs if found.actions is not None]
            return pose_and_action([], [], actions, weight=settings.action_weight)
        known = (batch.joints != -1).any(-1)
        wanted = (batch.joints + 0.5) / settings.size  # pixels to 0..1 from edge to edge
        inside = ((wanted >= 0) & (wanted <= 1)).all(-1)
        available = (known & inside)[..., None].expand(-1, -1, 2)
        if settings.dimensions == 3:
            away = torch.full_like(wanted[..., 0], torch.nan) if batch.depth is None else batch.depth
            wanted = torch.cat([wanted, (0.5 + away / DEPTH_RANGE)[..., None]], -1)
            available = torch.cat([available, (available[..., 0] & away.isfinite())[..., None]], -1)
        present = torch.where(known, inside.float(), torch.full_like(known, -1, dtype=torch.float32))
        return pose_and_action(
            [elastic_net(found.poses, wanted, available) for found in outputs],
            [joint_confidence(found.confidence, present) for found in outputs],
            [],
            weight=settings.action_weight,
        )

    def answers(model: nn.Module, batch: Batch) -> torch.Tensor:
        last = model(to_range(batch.pixels, SIGNED_UNIT))[-1]
        return torch.softmax(last.actions, -1)

    return Task(network, loss, answers)
