"""3DCAM and what is built of it; on pictures the same functions give 2DCAM (paper C, section 3.8).

Paper C is Yudistira, Kavitha, Kurita, "Weakly-Supervised Action Localization, and Action Recognition using Global-Local
Attention of 3D CNN". Every function takes a network (`Explained`) and its input and returns maps of the input's size:
``(N, T, H, W)`` for clips, ``(N, H, W)`` for pictures.
"""

from collections.abc import Sequence

import torch

from trainer.attribution.gradients import Explained, LayerGradients, layer_gradients
from trainer.attribution.upsample import over_maximum, upsample


def cam3d(
    network: Explained,
    inputs: torch.Tensor,
    *,
    label: int | torch.Tensor | None = None,
    counterfactual: bool = False,
    layers: Sequence[str] | None = None,
) -> dict[str, torch.Tensor]:
    """3DCAM_k = ReLU(↑β_k / max ↑β_k)·ReLU(↑α_k / max ↑α_k) of each layer k (eq. 1 and 2), in 0..1.

    β_k = Σ_c ∂y/∂α_ck. The paper does not say how α_k loses its channels; it is summed over them too.

    Args:
        network: What to explain.
        inputs: ``(N, 3, T, H, W)`` or ``(N, 3, H, W)``.
        label: The class y; None takes the highest score.
        counterfactual: With −β for β (eq. 7): what speaks against the class.
        layers: Of which layers, in any order; None takes all that the network gives.

    Raises:
        ValueError: There is no such class or layer (`chosen_score`, `chosen_layers`).
    """
    found = layer_gradients(network, inputs, label=label, layers=layers)
    return cams_of(found, tuple(inputs.shape[2:]), counterfactual=counterfactual)


def sum_cam3d(
    network: Explained,
    inputs: torch.Tensor,
    *,
    label: int | torch.Tensor | None = None,
    counterfactual: bool = False,
    layers: Sequence[str] | None = None,
) -> torch.Tensor:
    """Sum3DCAM = ReLU(Σ_k 3DCAM_k) (eq. 6), in 0..number of layers; arguments as of `cam3d`.

    Which layers suit depends on how large in the picture those who act are (section 5.2): table 6 sums conv and layer
    1, table 7 layers 2 to 4.
    """
    cams = cam3d(network, inputs, label=label, counterfactual=counterfactual, layers=layers)
    return torch.relu(torch.stack(list(cams.values())).sum(0))


def average_cam3d(
    network: Explained,
    inputs: torch.Tensor,
    *,
    label: int | torch.Tensor | None = None,
    counterfactual: bool = False,
    layers: Sequence[str] | None = None,
) -> torch.Tensor:
    """The layers' 3DCAM pooled by their average (tables 4 and 5: "Avg pool 3DCAM"), in 0..1; arguments as of `cam3d`.

    Differs from `sum_cam3d` by the scale only: over their maximum (`localize.over_largest`) both give the same boxes.
    """
    cams = cam3d(network, inputs, label=label, counterfactual=counterfactual, layers=layers)
    return torch.stack(list(cams.values())).mean(0)


def cams_of(found: LayerGradients, size: tuple[int, ...], *, counterfactual: bool = False) -> dict[str, torch.Tensor]:
    """`cam3d` of gradients that are there already, up-sampled to a size: for several maps of one pass."""
    sign, cams = -1.0 if counterfactual else 1.0, {}
    for name, activation in found.activations.items():
        beta = upsample(sign * found.gradients[name].sum(1), size)
        alpha = upsample(activation.sum(1), size)
        cams[name] = torch.relu(over_maximum(beta)) * torch.relu(over_maximum(alpha))
    return cams
