"""System B: a classifier that a human mask guides to look at the person (paper B, figure 3).

Paper B is "Loss Guided Activation for Action Recognition in Still Images". The mask trains the network; at run time
nobody needs a box.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from trainer.layers.residual import check_input

CLASS_CHANNELS = 1024  # kernels of the classification branch (section 4)
HUMAN_CHANNELS = (512, 64, 32, 1)  # of the four layers of the localisation branch (section 4)


@dataclass(frozen=True, slots=True, eq=False)
class LossGuidedOutput:
    """What the network gives.

    Attributes:
        scores: ``(N, A)`` before the softmax.
        class_maps: ``(N, 1024, h, w)`` F_cls, from which alone the scores are computed.
        human: ``(N, 1, h, w)`` M*, the person's heat map.
    """

    scores: torch.Tensor
    class_maps: torch.Tensor
    human: torch.Tensor


class LossGuidedNetwork(nn.Module):
    """Images (N, 3, H, W), normalised as the backbone wants them → `LossGuidedOutput`; 448² gives 14² cells (section
    4).
    """

    def __init__(
        self,
        backbone: nn.Module,
        channels: int,
        classes: int,
        *,
        class_channels: int = CLASS_CHANNELS,
        human_channels: tuple[int, ...] = HUMAN_CHANNELS,
    ) -> None:
        """Put the branches on a backbone.

        Args:
            backbone: Images → its last feature map F ``(N, channels, h, w)``.
            channels: Of F.
            classes: A.
            class_channels: Of F_cls.
            human_channels: Of the localisation branch's layers; the last must be 1.

        Raises:
            ValueError: The localisation branch does not end in one map.
        """
        super().__init__()
        if not human_channels or human_channels[-1] != 1:
            raise ValueError(f"human_channels are {human_channels}; the last layer must have 1, the person's heat map")
        self.backbone = backbone
        self.class_branch = nn.Conv2d(channels, class_channels, 3, padding=1)
        self.classifier = nn.Linear(class_channels, classes)
        widths = (channels, *human_channels)
        self.human_branch = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in pairwise(widths))

    def forward(self, images: torch.Tensor) -> LossGuidedOutput:
        check_input(images, axes=2)
        return self.from_features(self.backbone(images))

    def from_features(self, features: torch.Tensor) -> LossGuidedOutput:
        """What comes of the backbone's last map F (N, channels, h, w), for those who keep a frozen backbone's maps."""
        class_maps = torch.relu(self.class_branch(features))
        human = features
        for layer in self.human_branch:
            human = torch.relu(layer(human))
        return LossGuidedOutput(self.classifier(class_maps.mean((2, 3))), class_maps, human)


def sum_of_activations(class_maps: torch.Tensor, *, normalised: bool = False) -> torch.Tensor:
    """SAM(i, j) = Σ_k F_cls^k(i, j) (eq. 2): ``(N, h, w)``.

    Args:
        class_maps: ``(N, C, h, w)`` F_cls.
        normalised: Each channel to 0..1 first, by its own least and largest value: for comparing networks (section
            4.2).
    """
    return (_between_zero_and_one(class_maps) if normalised else class_maps).sum(1)


def predicting_activations(
    class_maps: torch.Tensor, weights: torch.Tensor, labels: torch.Tensor, *, normalised: bool = False
) -> torch.Tensor:
    """PAM(i, j) = Σ_k w_c^k·F_cls^k(i, j) at a class c (eq. 2): ``(N, h, w)``.

    Args:
        class_maps: ``(N, C, h, w)`` F_cls.
        weights: ``(A, C)`` of the classifier.
        labels: ``(N,)`` int64, the predicted class c* of each sample.
        normalised: See `sum_of_activations`.
    """
    maps = _between_zero_and_one(class_maps) if normalised else class_maps
    return (weights[labels][..., None, None] * maps).sum(1)


def _between_zero_and_one(maps: torch.Tensor) -> torch.Tensor:
    """Each channel by its own least and largest value; a channel without any difference becomes 0."""
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    extent = high - low
    return torch.where(
        extent > 0, (maps - low) / extent.clamp_min(torch.finfo(maps.dtype).tiny), torch.zeros_like(maps)
    )
