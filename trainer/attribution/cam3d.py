"""3DCAM and what is built of it; on pictures the same functions give 2DCAM (paper C, section 3.8).

Paper C is Yudistira, Kavitha, Kurita, "Weakly-Supervised Action Localization, and Action Recognition using Global-Local Attention of 3D
CNN". Every function takes a network (`Explained`) and its input and returns maps of the input's size: ``(N, T, H, W)`` for clips,
``(N, H, W)`` for pictures.
"""

import torch

from trainer.attribution.gradients import Explained, LayerGradients, layer_gradients
from trainer.attribution.upsample import over_maximum, upsample


def cam3d(
    network: Explained, inputs: torch.Tensor, *, label: int | torch.Tensor | None = None, counterfactual: bool = False
) -> dict[str, torch.Tensor]:
    """3DCAM_k = ReLU(↑β_k / max ↑β_k)·ReLU(↑α_k / max ↑α_k) of each layer k (eq. 1 and 2), in 0..1.

    β_k = Σ_c ∂y/∂α_ck. The paper does not say how α_k loses its channels; it is summed over them too.

    Args:
        network: What to explain.
        inputs: ``(N, 3, T, H, W)`` or ``(N, 3, H, W)``.
        label: The class y; None takes the highest score.
        counterfactual: With −β for β (eq. 7): what speaks against the class.
    """
    return _cams(layer_gradients(network, inputs, label=label), tuple(inputs.shape[2:]), -1.0 if counterfactual else 1.0)


def sum_cam3d(
    network: Explained, inputs: torch.Tensor, *, label: int | torch.Tensor | None = None, counterfactual: bool = False
) -> torch.Tensor:
    """Sum3DCAM = ReLU(Σ_k 3DCAM_k) (eq. 6), in 0..number of layers."""
    cams = cam3d(network, inputs, label=label, counterfactual=counterfactual)
    return torch.relu(torch.stack(list(cams.values())).sum(0))


def average_cam3d(
    network: Explained, inputs: torch.Tensor, *, label: int | torch.Tensor | None = None, counterfactual: bool = False
) -> torch.Tensor:
    """The layers' 3DCAM pooled by their average (tables 4 and 5: "Avg pool 3DCAM"), in 0..1.

    Differs from `sum_cam3d` by the scale only, and so by which thresholds of 0..1 cut which boxes out of it (`localize`).
    """
    cams = cam3d(network, inputs, label=label, counterfactual=counterfactual)
    return torch.stack(list(cams.values())).mean(0)


def _cams(found: LayerGradients, size: tuple[int, ...], sign: float) -> dict[str, torch.Tensor]:
    cams = {}
    for name, activation in found.activations.items():
        beta = upsample(sign * found.gradients[name].sum(1), size)
        alpha = upsample(activation.sum(1), size)
        cams[name] = torch.relu(over_maximum(beta)) * torch.relu(over_maximum(alpha))
    return cams
