"""Paper B: the mask loss raises mAP.

On frozen maps the mask loss cannot reach the classes, which it does through a backbone that both branches share: here
it shows the spread of chance.
"""

from pathlib import Path

import torch
from torch import nn

from trainer.claims.outcome import Outcome
from trainer.claims.stanford_maps import Draw, Reduced, Variant, class_loss, try_variants
from trainer.losses import mask_guided
from trainer.models.loss_guided import LossGuidedNetwork


def try_mask_loss(data: Reduced, work: Path, *, seeds: int, epochs: int) -> list[Outcome]:
    """Train network B's head with and without the mask loss, and measure both by their mAP.

    Raises:
        DivergenceError: A training diverged.
    """
    channels, classes = data.maps.shape[1], data.classes

    def guided() -> nn.Module:
        return _FromMaps(LossGuidedNetwork(nn.Identity(), channels, classes, class_channels=64, human_channels=(16, 1)))

    def with_mask(network: nn.Module, batch: Draw) -> torch.Tensor:
        output = network(batch[0])
        return mask_guided(output.scores, batch[1], output.human, batch[2]).mean()

    variants: list[Variant] = [("class loss alone", guided, class_loss), ("with the mask loss", guided, with_mask)]
    return try_variants("mask_loss", variants, data, work, seeds=seeds, epochs=epochs)


class _FromMaps(nn.Module):
    """Network B behind its backbone: maps (N, C, h, w) → its output."""

    def __init__(self, network: LossGuidedNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, maps: torch.Tensor) -> object:
        return self.network.from_features(maps)
