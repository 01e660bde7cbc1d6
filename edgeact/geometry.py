"""Where pixels go: letterbox and crop transforms, boxes, and how alike two poses are. Pure functions on arrays.

A pixel's centre has whole coordinates, the top-left one is (0, 0). A transform is a ``(2, 3)`` float32 matrix that
takes points of the frame to points of the picture that a network sees. The trainer uses the same functions, so that
both see the same pixels.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edgeact.types import Float32, UInt8

LETTERBOX_GREY = 114  # the fill that detectors of the YOLO family are trained with

# How far annotators differ on each joint, as a share of the object's size: COCO keypoint evaluation for its 17 joints;
# head top and neck as CrowdPose sets them; thorax like the shoulders that it lies between, pelvis and spine like the
# hips; head, hands and feet, which no annotator places, like head top, wrists and ankles.
JOINT_SIGMAS = {
    "nose": 0.026, "left_eye": 0.025, "right_eye": 0.025, "left_ear": 0.035, "right_ear": 0.035,
    "left_shoulder": 0.079, "right_shoulder": 0.079, "left_elbow": 0.072, "right_elbow": 0.072,
    "left_wrist": 0.062, "right_wrist": 0.062, "left_hip": 0.107, "right_hip": 0.107, "left_knee": 0.087,
    "right_knee": 0.087,
    "left_ankle": 0.089, "right_ankle": 0.089, "head_top": 0.079, "upper_neck": 0.079, "thorax": 0.079, "pelvis": 0.107,
    "spine": 0.107, "head": 0.079, "left_hand": 0.062, "right_hand": 0.062, "left_foot": 0.089, "right_foot": 0.089,
}  # fmt: skip

# A body fills about this share of its box; COCO measures similarity against the area of the body's mask.
BODY_SHARE_OF_BOX = 0.53


def transform_points(points: npt.ArrayLike, matrix: Float32) -> Float32:
    """Take points ``(..., 2)`` through a ``(2, 3)`` matrix; returns ``(..., 2)`` float32."""
    values = np.asarray(points, np.float32)
    return np.asarray(values @ matrix[:, :2].T + matrix[:, 2], np.float32)


def transform_box(box: npt.ArrayLike, matrix: Float32) -> Float32:
    """Take boxes ``(..., 4)`` through a matrix that scales and shifts but does not turn; returns ``(..., 4)``
    float32.
    """
    values = np.asarray(box, np.float32)
    return transform_points(values.reshape(*values.shape[:-1], 2, 2), matrix).reshape(values.shape)


def invert_matrix(matrix: Float32) -> Float32:
    """The transform that undoes ``matrix``.

    Raises:
        ValueError: The matrix flattens the plane, so nothing undoes it.
    """
    (a, b, x), (c, d, y) = matrix.tolist()  # floats: for six numbers quicker than arrays
    determinant = a * d - b * c
    if determinant == 0.0 or not math.isfinite(determinant):
        raise ValueError(f"matrix {matrix.tolist()} cannot be inverted: its determinant is {determinant}")
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    return np.array([[a, b, -a * x - b * y], [c, d, -c * x - d * y]], np.float32)


def letterbox_size(image_width: int, image_height: int, *, width: int, height: int) -> tuple[int, int]:
    """Width and height (at least 1) of an image scaled to fit into ``width`` × ``height`` with its aspect kept."""
    scale = min(width / image_width, height / image_height)
    return max(1, min(width, round(image_width * scale))), max(1, min(height, round(image_height * scale)))


def letterbox_matrix(image_width: int, image_height: int, *, width: int, height: int) -> Float32:
    """Frame pixels → pixels of the letterboxed picture that `letterbox` makes of a frame of this size."""
    fitted_width, fitted_height = letterbox_size(image_width, image_height, width=width, height=height)
    x_scale, y_scale = fitted_width / image_width, fitted_height / image_height
    # A resize keeps the outer edges, which lie half a pixel outside the outer pixels' centres.
    return np.array([[x_scale, 0.0, (x_scale - 1) / 2], [0.0, y_scale, (y_scale - 1) / 2]], np.float32)


def letterbox(image: UInt8, *, width: int, height: int, out: UInt8 | None = None) -> UInt8:
    """Scale an image to fit (aspect kept), place it top-left and fill the rest with grey.

    Args:
        image: ``(H, W, 3)`` uint8.
        width: Width of the result in pixels.
        height: Height of the result in pixels.
        out: ``(height, width, 3)`` uint8 to write into; a new array without it.

    Returns:
        ``(height, width, 3)`` uint8; `letterbox_matrix` takes points of the frame into it.
    """
    fitted_width, fitted_height = letterbox_size(image.shape[1], image.shape[0], width=width, height=height)
    if out is None:
        out = np.empty((height, width, 3), np.uint8)
    while image.shape[1] >= 2 * fitted_width and image.shape[0] >= 2 * fitted_height:
        image = _halve(image)
    out[:fitted_height, :fitted_width] = cv2.resize(
        image, (fitted_width, fitted_height), interpolation=cv2.INTER_LINEAR
    )
    out[:fitted_height, fitted_width:] = LETTERBOX_GREY
    out[fitted_height:] = LETTERBOX_GREY
    return out


def person_crop_matrix(box: npt.ArrayLike, *, width: int, height: int, padding: float) -> Float32:
    """Frame pixels → crop pixels of one person: the box's centre comes to the crop's centre, its longer side over
    ``padding`` fills it.

    Args:
        box: ``(4,)`` x_min, y_min, x_max, y_max in frame pixels.
        width: The crop's width in pixels.
        height: The crop's height in pixels.
        padding: The crop's side over the box's; 1 touches the box.

    Returns:
        ``(2, 3)`` float32, a scaling and a shift.
    """
    x_min, y_min, x_max, y_max = (float(value) for value in np.asarray(box, np.float64))
    # One pixel is the smallest side that means anything; a flat box would scale by infinity.
    side = max(y_max - y_min, (x_max - x_min) * height / width, 1.0) * padding
    scale = height / side
    x_shift = (width - 1) / 2 - scale * (x_min + x_max) / 2
    y_shift = (height - 1) / 2 - scale * (y_min + y_max) / 2
    return np.array([[scale, 0.0, x_shift], [0.0, scale, y_shift]], np.float32)


def crop_box(matrix: Float32, *, width: int, height: int) -> Float32:
    """The ``(4,)`` box of frame pixels that a crop of this size shows, to its outer edges (no turn in ``matrix``)."""
    return transform_box(np.array([-0.5, -0.5, width - 0.5, height - 0.5], np.float32), invert_matrix(matrix))


def warp(image: UInt8, matrix: Float32, *, width: int, height: int, out: UInt8 | None = None) -> UInt8:
    """Cut a crop out of an image: bilinear, black where the crop reaches beyond the image.

    Where the crop shrinks the image to less than a half, pixels are averaged two by two first: bilinear sampling alone
    would skip some.

    Args:
        image: ``(H, W, 3)`` uint8.
        matrix: ``(2, 3)`` image pixels → crop pixels; may turn and mirror.
        width: The crop's width in pixels.
        height: The crop's height in pixels.
        out: ``(height, width, 3)`` uint8, contiguous, to write into; a new array without it.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    if out is None:
        out = np.empty((height, width, 3), np.uint8)
    if abs(_determinant(matrix)) <= 0.25:
        image, matrix = _shrink(image, matrix, width=width, height=height)
    if image.size == 0:
        out[:] = 0
        return out
    cv2.warpAffine(
        image, matrix, (width, height), dst=out, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return out


def _determinant(matrix: npt.NDArray[np.floating]) -> float:
    """Of the first two columns: by how much areas grow. NumPy's own takes ten times as long for so small a matrix."""
    return float(matrix[0, 0]) * float(matrix[1, 1]) - float(matrix[0, 1]) * float(matrix[1, 0])


def _halve(image: UInt8) -> UInt8:
    """Every two by two pixels averaged to one; an odd last row or column is left out. Several times faster than any
    other averaging.
    """
    height, width = image.shape[0] // 2, image.shape[1] // 2
    return np.asarray(
        cv2.resize(image[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )


def _shrink(image: UInt8, matrix: Float32, *, width: int, height: int) -> tuple[UInt8, Float32]:
    """The part of the image that the crop sees, halved until the crop shrinks it by less than two, and the matrix that
    fits it.
    """
    corners = transform_points([[-1, -1], [width, -1], [-1, height], [width, height]], invert_matrix(matrix))
    limit = np.array([image.shape[1], image.shape[0]])
    first = np.clip(np.floor(corners.min(0)).astype(int), 0, limit)
    last = np.clip(np.ceil(corners.max(0)).astype(int) + 2, 0, limit)
    image = image[first[1] : last[1], first[0] : last[0]]
    linear = matrix[:, :2]
    shift = matrix[:, 2] + linear @ first.astype(np.float32)
    while abs(_determinant(linear)) <= 0.25 and min(image.shape[:2]) >= 2:
        image = _halve(image)
        # A halved picture's pixel u has its centre at 2u + ½ of the larger one.
        shift = shift + linear @ np.full(2, 0.5, np.float32)
        linear = linear * 2.0
    return image, np.concatenate([linear, shift[:, None]], axis=1).astype(np.float32)


def clip_box(boxes: npt.ArrayLike, *, width: int, height: int) -> Float32:
    """Boxes ``(..., 4)`` limited to the outer pixels' centres of an image."""
    values = np.asarray(boxes, np.float32)
    return np.asarray(
        np.clip(values, 0.0, np.array([width - 1, height - 1, width - 1, height - 1], np.float32)), np.float32
    )


def box_area(boxes: Float32) -> Float32:
    """Areas ``(...)`` of boxes ``(..., 4)``; an inside-out box has none."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0.0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def box_overlap(first: Float32, second: Float32) -> Float32:
    """Area ``(N, M)`` that each box of ``(N, 4)`` shares with each of ``(M, 4)``."""
    # Called some ten times a frame with a box or two, where what counts is the number of NumPy's calls.
    sides = np.minimum(first[:, None, 2:], second[None, :, 2:]) - np.maximum(first[:, None, :2], second[None, :, :2])
    np.maximum(sides, 0.0, out=sides)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def box_iou(first: Float32, second: Float32) -> Float32:
    """Intersection over union ``(N, M)`` of boxes ``(N, 4)`` and ``(M, 4)``; 0 where both are empty."""
    shared = box_overlap(first, second)
    union = box_area(first)[:, None] + box_area(second)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros(shared.shape, shared.dtype), where=union > 0), np.float32)


def suppress_boxes(boxes: Float32, scores: Float32, *, iou: float) -> npt.NDArray[np.int64]:
    """Indices, highest score first, of the boxes ``(N, 4)`` that overlap no kept better one by more than ``iou``."""
    order = np.argsort(-scores, kind="stable")
    overlaps = box_iou(boxes, boxes)
    kept: list[int] = []
    for index in order:
        if not kept or float(overlaps[index, kept].max()) <= iou:
            kept.append(int(index))
    return np.array(kept, np.int64)


def joints_box(joints: Float32, confidence: Float32, *, threshold: float, minimum_joints: int = 2) -> Float32 | None:
    """The tight ``(4,)`` box of the joints ``(J, 2)`` whose confidence ``(J,)`` reaches the threshold.

    None when fewer than ``minimum_joints`` do.
    """
    sure = joints[confidence >= threshold]
    if len(sure) < minimum_joints:
        return None
    return np.concatenate([sure.min(0), sure.max(0)]).astype(np.float32)


def joint_sigmas(joints: Sequence[str]) -> Float32:
    """`JOINT_SIGMAS` of the named joints, ``(J,)``.

    Raises:
        ValueError: A joint has no sigma.
    """
    unknown = [joint for joint in joints if joint not in JOINT_SIGMAS]
    if unknown:
        raise ValueError(f"no sigma is known for {', '.join(unknown)}; add it to JOINT_SIGMAS")
    return np.array([JOINT_SIGMAS[joint] for joint in joints], np.float32)


def pose_similarity(first: Float32, second: Float32, *, areas: Float32, sigmas: Float32) -> Float32:
    """Object keypoint similarity (OKS) of every pose with every other, 0..1.

    COCO's formula, Σ w·exp(−d² / (2·(2σ)²·area)) / Σ w, where w is the product of both joints' confidences instead of a
    visibility flag, so that guessed joints do not count.

    Args:
        first: ``(N, J, 3)`` x, y in pixels, confidence.
        second: ``(M, J, 3)`` likewise.
        areas: ``(N,)`` box areas in square pixels that go with ``first``; `BODY_SHARE_OF_BOX` of each is taken as the
            body.
        sigmas: ``(J,)``, see `joint_sigmas`.

    Returns:
        ``(N, M)`` float32; 0 where no joint is known in both.
    """
    squared = ((first[:, None, :, :2] - second[None, :, :, :2]) ** 2).sum(-1)  # (N, M, J)
    weight = first[:, None, :, 2] * second[None, :, :, 2]
    scale = 2.0 * (2.0 * sigmas) ** 2 * np.maximum(areas * BODY_SHARE_OF_BOX, 1.0)[:, None]  # (N, J)
    total = weight.sum(-1)
    similar = (weight * np.exp(-squared / scale[:, None, :])).sum(-1)
    return np.asarray(np.divide(similar, total, out=np.zeros_like(similar), where=total > 1e-6), np.float32)
