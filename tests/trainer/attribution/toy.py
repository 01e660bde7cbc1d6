"""A toy network of two convolutions over clips or pictures, small enough to check attributions by brute force."""

import torch
from torch import nn


class Toy(nn.Module):
    """conv (stride 2 in space) → ReLU → conv → ReLU → mean over all cells → three classes."""

    def __init__(self, *, clips: bool = True, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        convolution = nn.Conv3d if clips else nn.Conv2d
        self.first = convolution(3, 4, 3, stride=(1, 2, 2) if clips else 2, padding=1)
        self.second = convolution(4, 5, 3, padding=1)
        self.classifier = nn.Linear(5, 3)

    def after_first(self, alpha: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.relu(alpha)))

    def after_second(self, alpha: torch.Tensor) -> torch.Tensor:
        return self.classifier(alpha.flatten(2).mean(2))

    def forward(self, inputs: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        first = self.first(inputs)
        second = self.after_first(first)
        return {"first": first, "second": second}, self.after_second(second)
