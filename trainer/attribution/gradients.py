"""What every gradient attribution starts from: the outputs of a network's layers, and how a class's score depends on
them.

There are no hooks: a network gives its layers' outputs along with its scores (`Explained`), and the gradients are asked
of the very graph that joins them. So nothing is left behind in the network, and forward and backward pass can be traced
into one plain graph.

Shapes: N samples, C channels, and T×H×W cells of a clip or H×W of a picture; maps of several layers come as a
dictionary by name, in the order of computation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

# Input → the outputs of chosen layers by name, and class scores (N, A) that were computed from them.
Explained: TypeAlias = Callable[[torch.Tensor], tuple[dict[str, torch.Tensor], torch.Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class LayerGradients:
    """Attributes: outputs α ``(N, C, ...)`` of each layer, the gradients ∂y/∂α of the same shapes, and the class scores
    ``(N, A)``.
    """

    activations: dict[str, torch.Tensor]
    gradients: dict[str, torch.Tensor]
    scores: torch.Tensor


def chosen_score(scores: torch.Tensor, label: int | torch.Tensor | None) -> torch.Tensor:
    """The score y of each sample that is explained: ``(N,)``.

    Args:
        scores: ``(N, A)``.
        label: None takes each sample's highest score (paper C, eq. 1: max(y)); a number that class for all; ``(N,)``
            int64 one for each.

    Raises:
        ValueError: There is no such class, or not one for each sample.
    """
    if label is None:
        return scores.amax(1)
    classes = scores.shape[1]
    if isinstance(label, int):
        _check_label(label, classes)
        return scores[:, label]
    if label.shape != scores.shape[:1]:
        raise ValueError(
            f"labels are {tuple(label.shape)}, there are {len(scores)} samples: give one for each, or one number "
            "for all"
        )
    for each in label.tolist():
        _check_label(each, classes)
    return scores.gather(1, label[:, None])[:, 0]


def _check_label(label: int, classes: int) -> None:
    # Not counted from the end, as Python would: −1 is `MISSING`, and would have the last class explained.
    if not 0 <= label < classes:
        raise ValueError(
            f"label is {label}, the network has {classes} classes; give one of 0 to {classes - 1}, or None for "
            "the highest"
        )


def chosen_layers(activations: dict[str, torch.Tensor], layers: Sequence[str] | None) -> dict[str, torch.Tensor]:
    """The named ones of a network's layers, in the network's order; None takes all.

    Raises:
        ValueError: No layer is named, or one that the network does not give.
    """
    if layers is None:
        return activations
    unknown = [name for name in layers if name not in activations]
    if unknown or not layers:
        wanted = f"there is no layer {', '.join(unknown)}" if unknown else "no layer is named"
        raise ValueError(f"{wanted}; the network gives {', '.join(activations)}")
    return {name: value for name, value in activations.items() if name in layers}


def layer_gradients(
    network: Explained,
    inputs: torch.Tensor,
    *,
    label: int | torch.Tensor | None = None,
    layers: Sequence[str] | None = None,
) -> LayerGradients:
    """Run forward and backward once, as far back as the first of the chosen layers.

    Args:
        network: In evaluation mode, so that samples of a batch do not touch each other.
        inputs: ``(N, 3, T, H, W)`` or ``(N, 3, H, W)``.
        label: See `chosen_score`.
        layers: See `chosen_layers`.

    Raises:
        ValueError: A layer's output does not reach the scores, or see `chosen_score` and `chosen_layers`.
    """
    with torch.enable_grad():
        # Where all weights are frozen, only an input that wants a gradient makes a graph to ask.
        given, scores = network(inputs.detach().requires_grad_(True))
        activations = chosen_layers(given, layers)
        total = chosen_score(scores, label).sum()
        found = torch.autograd.grad(total, list(activations.values()), allow_unused=True)
    gradients = {}
    for name, gradient in zip(activations, found, strict=True):
        if gradient is None:
            raise ValueError(
                f"the scores do not depend on the output of layer {name!r}; give what the network computes them from"
            )
        gradients[name] = gradient
    return LayerGradients({name: value.detach() for name, value in activations.items()}, gradients, scores.detach())
