"""Where a decision came from: maps that graphs give, and the relevance of each joint, drawn where the pose network saw
the joint.

The bundle's explain graph (forward and backward pass of the action graph, traced at export) says how much each joint of
each frame of the clip speaks for the winning action; the joint maps say where in the crop each joint is.
"""

import numpy as np
import numpy.typing as npt

from edgeact.types import AttentionMap, Float32

# Of the clip, only the last moments belong to the picture that is shown; half a second of them, so that the map does
# not flicker.
SHOWN_SECONDS = 0.5


def joint_weights(relevance: Float32, *, stride_seconds: float) -> Float32:
    """Relevance ``(T, J)`` of a clip → ``(J,)`` of its last `SHOWN_SECONDS`, summing to 1; equal where nothing is
    relevant.
    """
    moments = max(1, round(SHOWN_SECONDS / stride_seconds))
    weights = relevance[-moments:].sum(0)
    total = float(weights.sum())
    if not np.isfinite(total) or total <= 0:
        return np.full(relevance.shape[1], 1.0 / relevance.shape[1], np.float32)
    return np.asarray(weights / total, np.float32)


def attention_map(
    weights: Float32,
    joint_maps: Float32,
    *,
    name: str,
    box: Float32,
    label: str | None,
    placed: npt.NDArray[np.bool_] | None = None,
    decides: bool = True,
) -> AttentionMap:
    """The joints' maps, weighted and scaled to 0..1, where 1 is what the heaviest joint has.

    Args:
        weights: ``(J,)`` ≥ 0.
        joint_maps: ``(J, h, w)`` ≥ 0.
        name: What to call the map.
        box: ``(4,)`` what of the frame the maps show.
        label: The action that the weights speak for, None for the pose alone.
        placed: ``(J,)`` which joints have a place (default: all). The map of one that is out of sight is spread over
            the whole crop, so it is left out; the others get no brighter for it.
        decides: Whether the weights say what decided; the map then says how much each joint counts.
    """
    # The strongest joint at each place, and each map by its own peak: as a sum of distributions, the six sharp maps
    # that overlap on a head outshine the hand that decides.
    peaks = np.maximum(joint_maps.max((1, 2)), np.finfo(np.float32).tiny)
    heights = weights / peaks if placed is None else np.where(placed, weights / peaks, np.float32(0))
    values = (joint_maps * heights[:, None, None]).max(0)
    counts = weights if placed is None else np.where(placed, weights, np.float32(0))
    heaviest = float(weights.max())
    if heaviest > 0:
        values, counts = values / heaviest, counts / heaviest
    return AttentionMap(
        name=name,
        values=np.asarray(values, np.float32),
        box=box,
        label=label,
        joints=np.asarray(counts, np.float32) if decides else None,
    )


def scaled_map(values: Float32, *, is_mask: bool) -> Float32:
    """What a graph gives as a map → 0..1.

    Args:
        values: ``(h, w)`` of a frame, or ``(T, h, w)`` of a clip, whose maps are scaled together: a moment in which
            nothing mattered stays dark.
        is_mask: Whether the values mean a share already, which is only kept within its limits.
    """
    if is_mask:
        return np.asarray(np.clip(values, 0.0, 1.0), np.float32)
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.zeros_like(values, np.float32)
    return np.asarray((values - low) / (high - low), np.float32)


def newest_moment(values: Float32) -> Float32:
    """The map ``(h, w)`` of the frame that a clip ends with, out of ``(T, h, w)``; a frame's map is its own."""
    return values[-1] if values.ndim == 3 else values


def follow_box(box: Float32, before: Float32, now: Float32) -> Float32:
    """Where a map lies now that lay in ``box`` when the person's crop was ``before``: it moves and grows with it."""
    scale = (now[2:] - now[:2]) / np.maximum(before[2:] - before[:2], 1e-6)
    corners = (box.reshape(2, 2) - before[:2]) * scale + now[:2]
    return np.asarray(corners.reshape(4), np.float32)
