"""System C: a 3D network whose layers vote for the action too, each through a gate (paper C, section 3.9 and figure 9).

Paper C is Yudistira, Kavitha, Kurita, "Weakly-Supervised Action Localization, and Action Recognition using Global-Local
Attention of 3D CNN". A gated network gives its layers' outputs along with its scores, so that it can be explained as it
is (`trainer.attribution`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from trainer.models.i3d import I3d
from trainer.models.resnext3d import ResNeXt3d

TIME_FACTOR = 2  # t: frames of a layer that are averaged into one (section 4, "Models")


@dataclass(frozen=True, slots=True)
class LayerSize:
    """Channels and frames of a layer's output, for clips of the length that the network is made for."""

    channels: int
    frames: int


class Gate(nn.Module):
    """ReLU → mean over space and every t frames → FC: a layer's output (N, C, T, H, W) → class scores (N, A).

    The paper writes the pooled size as T/t×1×1×1, without channels. As that would leave a class T/t numbers to be told
    by, channels are kept, as in the attention gates that it refers to (Schlemper et al., Medical Image Analysis 53,
    2019).
    """

    def __init__(self, size: LayerSize, classes: int, *, time_factor: int = TIME_FACTOR) -> None:
        super().__init__()
        self.size = size
        self.time_factor = min(time_factor, size.frames)
        self.fc = nn.Linear(size.channels * (size.frames // self.time_factor), classes)

    def forward(self, layer: torch.Tensor) -> torch.Tensor:
        if tuple(layer.shape[1:3]) != (self.size.channels, self.size.frames):
            raise ValueError(
                f"the gate was made for {self.size.channels} channels and {self.size.frames} frames, the layer gives "
                f"{layer.shape[1]} and {layer.shape[2]}; give clips of the length that the network was made for"
            )
        frames = torch.relu(layer).mean((3, 4))
        # A mean over an axis and not `avg_pool1d`, for whose gradient ONNX has no operator; frames that do not fill a
        # group are left out.
        groups = frames[..., : self.size.frames // self.time_factor * self.time_factor].unflatten(
            2, (-1, self.time_factor)
        )
        return self.fc(groups.mean(3).flatten(1))


class ExplainedBackbone(nn.Module):
    """Either of the paper's networks as what `GatedNetwork` puts gates on: clips → its layers' outputs by name, and its
    scores.
    """

    def __init__(self, network: ResNeXt3d | I3d, *, moving_only: bool = False) -> None:
        """Wrap a network.

        Args:
            network: The paper's.
            moving_only: Give it each frame less the mean of the clip: where a camera stands still, what moves is left.
        """
        super().__init__()
        self.network, self.moving_only = network, moving_only
        self.pixel_range = network.pixel_range

    def forward(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        return self.network.explained(clips - clips.mean(2, keepdim=True) if self.moving_only else clips)


class GatedNetwork(nn.Module):
    """Clips (N, 3, T, H, W) → the layers' outputs by name, and scores (N, A): those of the backbone plus those of every
    gate. Pixels are of the backbone's range (`trainer.layers.pixels.FromPixels` sees to it).

    The paper does not say how gates and classifier are fused; a sum of fully connected layers' scores is one fully
    connected layer over all that they see.
    """

    def __init__(
        self, backbone: nn.Module, classes: int, gates: Mapping[str, LayerSize], *, time_factor: int = TIME_FACTOR
    ) -> None:
        """Put gates on a backbone.

        Args:
            backbone: Clips → outputs of its layers by name, and class scores ``(N, A)``; for the paper's networks an
                `ExplainedBackbone`.
            classes: A.
            gates: The layers that get one, any subset (tables 9 and 10).
            time_factor: t.

        Raises:
            ValueError: No layer is named.
        """
        super().__init__()
        if not gates:
            raise ValueError("no layer is to be gated; name at least one of the backbone's layers")
        self.backbone = backbone
        self.pixel_range = getattr(backbone, "pixel_range", None)  # backbones of tests name none
        self.gates = nn.ModuleDict({name: Gate(size, classes, time_factor=time_factor) for name, size in gates.items()})

    def forward(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        layers, scores = self.backbone(clips)
        missing = [name for name in self.gates if name not in layers]
        if missing:
            raise ValueError(f"the backbone has no layer {', '.join(missing)}; it gives {', '.join(layers)}")
        return layers, scores + torch.stack([gate(layers[name]) for name, gate in self.gates.items()]).sum(0)
