"""Photographed backgrounds with known cameras.

The backplates are crops of panoramas; `fit_backplate` finds the camera of each by comparing it with its panorama, and
``backplates.csv`` keeps the answers (correlation 0.99 and better), so that horizon and floor of a rendered person agree
with the photograph. A studio camera may turn and zoom within a backplate: for a camera that stays in place that is an
exact homography.

    python -m trainer.data.studio.backplate --data DATA --out trainer/data/studio/backplates.csv
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import minimize

from edgeact.types import Float32, UInt8
from trainer.data.read_picture import read_grey
from trainer.data.studio.camera import Camera

CAMERAS_FILE = Path(__file__).with_name("backplates.csv")


@dataclass(frozen=True, slots=True)
class Backplate:
    """The camera of a background photograph.

    Attributes:
        name: File name without suffix, such as ``hall_03``.
        field_of_view: Of the square picture, in radians.
        pitch: Radians; positive looks down.
        yaw: Radians in the panorama, 0 at its left edge.
    """

    name: str
    field_of_view: float
    pitch: float
    yaw: float

    @property
    def scene(self) -> str:
        """Name of the panorama."""
        return self.name.rsplit("_", 1)[0]


def read_backplates(path: Path = CAMERAS_FILE) -> dict[str, Backplate]:
    """All backplates by name."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    angles = ("field_of_view", "pitch", "yaw")
    return {
        row["name"]: Backplate(row["name"], *(float(np.radians(float(row[angle]))) for angle in angles)) for row in rows
    }


def read_picture(studio: Path, backplate: Backplate) -> UInt8:
    """The photograph ``(H, W, 3)`` uint8 RGB.

    Raises:
        FileNotFoundError: The studio folder does not hold it.
    """
    path = studio / "backgrounds" / f"{backplate.name}.jpg"
    picture = cv2.imread(str(path))
    if picture is None:
        raise FileNotFoundError(f"no picture at {path}; --data must name the folder that holds studio/backgrounds")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def view_backplate(picture: UInt8, backplate: Backplate, camera: Camera, *, size: tuple[int, int]) -> UInt8:
    """What ``camera`` sees of the photograph, ``(H, W, 3)`` uint8; the photograph's own camera has yaw 0.

    Beyond the photograph its edge is mirrored.
    """
    side = picture.shape[0]
    own = Camera((0, 0, 0), 0.0, backplate.pitch, backplate.field_of_view)
    to_photograph = (
        own.intrinsics((side, side)) @ own.rotation() @ camera.rotation().T @ np.linalg.inv(camera.intrinsics(size))
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(picture, to_photograph, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101).astype(
        np.uint8
    )


def covers(backplate: Backplate, camera: Camera, *, size: tuple[int, int], slack: float = 0.0) -> bool:
    """Whether everything that ``camera`` sees lies on the photograph, or outside by at most ``slack`` of its side."""
    own = Camera((0, 0, 0), 0.0, backplate.pitch, backplate.field_of_view)
    corners = np.array([[x, y, 1.0] for x in (0, size[0] - 1) for y in (0, size[1] - 1)])
    rays = corners @ np.linalg.inv(camera.intrinsics(size)).T @ camera.rotation() @ own.rotation().T
    if (rays[:, 2] <= 0).any():
        return False
    reach = np.abs(rays[:, :2] / rays[:, 2:]).max() / np.tan(backplate.field_of_view / 2)
    return bool(reach <= 1 + 2 * slack)


def sample_panorama(panorama: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Values of an equirectangular picture ``(H, W[, 3])`` float32 in world directions ``(..., 3)`` (yaw 0 of the
    panorama is -Z).
    """
    height, width = panorama.shape[:2]
    longitude = np.arctan2(directions[..., 0], -directions[..., 2]) / (2 * np.pi) % 1
    latitude = np.arcsin(np.clip(directions[..., 1], -1, 1)) / np.pi
    columns, rows = (longitude * width - 0.5).astype(np.float32), ((0.5 - latitude) * height - 0.5).astype(np.float32)
    return cv2.remap(panorama, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def fit_backplate(picture: Float32, panorama: Float32, name: str) -> tuple[Backplate, float]:
    """The camera of a grey crop ``(S, S)`` of a grey equirectangular panorama ``(H, W)``, and the correlation
    reached.
    """

    def agreement(angles: np.ndarray, photograph: np.ndarray, surroundings: np.ndarray) -> float:
        field_of_view, pitch, yaw = np.radians(angles)
        side = photograph.shape[0]
        camera = Camera((0, 0, 0), yaw, pitch, field_of_view)
        rows, columns = np.mgrid[:side, :side]
        rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ (
            np.linalg.inv(camera.intrinsics((side, side))).T @ camera.rotation()
        )
        seen = sample_panorama(surroundings, rays / np.linalg.norm(rays, axis=-1, keepdims=True))
        return float(np.corrcoef(seen.ravel(), photograph.ravel())[0, 1])

    coarse = cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(panorama, (0, 0), 5)
    grid = [np.array([f, p, y]) for f in (62, 75, 88) for p in range(-10, 21, 5) for y in range(0, 360, 7)]
    starts = sorted(grid, key=lambda angles: -agreement(angles, coarse, blurred))[:3]
    fine = cv2.resize(picture, (96, 96), interpolation=cv2.INTER_AREA)
    softened = cv2.GaussianBlur(panorama, (0, 0), 1)
    steps = np.array([[0, 0, 0], [5, 0, 0], [0, 4, 0], [0, 0, 4]])
    fits = [
        minimize(
            lambda angles: -agreement(angles, fine, softened),
            start,
            method="Nelder-Mead",
            options={"initial_simplex": start + steps, "maxiter": 150},
        )
        for start in starts
    ]
    best = min(fits, key=lambda fit: fit.fun)
    field_of_view, pitch, yaw = (float(np.radians(angle)) for angle in best.x)
    return Backplate(name, field_of_view, pitch, yaw % (2 * np.pi)), -float(best.fun)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Find the camera of every backplate.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=CAMERAS_FILE)
    options = parser.parse_args()
    studio = options.data / "studio"
    with options.out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "field_of_view", "pitch", "yaw", "correlation"])
        for path in sorted((studio / "backgrounds").glob("*.jpg")):
            scene = path.stem.rsplit("_", 1)[0]
            panorama = read_grey(studio / "panoramas" / "pano" / f"{scene}.jpg").astype(np.float32)
            picture = read_grey(path).astype(np.float32)
            fit, correlation = fit_backplate(picture, panorama, path.stem)
            angles = [f"{np.degrees(angle):.2f}" for angle in (fit.field_of_view, fit.pitch, fit.yaw)]
            writer.writerow([path.stem, *angles, f"{correlation:.4f}"])


if __name__ == "__main__":
    _main()
