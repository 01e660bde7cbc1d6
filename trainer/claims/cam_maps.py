"""Every kind of map of a small 3D network (paper C), and how well each points at those who act."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from edgeact.geometry import LETTERBOX_GREY
from trainer.attribution.cam3d import cams_of
from trainer.attribution.gradcam import gradcams_of
from trainer.attribution.gradients import layer_gradients
from trainer.evaluate.metrics.average_precision import average_precision
from trainer.evaluate.metrics.map_boxes import CLIP_OVERLAPS, COARSE_THRESHOLDS, hits, max_box_accuracy, over_largest
from trainer.evaluate.metrics.pointing_game import points_at
from trainer.inputs.batch import Batch
from trainer.layers.pixels import ACTIVITYNET, to_range

_SUMS = {"conv and 1": ("conv", "layer1"), "2 to 4": ("layer2", "layer3", "layer4")}  # tables 6 and 7
BLOB, MOVEMENT = "a blob in the middle", "what moves"  # maps that have learnt nothing


@dataclass(frozen=True, slots=True, eq=False)
class KnownFrame:
    """A frame of a held-out clip in which it is known who acts.

    Attributes:
        clip: Which held-out clip, from 0.
        frame: Which of the frames that the network is given.
        boxes: ``(G, 4)`` float32 in pixels of the network's pictures.
        mask: ``(H, W)`` bool, the pixels that show who acts; None where boxes alone are known.
    """

    clip: int
    frame: int
    boxes: np.ndarray
    mask: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class MapScore:
    """How well one kind of attention map locates the people who act, by three localisation metrics.

    Attributes:
        boxes: MaxBoxAcc, the mean over θ from .05 to .5.
        points: Share of frames in which a map's highest place lies on one who acts: on the mask, or else in a box.
        hits: Share of frames in which the part of a map that reaches half of its maximum touches a box: the paper's hit
            point.
        pixels: How far the pixels of those who act come before the others: the average precision of all pixels of all
            frames (PxAP of Choe et al., CVPR 2020); None without masks.
    """

    boxes: float
    points: float
    hits: float
    pixels: float | None


def score_maps(
    network: torch.nn.Module,
    batches: Sequence[Batch],
    known: Sequence[KnownFrame],
    *,
    inside: bool = False,
    progress: Callable[[Sequence, str], Iterable],
) -> dict[str, MapScore]:
    """Score each kind of map.

    Args:
        network: Clips → its layers' outputs and scores, in evaluation mode.
        batches: The held-out clips, in order.
        known: Who acts where in them; with a mask in every frame or in none.
        inside: Whether maps are set to 0 in the grey beside the pictures.
        progress: Gives items one after the other and shows how far it is.
    """
    maps: dict[str, list[np.ndarray]] = {}
    for batch in progress(batches, "maps"):
        for kind, values in all_maps(network, batch).items():
            maps.setdefault(kind, []).extend(values * _inside(batch.pixels)[:, None].numpy() if inside else values)
    return {
        kind: _score([over_largest(maps[kind][frame.clip][frame.frame]) for frame in known], known)
        for kind in progress(list(maps), "scores")
    }


def _score(seen: Sequence[np.ndarray], known: Sequence[KnownFrame]) -> MapScore:
    right = max_box_accuracy(seen, [frame.boxes for frame in known], CLIP_OVERLAPS, thresholds=COARSE_THRESHOLDS)
    masks = [frame.mask for frame in known if frame.mask is not None]
    if masks:
        assert len(masks) == len(known), "masks are known of all frames or of none"
        points = [bool(mask.flat[values.argmax()]) for values, mask in zip(seen, masks, strict=True)]
        pixels = average_precision(np.stack(seen).reshape(-1), np.stack(masks).reshape(-1))
    else:
        points = [points_at(values, frame.boxes, tolerance=0) for values, frame in zip(seen, known, strict=True)]
        pixels = None
    touching = [any(hits(values, box) for box in frame.boxes) for values, frame in zip(seen, known, strict=True)]
    return MapScore(float(np.mean(list(right.values()))), float(np.mean(points)), float(np.mean(touching)), pixels)


def all_maps(network: torch.nn.Module, batch: Batch) -> dict[str, np.ndarray]:
    """Every kind of map of a batch of clips, of the likeliest action: each ``(N, T, H, W)`` float32, 0 or more."""
    size = (*batch.pixels.shape[1:4],)
    gradients = layer_gradients(network, to_range(batch.pixels, ACTIVITYNET))
    cams, grads = cams_of(gradients, size), gradcams_of(gradients, size)
    sums = {"all layers": tuple(cams)} | {name: layers for name, layers in _SUMS.items() if set(layers) <= set(cams)}
    add = partial(torch.sum, dim=0)
    maps = {f"3DCAM {name}": value for name, value in cams.items()}
    maps |= {f"Sum3DCAM {name}": add(torch.stack([cams[layer] for layer in layers])) for name, layers in sums.items()}
    maps["GradCAM layer4"] = grads["layer4"]
    maps |= {f"Sum GradCAM {name}": add(torch.stack([grads[one] for one in layers])) for name, layers in sums.items()}
    maps |= {BLOB: _blob(batch.pixels), MOVEMENT: _movement(batch.pixels)}
    return {name: value.detach().numpy() for name, value in maps.items()}


def _movement(pixels: torch.Tensor) -> torch.Tensor:
    """How far each pixel of clips ``(N, T, H, W, 3)`` is from its mean over the clip, all colours together:
    ``(N, T, H, W)``.
    """
    values = pixels.float()
    return (values - values.mean(1, keepdim=True)).abs().sum(-1)


def _inside(pixels: torch.Tensor) -> torch.Tensor:
    """Which places of the squares of clips ``(N, T, H, W, 3)`` show the picture, and not the grey beside it:
    ``(N, H, W)`` bool.
    """
    shown = (pixels != LETTERBOX_GREY).any(-1).any(1)
    return shown.any(2, keepdim=True) & shown.any(1, keepdim=True)


def _blob(pixels: torch.Tensor) -> torch.Tensor:
    """What a map that has learnt nothing may say of clips ``(N, T, H, W, 3)``: ``(N, T, H, W)``, high in the middle of
    the picture and down to 0 at its edges. A clip's picture stands at the top left of its square; the rest is grey.
    """
    blobs = torch.zeros(pixels.shape[:4])
    for blob, inside in zip(blobs, _inside(pixels), strict=True):
        rows, columns = int(inside.any(1).sum()), int(inside.any(0).sum())
        down, right = (1 - torch.linspace(-1, 1, count).abs() for count in (rows, columns))
        blob[:, :rows, :columns] = torch.minimum(down[:, None], right[None])
    return blobs
