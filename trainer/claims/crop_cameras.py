"""From what a network says of a person's crop to metres before the camera: N people, J joints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeact.geometry import invert_matrix, person_crop_matrix, transform_points
from edgeact.types import Float32
from trainer.data.picture_batches import PERSON_PADDING
from trainer.data.sample import Sample


@dataclass(frozen=True, slots=True, eq=False)
class CropCameras:
    """How each person is seen, in a picture whose middle the optical axis goes through.

    Attributes:
        to_picture: ``(N, 2, 3)`` crop pixels → picture pixels.
        size: Side of the crops in pixels.
        middle: Of the pictures, in pixels.
        focal: ``(N,)`` focal length in pixels.
        root_depth: ``(N,)`` metres from the camera to the pelvis along the optical axis.
    """

    to_picture: Float32
    size: int
    middle: float
    focal: Float32
    root_depth: Float32

    def pixels(self, places: Float32) -> Float32:
        """Places ``(N, J, 2)`` in 0..1 of each crop, from edge to edge → picture pixels ``(N, J, 2)``."""
        crops = places * self.size - 0.5
        return np.stack([transform_points(one, matrix) for one, matrix in zip(crops, self.to_picture, strict=True)])

    def rays(self, places: Float32) -> Float32:
        """Places → where they are seen, one unit before the camera: ``(N, J, 3)``."""
        plane = (self.pixels(places) - self.middle) / self.focal[:, None, None]
        return np.concatenate([plane, np.ones_like(plane[..., :1])], -1)

    def metres(self, places: Float32, depth: Float32) -> Float32:
        """Places and depth ``(N, J)`` in metres behind the pelvis → ``(N, J, 3)`` in the camera's axes."""
        return self.rays(places) * (self.root_depth[:, None] + depth)[..., None]


def crop_cameras(
    samples: Sequence[Sample], focal: Mapping[str, float], *, root: int, size: int, side: int
) -> CropCameras:
    """The cameras of one person each, who is cropped as at run time.

    Args:
        samples: With boxes and joints in 3D.
        focal: Focal length in pixels by the sample's name.
        root: Which of a sample's joints is the pelvis.
        size: Side of the crops in pixels.
        side: Of the pictures.
    """
    matrices = []
    for sample in samples:
        assert sample.boxes is not None
        crop = person_crop_matrix(sample.boxes[0, 0], width=size, height=size, padding=PERSON_PADDING)
        matrices.append(invert_matrix(crop))
    return CropCameras(
        np.stack(matrices),
        size,
        (side - 1) / 2,
        np.array([focal[sample.name] for sample in samples], np.float32),
        np.array([_joints_3d(sample)[root, 2] for sample in samples], np.float32),
    )


def _joints_3d(sample: Sample) -> np.ndarray:
    assert sample.joints_3d is not None
    return sample.joints_3d[0, 0]
