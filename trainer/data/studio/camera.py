"""A pinhole camera in the studio. Camera axes are x right, y down, z forward; pixel centres lie at integers."""

from dataclasses import dataclass

import numpy as np

from edgeact.types import Float32


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera stands and looks.

    Attributes:
        position: Metres in the world; the camera's height is ``position[1]``.
        yaw: Radians; 0 looks along -Z (at the front of an avatar at rest), positive turns to the right.
        pitch: Radians; positive looks down.
        field_of_view: Horizontal, in radians.
        roll: Radians; positive turns the picture counter-clockwise.
    """

    position: tuple[float, float, float]
    yaw: float
    pitch: float
    field_of_view: float
    roll: float = 0.0

    def rotation(self) -> np.ndarray:
        """World to camera axes, ``(3, 3)`` float64."""
        sine, cosine = np.sin(self.yaw), np.cos(self.yaw)
        forward = np.array([sine * np.cos(self.pitch), -np.sin(self.pitch), -cosine * np.cos(self.pitch)])
        right = np.array([cosine, 0.0, sine])
        level = np.stack([right, np.cross(forward, right), forward])
        sine, cosine = np.sin(self.roll), np.cos(self.roll)
        return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]) @ level

    def intrinsics(self, size: tuple[int, int]) -> np.ndarray:
        """Camera axes to pixels, ``(3, 3)`` float64, for a picture of ``size`` width and height."""
        focal = size[0] / 2 / np.tan(self.field_of_view / 2)
        return np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1.0]])

    def to_camera(self, points: np.ndarray) -> Float32:
        """World points ``(..., 3)`` in camera axes, metres, float32."""
        return ((points - np.array(self.position)) @ self.rotation().T).astype(np.float32)

    def to_pixels(self, points: np.ndarray, size: tuple[int, int]) -> Float32:
        """World points ``(..., 3)`` in pixels ``(..., 2)`` float32; points behind the camera are NaN."""
        seen = self.to_camera(points).astype(np.float64)
        depth = np.where(seen[..., 2:] > 0.05, seen[..., 2:], np.nan)
        return ((seen / depth) @ self.intrinsics(size).T)[..., :2].astype(np.float32)

    def clip_matrix(self, size: tuple[int, int], *, near: float = 0.1, far: float = 100.0) -> Float32:
        """World to OpenGL clip coordinates ``(4, 4)`` float32, such that a rendered point lies exactly at
        `to_pixels`.
        """
        width, height = size
        focal = self.intrinsics(size)[0, 0]
        projection = np.array(
            [
                [2 * focal / width, 0, 0, 0],
                [0, -2 * focal / height, 0, 0],
                [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
                [0, 0, 1, 0],
            ]
        )
        view = np.eye(4)
        view[:3, :3] = self.rotation()
        view[:3, 3] = -self.rotation() @ np.array(self.position)
        return (projection @ view).astype(np.float32)
