"""The pictures that graphs are given of the whole frame or of one person, and what of the frame each shows."""

from edgeact.bundle.manifest import TensorSpec
from edgeact.geometry import crop_box, letterbox, letterbox_matrix, person_crop_matrix, warp
from edgeact.types import Float32, UInt8


def picture_size(tensor: TensorSpec) -> tuple[int, int]:
    """Width and height of the picture, or pictures of a clip, that an input takes; the plan has seen to it that they
    are fixed.
    """
    height, width = tensor.shape[-3:-1]
    return int(width), int(height)


def scene_picture(image: UInt8, size: tuple[int, int]) -> tuple[UInt8, Float32]:
    """A frame scaled to fit into a picture, aspect kept, as the detector sees it.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        size: Width and height of the picture.

    Returns:
        The picture, and the ``(4,)`` box in frame pixels that it shows, which may reach beyond the frame.
    """
    width, height = size
    matrix = letterbox_matrix(image.shape[1], image.shape[0], width=width, height=height)
    return letterbox(image, width=width, height=height), crop_box(matrix, width=width, height=height)


def person_picture(image: UInt8, box: Float32, size: tuple[int, int], *, padding: float) -> tuple[UInt8, Float32]:
    """The crop of one person, as the pose graph is given it.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        box: ``(4,)`` of the person.
        size: Width and height of the crop.
        padding: By how much it is larger than the box.

    Returns:
        The crop, and the ``(4,)`` box in frame pixels that it shows.
    """
    width, height = size
    matrix = person_crop_matrix(box, width=width, height=height, padding=padding)
    return warp(image, matrix, width=width, height=height), crop_box(matrix, width=width, height=height)
