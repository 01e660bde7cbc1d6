"""Centre and scale of a person in a clip of joints, for normalisation."""

import torch


def centre_and_scale(xy: torch.Tensor, confidence: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Centre of each frame's joints and scale of the clip, by which joints are normalised. N clips, T frames, J joints.

    Args:
        xy: ``(N, T, J, D)`` coordinates, in pixels or metres.
        confidence: ``(N, T, J, 1)`` 0..1.

    Returns:
        centre: ``(N, T, 1, D)`` mean of each frame's joints, weighted by confidence.
        scale: ``(N, 1, 1, 1)`` the clip's mean joint distance from the centre, of the frames that are seen.
        seen: ``(N, T, 1, 1)`` 1 for a frame whose joints have a mean confidence above 0.05, else 0.
    """
    weight = confidence.sum(2, keepdim=True).clamp_min(1e-4)  # (N, T, 1, 1)
    centre = (xy * confidence).sum(2, keepdim=True) / weight
    spread = torch.sqrt(
        ((xy - centre).square().sum(-1, keepdim=True) * confidence).sum(2, keepdim=True) / weight + 1e-8
    )
    seen = (confidence.mean(2, keepdim=True) > 0.05).float()
    scale = ((spread * seen).sum(1, keepdim=True) / seen.sum(1, keepdim=True).clamp_min(1.0)).clamp_min(1e-3)
    return centre, scale, seen
