"""A random file in the format of the published folded MobileNetV2 weights, and the network that it holds."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from trainer.layers.convolution import FoldedConv, fold_normalisation
from trainer.models.compact import CompactBackbone


def write_folded_weights(path: Path) -> tuple[Path, CompactBackbone]:
    """Write ``path`` and return it with the folded network whose weights it holds."""
    torch.manual_seed(0)
    backbone = CompactBackbone().eval()
    for module in backbone.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias, 0.1, 0.3)
            torch.nn.init.uniform_(module.weight, 1.0, 2.0)
    fold_normalisation(backbone)
    weights = {}
    for name, module in backbone.named_modules():
        if isinstance(module, FoldedConv):
            published = name.replace(".layers.", ".")
            weights[f"{published}.weight"] = module.weight.contiguous()
            weights[f"{published}.bias"] = module.bias.contiguous()
    save_file(weights, path)
    return path, backbone
