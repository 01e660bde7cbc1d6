"""Paper C: a 3D network whose layers speak for themselves through gates."""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from trainer.inputs.batch import Batch
from trainer.layers.pixels import ACTIVITYNET, to_range
from trainer.losses import focal
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.resnext3d import WIDTHS, ResNeXt3d, load_kenshohara
from trainer.recipe_fields import Record
from trainer.task import Task

LayerName = Literal["conv", "layer1", "layer2", "layer3", "layer4"]

_SIZES = {
    "resnext3d_101": {"blocks": (3, 4, 23, 3), "widths": WIDTHS, "stem_channels": 64, "cardinality": 32},
    "resnext3d_tiny": {"blocks": (1, 1, 1, 1), "widths": (32, 32, 64, 64), "stem_channels": 16, "cardinality": 8},
}


class Gated3dSettings(Record):
    """The network of paper C.

    Attributes:
        system: Tells the systems apart in a recipe.
        backbone: 3D ResNeXt-101, or a small one for two cores.
        size: Side of the pictures in pixels (paper: 112).
        frames: Of a clip (paper: 16).
        gates: The layers that speak for themselves (tables 9 and 10).
        time_factor: t, how many frames are averaged.
        moving_only: Whether frames are given less the mean of their clip, for cameras that stand still.
    """

    system: Literal["gated3d"]
    backbone: Literal["resnext3d_101", "resnext3d_tiny"]
    size: Annotated[int, Field(ge=32, le=256, multiple_of=16)] = 112
    frames: Annotated[int, Field(ge=4, le=64, multiple_of=2)] = 16
    gates: Annotated[tuple[LayerName, ...], Field(min_length=1)] = ("conv", "layer1", "layer2", "layer3", "layer4")
    time_factor: Annotated[int, Field(ge=1, le=8)] = 2
    moving_only: bool = False


def gated3d_task(settings: Gated3dSettings, classes: int, weights: Path | None) -> Task:
    """The task of paper C; ``weights`` are the backbone's, as 3D-ResNets-PyTorch publishes them."""
    backbone = ResNeXt3d(**_SIZES[settings.backbone], classes=classes)
    if weights is not None:
        load_kenshohara(backbone, weights, keep_head=False)
    backbone.eval()
    with torch.no_grad():  # sizes as the layers give them, whatever the clip's length
        maps = backbone.maps(torch.zeros(1, 3, settings.frames, settings.size, settings.size))
    sizes = {name: LayerSize(maps[name].shape[1], maps[name].shape[2]) for name in settings.gates}
    explained = ExplainedBackbone(backbone, moving_only=settings.moving_only)
    network = GatedNetwork(explained, classes, sizes, time_factor=settings.time_factor)

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        return focal(model(to_range(batch.pixels, ACTIVITYNET))[1], batch.labels, gamma=0.0).mean()

    def answers(model: nn.Module, batch: Batch) -> torch.Tensor:
        return torch.softmax(model(to_range(batch.pixels, ACTIVITYNET))[1], -1)

    return Task(network, loss, answers)
