"""Light of a place, taken from its panorama, so that rendered people are lit like the photograph behind them.

Irradiance is kept as nine spherical-harmonic coefficients per colour (Ramamoorthi and Hanrahan, "An Efficient
Representation for Irradiance Environment Maps", 2001).
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeact.types import Float32
from trainer.data.studio.backplate import Backplate

GAMMA = 2.2
_CLIPPED_GAIN = 8.0  # a panorama of 8 bits clips lamps and sun; what is white there is taken to be this much brighter
# Irradiance over pi, the brightness of a white wall, is brought into this range: faces must be neither grey nor burnt
# out.
_EXPOSURE_RANGE = (0.55, 0.85)
_SATURATION = 0.6  # the eye expects a camera to have balanced away some of the colour of the light
_LOWEST_SUN = np.radians(42)  # shadows of a lower light would run out of the picture


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Light that falls on people.

    Attributes:
        harmonics: ``(9, 3)`` float32: irradiance over pi in linear RGB as spherical harmonics of the world's normal.
        direction: ``(3,)`` float32 unit, from the floor towards the strongest light.
        directness: 0 (overcast) .. 1 (a single sun): how dark the cast shadow is.
    """

    harmonics: Float32
    direction: Float32
    directness: float


def harmonic_basis(normals: np.ndarray) -> np.ndarray:
    """The first nine real spherical harmonics ``(..., 9)`` of unit vectors ``(..., 3)``."""
    x, y, z = np.moveaxis(normals, -1, 0)
    ones = np.ones_like(x)
    return np.stack(
        [
            0.282095 * ones,
            0.488603 * y,
            0.488603 * z,
            0.488603 * x,
            1.092548 * x * y,
            1.092548 * y * z,
            0.315392 * (3 * z * z - 1),
            1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        -1,
    )


# Convolution with the clamped cosine, over pi, per band.
_COSINE = np.array([1.0] + [2 / 3] * 3 + [1 / 4] * 5)


def light_of(panorama: np.ndarray, *, yaw: float) -> Light:
    """Light of an equirectangular picture ``(H, W, 3)`` uint8 RGB for a studio whose -Z is the panorama at ``yaw``
    radians.
    """
    small = cv2.resize(panorama, (64, 32), interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    clipped = np.clip((small.max(-1, keepdims=True) - 0.9) / 0.1, 0, 1)
    radiance = small**GAMMA * (1 + _CLIPPED_GAIN * clipped**2)
    rows, columns = np.mgrid[:32, :64]
    latitude, longitude = (0.5 - (rows + 0.5) / 32) * np.pi, (columns + 0.5) / 64 * 2 * np.pi - yaw
    directions = np.stack(
        [np.cos(latitude) * np.sin(longitude), np.sin(latitude), -np.cos(latitude) * np.cos(longitude)], -1
    )
    solid_angle = np.cos(latitude) * (np.pi / 32) * (2 * np.pi / 64)
    basis = harmonic_basis(directions)
    harmonics = np.einsum("hwk,hwc,hw->kc", basis, radiance, solid_angle) * _COSINE[:, None]
    return _balanced(harmonics)


def plain_light(
    *, direction: tuple[float, float, float], directness: float, colour: tuple[float, float, float] = (1, 1, 1)
) -> Light:
    """A light without a place: white surroundings and one lamp in ``direction``."""
    towards = np.array(direction, float) / np.linalg.norm(direction)
    mean = harmonic_basis(towards) * np.array([1.0, 0.66, 0.66, 0.66, 0.25, 0.25, 0.25, 0.25, 0.25]) * directness
    mean[0] = 0.282095
    return _balanced(mean[:, None] * np.array(colour, float))


def _balanced(harmonics: np.ndarray) -> Light:
    """Bring irradiance to a pleasant exposure and colour and find its main direction."""
    grey = harmonics @ np.array([0.2126, 0.7152, 0.0722])
    harmonics = grey[:, None] + _SATURATION * (harmonics - grey[:, None])
    mean = 0.282095 * grey[0]
    towards = np.array([grey[3], grey[1], grey[2]])
    strength = float(np.linalg.norm(towards))
    directness = float(np.clip(strength / max(grey[0], 1e-9) / 0.9, 0, 1))
    level = float(np.hypot(towards[0], towards[2]))
    elevation = max(np.arctan2(towards[1], level), _LOWEST_SUN)
    flat = towards[[0, 2]] / level if level > 1e-6 else np.zeros(2)
    direction = np.array([flat[0] * np.cos(elevation), np.sin(elevation), flat[1] * np.cos(elevation)])
    exposed = harmonics * (float(np.clip(mean, *_EXPOSURE_RANGE)) / max(mean, 1e-9))
    return Light(exposed.astype(np.float32), (direction / np.linalg.norm(direction)).astype(np.float32), directness)


def scene_light(studio: Path, backplate: Backplate) -> Light:
    """Light of the place of a backplate, turned to its camera.

    Raises:
        FileNotFoundError: The studio folder lacks the place's panorama.
    """
    path = studio / "panoramas" / "pano" / f"{backplate.scene}.jpg"
    panorama = cv2.imread(str(path))
    if panorama is None:
        raise FileNotFoundError(f"no panorama at {path}; --data must name the folder that holds studio/panoramas")
    return light_of(cv2.cvtColor(panorama, cv2.COLOR_BGR2RGB), yaw=backplate.yaw)
