"""Maps of a layer's cells → maps of the input's pixels, and to the range 0..1."""

import torch
from torch.nn import functional

_MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def upsample(maps: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """↑ of paper C (section 3.3, eq. 3 to 5): trilinear for clips, bilinear for pictures.

    Args:
        maps: ``(N, T, H, W)`` or ``(N, H, W)``.
        size: T, H, W or H, W of the input.

    Returns:
        ``(N, *size)``. The cells share the input evenly: of stride s, cell i has its centre over that of frames or
        pixels s·i to s·i + s − 1 (the paper's equations put the outermost cells' centres on the corners, which would
        stretch a map of one or two frames over the whole clip).

        The centre of all that a cell sees, which is several times as wide, need not lie there: it is up to half a cell,
        (s − 1)/2, before in `ResNet` and `ResNeXt3d`, whose strided kernels of 3 pad one on both sides, and as much
        behind in `I3d`, whose kernels pad more at the end. A layer's output does not tell, and nothing is shifted.

    Raises:
        ValueError: Maps and size do not have the same axes.
    """
    axes = maps.ndim - 1
    if axes != len(size) or axes not in _MODES:
        raise ValueError(f"maps are {tuple(maps.shape)} and are wanted as {size}; both must have the axes (T,) H, W")
    return functional.interpolate(maps[:, None], size=size, mode=_MODES[axes], align_corners=False)[:, 0]


def over_maximum(maps: torch.Tensor) -> torch.Tensor:
    """Maps (N, ...) divided by each sample's own maximum; where that is not above 0 they become 0.

    Paper C, eq. 2, divides by the maximum whatever its sign; a negative one would turn the map's signs around, and
    there is nothing that speaks for the class then.
    """
    largest = maps.flatten(1).amax(1).reshape(-1, *[1] * (maps.ndim - 1))
    return torch.where(largest > 0, maps / largest.clamp_min(torch.finfo(maps.dtype).tiny), torch.zeros_like(maps))
