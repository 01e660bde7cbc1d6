"""CAM, GradCAM and Sum GradCAM: the methods that paper C measures itself against.

Maps have the input's size: ``(N, T, H, W)`` for clips, ``(N, H, W)`` for pictures.
"""

from collections.abc import Sequence

import torch

from trainer.attribution.gradients import Explained, LayerGradients, layer_gradients
from trainer.attribution.upsample import over_maximum, upsample


def cam(
    activation: torch.Tensor, weights: torch.Tensor, size: tuple[int, ...], *, labels: torch.Tensor
) -> torch.Tensor:
    """Σ_c w_c·α_c of the classifier's weights (Zhou et al., CVPR 2016, eq. 2), not cut at 0: ``(N, *size)``.

    Args:
        activation: ``(N, C, ...)`` output of the last layer, which is averaged over all cells and then classified.
        weights: ``(A, C)`` of the classifier.
        size: Of the input.
        labels: ``(N,)`` int64 the class of each sample.
    """
    return upsample(
        (activation * weights[labels].reshape(*activation.shape[:2], *[1] * (activation.ndim - 2))).sum(1), size
    )


def gradcam(
    network: Explained,
    inputs: torch.Tensor,
    *,
    label: int | torch.Tensor | None = None,
    layers: Sequence[str] | None = None,
) -> dict[str, torch.Tensor]:
    """ReLU(Σ_c a_c·α_c) of each layer, a_c the gradient's mean over the cells (Selvaraju et al., ICCV 2017, eq. 1 and
    2), over its maximum.

    Args:
        network: What to explain.
        inputs: ``(N, 3, T, H, W)`` or ``(N, 3, H, W)``.
        label: The class; None takes the highest score.
        layers: Of which layers, in any order; None takes all that the network gives.

    Raises:
        ValueError: There is no such class or layer (`chosen_score`, `chosen_layers`).
    """
    return gradcams_of(layer_gradients(network, inputs, label=label, layers=layers), tuple(inputs.shape[2:]))


def gradcams_of(found: LayerGradients, size: tuple[int, ...]) -> dict[str, torch.Tensor]:
    """`gradcam` of gradients that are there already, up-sampled to a size: for several maps of one pass."""
    maps = {}
    for name, activation in found.activations.items():
        gradient = found.gradients[name]
        weight = gradient.mean(tuple(range(2, gradient.ndim)), keepdim=True)
        maps[name] = over_maximum(upsample(torch.relu((weight * activation).sum(1)), size))
    return maps


def sum_gradcam(
    network: Explained,
    inputs: torch.Tensor,
    *,
    label: int | torch.Tensor | None = None,
    layers: Sequence[str] | None = None,
) -> torch.Tensor:
    """The layers' GradCAM, summed (paper C, tables 6 and 7), in 0..number of layers; arguments as of `gradcam`."""
    return torch.stack(list(gradcam(network, inputs, label=label, layers=layers).values())).sum(0)
