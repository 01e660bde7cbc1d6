"""Joints of persons in given boxes, by the bundle's person/frame graph, all persons of all frames in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeact.bundle.manifest import Meaning
from edgeact.engine.engine import Engine
from edgeact.engine.graph import Outputs
from edgeact.geometry import crop_box, invert_matrix, person_crop_matrix, transform_box, transform_points, warp
from edgeact.perception.tracking.appearance import ClothingSampler
from edgeact.types import Float32, UInt8

_ALWAYS_READ: tuple[Meaning, ...] = ("joints", "confidence", "joint_maps", "joints_3d")


@dataclass(frozen=True, slots=True, eq=False)
class PoseBatch:
    """Poses of N persons of one frame.

    Attributes:
        features: ``(N, J, 3)`` float32 x, y in frame pixels, confidence 0..1: what the clip graph reads.
        joint_maps: ``(N, J, h, w)`` float32, each map a distribution over the crop, or None where the graph gives none.
        joints_3d: ``(N, J, 3)`` float32 metres from the pelvis, or None where the graph gives none.
        crop_boxes: ``(N, 4)`` float32: what of the frame each crop shows.
        colours: ``(N, 2, 3)`` float32: what each person wears, see `ClothingSampler`.
        more: ``(N, …)`` float32 by the name of the tensor: what else the graph says of each person (scores of actions,
            attention maps over the crop, features; boxes of parts in frame pixels).
    """

    features: Float32
    joint_maps: Float32 | None
    joints_3d: Float32 | None
    crop_boxes: Float32
    colours: Float32
    more: Mapping[str, Float32] = field(default_factory=dict)


def empty_batch(joints: int) -> PoseBatch:
    """The poses of nobody, in a skeleton of so many joints."""
    return PoseBatch(
        features=np.zeros((0, joints, 3), np.float32),
        joint_maps=None,
        joints_3d=None,
        crop_boxes=np.zeros((0, 4), np.float32),
        colours=np.zeros((0, 2, 3), np.float32),
    )


def join_batches(first: PoseBatch, second: PoseBatch) -> PoseBatch:
    """The poses of two batches of one frame, one after the other."""
    if len(first.features) == 0 or len(second.features) == 0:
        return first if len(second.features) == 0 else second
    return PoseBatch(
        features=np.concatenate([first.features, second.features]),
        joint_maps=_join(first.joint_maps, second.joint_maps),
        joints_3d=_join(first.joints_3d, second.joints_3d),
        crop_boxes=np.concatenate([first.crop_boxes, second.crop_boxes]),
        colours=np.concatenate([first.colours, second.colours]),
        more={name: np.concatenate([first.more[name], second.more[name]]) for name in first.more},
    )


def _join(first: Float32 | None, second: Float32 | None) -> Float32 | None:
    return None if first is None or second is None else np.concatenate([first, second])


class PoseEstimator:
    """Estimates poses by an engine's person/frame graph; used from one thread at a time.

    Args:
        engine: With a plan that has a pose graph.
    """

    def __init__(self, engine: Engine) -> None:
        plan = engine.bundle.plan
        self._graph = engine.graph(plan.pose)
        self._width, self._height = self._graph.picture_size
        self._padding = plan.crop.padding
        self._joint_confidence = plan.joint_confidence
        self._joints = len(plan.skeleton.joints)
        self._more = {spec.name: spec.meaning for spec in plan.pose.outputs if spec.meaning not in _ALWAYS_READ}
        self._clothing = ClothingSampler(plan.skeleton)
        self._crops = np.empty((0, self._height, self._width, 3), np.uint8)

    def estimate(self, image: UInt8, boxes: Float32) -> PoseBatch:
        """Poses in boxes of one frame; see `estimate_all`."""
        return self.estimate_all([(image, boxes)])[0]

    def estimate_all(self, requests: Sequence[tuple[UInt8, Float32]]) -> list[PoseBatch]:
        """Poses in boxes of several frames, in one call of the graph.

        Args:
            requests: Of each frame the image ``(H, W, 3)`` uint8 RGB, and boxes ``(N, 4)`` x_min, y_min, x_max, y_max
                in its pixels; N may be 0.

        Returns:
            For each frame its N poses in the order of its boxes.
        """
        count = sum(len(boxes) for _, boxes in requests)
        if count == 0:
            return [empty_batch(self._joints) for _ in requests]
        if count > len(self._crops):
            self._crops = np.empty((count, self._height, self._width, 3), np.uint8)
        crops = self._crops[:count]
        matrices: list[Float32] = []
        for image, boxes in requests:
            for box in boxes:
                matrix = person_crop_matrix(box, width=self._width, height=self._height, padding=self._padding)
                warp(image, matrix, width=self._width, height=self._height, out=crops[len(matrices)])
                matrices.append(matrix)
        everything = self._read(self._graph.run(crops), crops, matrices)
        batches, first = [], 0
        for _, boxes in requests:
            batches.append(_rows(everything, first, first + len(boxes)))
            first += len(boxes)
        return batches

    def _read(self, outputs: Outputs, crops: UInt8, matrices: Sequence[Float32]) -> PoseBatch:
        """What the graph gave for crops, in pixels of the frames that these were cut from."""
        joints, confidence = outputs.of("joints"), outputs.of("confidence")
        features = np.empty((len(crops), self._joints, 3), np.float32)
        for index, matrix in enumerate(matrices):
            features[index, :, :2] = transform_points(joints[index], invert_matrix(matrix))
        features[:, :, 2] = confidence
        more = {name: outputs.named[name] for name in self._more}
        for name, meaning in self._more.items():
            if meaning == "part_boxes":
                to_frame = [invert_matrix(matrix) for matrix in matrices]
                more[name] = np.stack([transform_box(*pair) for pair in zip(more[name], to_frame, strict=True)])
        colours = np.stack(
            [
                self._clothing.sample(crop, places, sure, threshold=self._joint_confidence)
                for crop, places, sure in zip(crops, joints, confidence, strict=True)
            ]
        )
        shown = np.stack([crop_box(matrix, width=self._width, height=self._height) for matrix in matrices])
        return PoseBatch(
            features=features,
            joint_maps=outputs.find("joint_maps"),
            joints_3d=outputs.find("joints_3d"),
            crop_boxes=shown,
            colours=colours,
            more=more,
        )


def _rows(batch: PoseBatch, first: int, last: int) -> PoseBatch:
    """The poses from one row up to another."""
    return PoseBatch(
        features=batch.features[first:last],
        joint_maps=None if batch.joint_maps is None else batch.joint_maps[first:last],
        joints_3d=None if batch.joints_3d is None else batch.joints_3d[first:last],
        crop_boxes=batch.crop_boxes[first:last],
        colours=batch.colours[first:last],
        more={name: values[first:last] for name, values in batch.more.items()},
    )
