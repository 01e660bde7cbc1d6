"""What the networks are to predict: heat maps of joints and masks of persons.

Pixel and cell centres are at whole numbers: of maps whose cells are ``stride`` pixels wide, cell c has its centre at (c
+ ½)·stride − ½. What is given back is on the device of what was given.
"""

import torch


def cells_of(pixels: torch.Tensor, stride: float) -> torch.Tensor:
    """Places in pixels → places in cells."""
    return (pixels + 0.5) / stride - 0.5


def gaussian_maps(joints: torch.Tensor, *, height: int, width: int, stride: float, sigma: float = 2.0) -> torch.Tensor:
    """Heat maps ``(N, J, height, width)`` with a Gaussian of peak 1 at each joint (Sun et al., CVPR 2019, section 3).

    Args:
        joints: ``(N, J, 2)`` x, y in pixels; where both are −1 the map is 0.
        height: Rows of the maps.
        width: Columns of the maps.
        stride: Pixels from one cell to the next.
        sigma: Cells.
    """
    centre = cells_of(joints, stride)
    x = torch.exp(-((torch.arange(width, device=joints.device) - centre[..., :1]) ** 2) / (2 * sigma**2))
    y = torch.exp(-((torch.arange(height, device=joints.device) - centre[..., 1:]) ** 2) / (2 * sigma**2))
    known = (joints != -1).any(-1)
    return y[..., :, None] * x[..., None, :] * known[..., None, None]


def box_masks(boxes: torch.Tensor, *, height: int, width: int, stride: float) -> torch.Tensor:
    """Masks ``(N, 1, height, width)``: 1 for each cell whose centre lies in the person's box, else 0 (paper B, section
    3.2).

    Args:
        boxes: ``(N, 4)`` x_min, y_min, x_max, y_max in pixels.
        height: Rows of the masks.
        width: Columns of the masks.
        stride: Pixels from one cell to the next.
    """
    x = (torch.arange(width, device=boxes.device) + 0.5) * stride - 0.5
    y = (torch.arange(height, device=boxes.device) + 0.5) * stride - 0.5
    inside_x = (x >= boxes[:, :1]) & (x <= boxes[:, 2:3])
    inside_y = (y >= boxes[:, 1:2]) & (y <= boxes[:, 3:])
    return (inside_y[:, :, None] & inside_x[:, None, :])[:, None].float()


def joints_boxes(joints: torch.Tensor, *, growth: float = 0.5) -> torch.Tensor:
    """Boxes ``(N, 4)`` around the joints, their sides longer by ``growth``: where a data set names joints but no box
    (paper B, section 4).

    Args:
        joints: ``(N, J, 2)`` x, y in pixels; joints with both −1 are not annotated. A sample without any gives a box of
            NaN, which no cell lies in.
        growth: Share of the side; half of it is added on each end.
    """
    known = (joints != -1).any(-1, keepdim=True)
    low = torch.where(known, joints, torch.inf).amin(1)
    high = torch.where(known, joints, -torch.inf).amax(1)
    extra = (high - low) * growth / 2
    boxes = torch.cat([low - extra, high + extra], -1)
    return torch.where(known.any(1), boxes, torch.nan)
