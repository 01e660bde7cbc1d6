"""Joints of persons in given boxes, by the bundle's person/frame graph, all persons of a frame in one call."""

from dataclasses import dataclass

import numpy as np

from edgeact.bundle import Bundle
from edgeact.geometry import crop_box, invert_matrix, person_crop_matrix, transform_points, warp
from edgeact.perception.appearance import ClothingSampler
from edgeact.perception.roles import require_graph
from edgeact.perception.wiring import WiredGraph
from edgeact.types import Float32, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class PoseBatch:
    """Poses of N persons of one frame.

    Attributes:
        features: ``(N, J, 3)`` float32 x, y in frame pixels, confidence 0..1: what the clip graph reads.
        joint_maps: ``(N, J, h, w)`` float32, each map a distribution over the crop, or None where the graph gives none.
        crop_boxes: ``(N, 4)`` float32: what of the frame each crop shows.
        colours: ``(N, 2, 3)`` float32: what each person wears, see `ClothingSampler`.
    """

    features: Float32
    joint_maps: Float32 | None
    crop_boxes: Float32
    colours: Float32


def empty_batch(joints: int) -> PoseBatch:
    """The poses of nobody, in a skeleton of so many joints."""
    return PoseBatch(
        np.zeros((0, joints, 3), np.float32), None, np.zeros((0, 4), np.float32), np.zeros((0, 2, 3), np.float32)
    )


def join_batches(first: PoseBatch, second: PoseBatch) -> PoseBatch:
    """The poses of two batches of one frame, one after the other."""
    if len(first.features) == 0 or len(second.features) == 0:
        return first if len(second.features) == 0 else second
    maps = None
    if first.joint_maps is not None and second.joint_maps is not None:
        maps = np.concatenate([first.joint_maps, second.joint_maps])
    return PoseBatch(
        features=np.concatenate([first.features, second.features]),
        joint_maps=maps,
        crop_boxes=np.concatenate([first.crop_boxes, second.crop_boxes]),
        colours=np.concatenate([first.colours, second.colours]),
    )


class PoseEstimator:
    """Estimates poses.

    Args:
        bundle: A bundle with a graph person/frame that gives joints and confidence.
        device: See `open_graph`.
        threads: Threads of one operator.

    Raises:
        BundleError: The bundle has no such graph.
        BackendError: The graph cannot be loaded.
    """

    def __init__(self, bundle: Bundle, *, device: str = "cpu", threads: int = 1) -> None:
        spec = require_graph(bundle, scope="person", horizon="frame", produces="joints")
        self._graph = WiredGraph(bundle, spec, takes="image", device=device, threads=threads)
        self._width, self._height = self._graph.picture_size
        self._padding = bundle.manifest.calibration.pose_padding
        self._joint_confidence = bundle.manifest.calibration.joint_confidence
        self._joints = len(bundle.skeleton.joints)
        self._clothing = ClothingSampler(bundle.skeleton)
        self._crops = np.empty((0, self._height, self._width, 3), np.uint8)

    def estimate(self, image: UInt8, boxes: Float32) -> PoseBatch:
        """Poses in boxes of one frame.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            boxes: ``(N, 4)`` x_min, y_min, x_max, y_max in pixels; N may be 0.

        Returns:
            The N poses in the order of the boxes.
        """
        count = len(boxes)
        if count == 0:
            return empty_batch(self._joints)
        if count > len(self._crops):
            self._crops = np.empty((count, self._height, self._width, 3), np.uint8)
        crops = self._crops[:count]
        matrices = [
            person_crop_matrix(box, width=self._width, height=self._height, padding=self._padding) for box in boxes
        ]
        for crop, matrix in zip(crops, matrices, strict=True):
            warp(image, matrix, width=self._width, height=self._height, out=crop)
        outputs = self._graph.run(crops)
        features = np.empty((count, self._joints, 3), np.float32)
        for index, matrix in enumerate(matrices):
            features[index, :, :2] = transform_points(outputs["joints"][index], invert_matrix(matrix))
        features[:, :, 2] = outputs["confidence"]
        colours = np.stack(
            [
                self._clothing.sample(crop, joints, confidence, threshold=self._joint_confidence)
                for crop, joints, confidence in zip(crops, outputs["joints"], outputs["confidence"], strict=True)
            ]
        )
        shown = np.stack([crop_box(matrix, width=self._width, height=self._height) for matrix in matrices])
        return PoseBatch(features=features, joint_maps=outputs.get("joint_maps"), crop_boxes=shown, colours=colours)

    def close(self) -> None:
        """Release the graph."""
        self._graph.close()
