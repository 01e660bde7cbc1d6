"""Crops of body parts inside a network: heat maps → joints → squares → pictures of head, right hand and left hand
(paper A, section 3.4).

Everything here is traced into the exported graph. No gradient flows through the places: they come from a maximum.
"""

import torch
from torch.nn import functional

from edgeact.skeleton import MPII_16

# Which joints a part's centre is the mean of. The paper does not say which point stands for the head.
HEAD = tuple(MPII_16.index(name) for name in ("upper_neck", "head_top"))
RIGHT_HAND = (MPII_16.index("right_wrist"),)
LEFT_HAND = (MPII_16.index("left_wrist"),)


def peak_joints(maps: torch.Tensor) -> torch.Tensor:
    """Places of the highest cells: heat maps (N, K, h, w) → ``(N, K, 2)`` x, y as shares of the picture, 0..1 from edge
    to edge.
    """
    height, width = maps.shape[2:]
    peak = maps.flatten(2).argmax(2)
    cells = torch.stack([peak % width, torch.div(peak, width, rounding_mode="floor")], -1)
    return (cells.to(maps.dtype) + 0.5) / torch.tensor([width, height], dtype=maps.dtype, device=maps.device)


def part_squares(joints: torch.Tensor) -> torch.Tensor:
    """Squares of head, right hand and left hand: joints (N, 16, 2) of MPII → ``(N, 3, 4)`` x_min, y_min, x_max, y_max
    in the joints' unit.

    l = ¼·√((max_x − min_x)² + (max_y − min_y)²) over all joints; a square's side is 2·l (eq. 2). The unit must be the
    same along both axes, as pixels are: for shares of a picture see `part_squares_in_shares`.

    Raises:
        ValueError: The joints are not MPII's.
    """
    if joints.ndim != 3 or tuple(joints.shape[1:]) != (len(MPII_16.joints), 2):
        raise ValueError(
            f"joints are {tuple(joints.shape)}; the squares are defined on MPII's {len(MPII_16.joints)}: "
            f"give (N, {len(MPII_16.joints)}, 2) in its order"
        )
    extent = joints.amax(1) - joints.amin(1)
    length = 0.25 * extent.square().sum(-1).sqrt()
    centres = torch.stack([joints[:, list(part)].mean(1) for part in (HEAD, RIGHT_HAND, LEFT_HAND)], 1)
    half = length[:, None, None]
    return torch.cat([centres - half, centres + half], -1)


def part_squares_in_shares(joints: torch.Tensor, *, height: int, width: int) -> torch.Tensor:
    """As `part_squares`, for joints (N, 16, 2) as shares of a picture of so many pixels: ``(N, 3, 4)`` as shares of it,
    too.

    A share of the width is not as long as the same share of the height. Lengths are measured in pixels, so that what is
    cut out is square in pixels whatever shape the picture has.
    """
    size = torch.tensor([width, height], dtype=joints.dtype, device=joints.device)
    return part_squares(joints * size) / size.repeat(2)


def cut_squares(pictures: torch.Tensor, squares: torch.Tensor, size: int) -> torch.Tensor:
    """Cut squares out of pictures, bilinear, 0 beyond the picture.

    Args:
        pictures: ``(N, 3, H, W)``.
        squares: ``(N, P, 4)`` as shares of the picture.
        size: Side of the crops in pixels.

    Returns:
        ``(N, P, 3, size, size)``.
    """
    parts = squares.shape[1]
    steps = (
        torch.arange(size, dtype=squares.dtype, device=squares.device) + 0.5
    ) / size  # centres of the crop's pixels
    low, side = squares[..., :2], squares[..., 2:] - squares[..., :2]
    x = low[..., :1] + side[..., :1] * steps  # (N, P, size)
    y = low[..., 1:] + side[..., 1:] * steps
    grid = torch.stack([x[:, :, None, :].expand(-1, -1, size, -1), y[:, :, :, None].expand(-1, -1, -1, size)], -1)
    # One tall grid of all parts: a grid a part would copy every picture P times.
    crops = functional.grid_sample(pictures, (2 * grid - 1).reshape(-1, parts * size, size, 2), align_corners=False)
    return crops.reshape(-1, 3, parts, size, size).transpose(1, 2)
