"""Footage without people: slow pans and zooms over pictures that were checked to show nobody."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeact.errors import SourceFormatError
from edgeact.types import Frame
from trainer.data.read_picture import read_rgb
from trainer.data.studio.backplate import sample_panorama
from trainer.data.wild_people import read_empty

WIDTH, HEIGHT = 640, 360
FRAME_RATE = 15.0
CLIP_SECONDS = 6.0  # several runs of the detector, and longer than any clip that the action network sees


@dataclass(frozen=True, slots=True)
class EmptyClip:
    """One take: the set, the picture, and a number that its camera path follows from."""

    source: str
    path: Path
    take: int


def plan_footage(data: Path, minutes: float) -> list[EmptyClip]:
    """So many minutes of takes of the measuring parts, each set's share alike, its pictures in turn.

    The sets: photographs of places, panoramas, surfaces, and COCO's pictures without people (animals, food, vehicles).

    Raises:
        SourceFormatError: There are no such pictures.
    """
    pools: dict[str, list[Path]] = {}
    for picture in read_empty(data, "measure", ("backgrounds", "panoramas", "textures", "coco_mini")):
        pools.setdefault(picture.source, []).append(picture.path)
    if not pools:
        raise SourceFormatError(f"{data} holds no pictures without people; name the folder of the data sets")
    takes = max(1, round(60 * minutes / CLIP_SECONDS))
    clips = []
    for number in range(takes):
        source = sorted(pools)[number % len(pools)]
        turn = number // len(pools)
        ordered = sorted(pools[source], key=lambda path: hashlib.sha256(path.name.encode()).hexdigest())
        clips.append(EmptyClip(source, ordered[turn % len(ordered)], turn // len(ordered)))
    return clips


def clip_frames(clip: EmptyClip, *, epoch: int, first_index: int = 0, seconds: float = CLIP_SECONDS) -> Iterator[Frame]:
    """The frames of a take, `WIDTH` × `HEIGHT`, at `FRAME_RATE`; its time starts at 0."""
    seed = hashlib.sha256(f"{clip.path.name}#{clip.take}".encode()).digest()
    rng = np.random.default_rng(np.frombuffer(seed, np.uint32))
    image = read_rgb(clip.path)
    count = max(1, round(seconds * FRAME_RATE))
    pictures = _panorama(image, rng, count) if clip.source == "panoramas" else _pan(image, rng, count)
    for index, picture in enumerate(pictures):
        yield Frame(index=first_index + index, time=index / FRAME_RATE, image=picture, epoch=epoch)


def _ease(count: int) -> Sequence[float]:
    """From 0 to 1 without a jerk at either end."""
    return (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).tolist()


def _pan(image: np.ndarray, rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """A window of the output's shape that moves and grows over the picture ``(H, W, 3)``, and stays inside it."""
    height, width = image.shape[:2]
    largest = min(width / WIDTH, height / HEIGHT)  # picture pixels a frame pixel
    scales = largest * rng.uniform(0.6, 1.0, 2)
    places = rng.uniform(0, 1, (2, 2))
    room = np.array([width, height]) - scales[:, None] * [WIDTH, HEIGHT]
    corners = places * room
    for share in _ease(count):
        scale = (1 - share) * scales[0] + share * scales[1]
        x, y = (1 - share) * corners[0] + share * corners[1]
        matrix = np.array([[scale, 0, x], [0, scale, y]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        yield cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT)


def _panorama(image: np.ndarray, rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """A camera that turns in an equirectangular picture ``(H, W, 3)`` and zooms."""
    panorama = image.astype(np.float32)
    yaw = rng.uniform(0, 2 * np.pi) + np.array([0, rng.uniform(-0.8, 0.8)])
    pitch, view = rng.uniform(-0.25, 0.25, 2), np.deg2rad(rng.uniform(50, 80, 2))  # field of view from side to side
    x, y = np.meshgrid(np.linspace(-1, 1, WIDTH), np.linspace(1, -1, HEIGHT) * HEIGHT / WIDTH)
    for share in _ease(count):
        turn, tilt, angle = ((1 - share) * ends[0] + share * ends[1] for ends in (yaw, pitch, view))
        reach = np.tan(angle / 2)
        rays = np.stack([x * reach, y * reach, np.full_like(x, -1.0)], -1)
        rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
        up = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        around = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        yield sample_panorama(panorama, rays @ (around @ up).T).clip(0, 255).astype(np.uint8)
