"""The compact backbone with ImageNet's classifier on it: what the backbone's published weights say about a picture.

MobileNetV2 (Sandler et al., CVPR 2018, table 2) in full. Shows that the weights are loaded right, and is a network with
real decisions to try attributions on.
"""

import re
from pathlib import Path

import torch
from torch import nn

from trainer.layers.convolution import ConvNorm, fold_normalisation
from trainer.layers.pixels import SIGNED_UNIT
from trainer.models.compact import LEVEL_CHANNELS, STAGES, CompactBackbone, InvertedResidual
from trainer.models.published import load_published

HEAD_CHANNELS = 1280
CLASSES = 1001  # ImageNet's 1000 behind class 0, "background"
_LEVELS = ("stride4", "stride8", "stride16", "stride32")


class CompactClassifier(nn.Module):
    """Pictures (N, 3, H, W) in [−1, 1] → class scores (N, A)."""

    pixel_range = SIGNED_UNIT

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        expansion, channels, _, _ = STAGES[-1]
        self.backbone = CompactBackbone()
        self.last = InvertedResidual(LEVEL_CHANNELS[-1], channels, stride=1, expansion=expansion)
        self.head = ConvNorm(channels, HEAD_CHANNELS)
        self.fc = nn.Linear(HEAD_CHANNELS, classes)

    def explained(self, images: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The backbone's levels and the head's map, and the scores that come from them
        (`trainer.attribution.gradients.Explained`).
        """
        levels = self.backbone(images)
        maps = dict(zip(_LEVELS, levels, strict=True))
        maps["head"] = self.head(self.last(levels[-1]))
        return maps, self.fc(maps["head"].mean((2, 3)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.explained(images)[1]


def load_folded_classifier(path: Path, *, classes: int = CLASSES) -> CompactClassifier:
    """The published network, its normalisation folded into the convolutions as in the file, in evaluation mode.

    Args:
        path: ``.safetensors`` with keys ``stem.weight``, ``blocks.I.J.bias``, ``head.weight``, ``fc.weight`` …
        classes: Of the file's classifier.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read or does not fit.
    """
    network = CompactClassifier(classes).eval()
    fold_normalisation(network)
    last = len(network.backbone.blocks)

    def rename(name: str) -> str:
        if name.startswith("stem."):
            return f"backbone.{name}"
        ours = re.sub(rf"^blocks\.{last}\.(\d+)", r"last.layers.\1", name)
        return re.sub(r"^blocks\.(\d+)\.(\d+)", r"backbone.blocks.\1.layers.\2", ours)

    load_published(network, path, rename)
    return network
