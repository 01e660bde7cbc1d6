"""What every gradient attribution starts from: the outputs of a network's layers, and how a class's score depends on them.

There are no hooks: a network gives its layers' outputs along with its scores (`Explained`), and the gradients are asked of the very graph
that joins them. So nothing is left behind in the network, and forward and backward pass can be traced into one plain graph.

Shapes: N samples, C channels, and T×H×W cells of a clip or H×W of a picture; maps of several layers come as a dictionary by name, in the
order of computation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

# Input → the outputs of chosen layers by name, and class scores (N, A) that were computed from them.
Explained: TypeAlias = Callable[[torch.Tensor], tuple[dict[str, torch.Tensor], torch.Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class LayerGradients:
    """Attributes: outputs α ``(N, C, ...)`` of each layer, the gradients ∂y/∂α of the same shapes, and the class scores ``(N, A)``."""

    activations: dict[str, torch.Tensor]
    gradients: dict[str, torch.Tensor]
    scores: torch.Tensor


def chosen_score(scores: torch.Tensor, label: int | torch.Tensor | None) -> torch.Tensor:
    """The score y of each sample that is explained: ``(N,)``.

    Args:
        scores: ``(N, A)``.
        label: None takes each sample's highest score (paper C, eq. 1: max(y)); a number that class for all; ``(N,)`` int64 one for each.

    Raises:
        ValueError: There is no such class, or not one for each sample.
    """
    if label is None:
        return scores.amax(1)
    if isinstance(label, int):
        if not -scores.shape[1] <= label < scores.shape[1]:
            raise ValueError(f"label is {label}, the network has {scores.shape[1]} classes")
        return scores[:, label]
    if label.shape != scores.shape[:1]:
        raise ValueError(f"labels are {tuple(label.shape)}, there are {len(scores)} samples: give one for each, or one number for all")
    return scores.gather(1, label[:, None])[:, 0]


def layer_gradients(network: Explained, inputs: torch.Tensor, *, label: int | torch.Tensor | None = None) -> LayerGradients:
    """Run forward and backward once, as far back as the first of the chosen layers.

    Args:
        network: In evaluation mode, so that samples of a batch do not touch each other.
        inputs: ``(N, 3, T, H, W)`` or ``(N, 3, H, W)``.
        label: See `chosen_score`.

    Raises:
        ValueError: A layer's output does not reach the scores, or see `chosen_score`.
    """
    with torch.enable_grad():
        # Where all weights are frozen, only an input that wants a gradient makes a graph to ask.
        activations, scores = network(inputs.detach().requires_grad_(True))
        total = chosen_score(scores, label).sum()
        found = torch.autograd.grad(total, list(activations.values()), allow_unused=True)
    gradients = {}
    for name, gradient in zip(activations, found, strict=True):
        if gradient is None:
            raise ValueError(f"the scores do not depend on the output of layer {name!r}; give what the network computes them from")
        gradients[name] = gradient
    return LayerGradients({name: value.detach() for name, value in activations.items()}, gradients, scores.detach())
