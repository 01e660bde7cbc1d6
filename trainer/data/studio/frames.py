"""Random labelled pictures of rendered people, for training the detector and the joints that real data sets lack.

    python -m trainer.data.studio.frames --data DATA --out WORK/studio --count 3000 [--seed 0]

Writes ``images/*.jpg`` and ``labels.jsonl``, one line a picture::

    {"file": "images/000000.jpg", "size": [W, H], "persons": [{"box": [x0, y0, x1, y1], "joints": [[x, y, visible] x
    21], "label": "wave"}]}

Picture i depends on the seed and i alone. An interrupted run goes on where it stopped.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from edgeact.types import UInt8
from trainer.data.read_picture import read_rgb
from trainer.data.studio.avatar import Avatar, load_avatar
from trainer.data.studio.backplate import Backplate, covers, read_backplates, read_picture
from trainer.data.studio.camera import Camera
from trainer.data.studio.light import Light, plain_light, scene_light
from trainer.data.studio.motion import MotionEntry, load_motion, read_manifest, thin
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import Actor, Scene, StudioFrame, StudioPerson, render_scene
from trainer.data.studio.wardrobe import Garment, own_clothes, tiled_clothes

SIZE = (480, 360)
_TILED_OUTFITS = 60  # dressed once and used again: enough that no two pictures look alike
# Rigs without bones for the face, and rigs whose skin does not fit their bones.
_UNUSABLE_RIGS = frozenset(
    {"Female_Adult_10", "Female_Adult_14", "Female_Adult_16", "Male_Adult_19", "Police_Female_01", "Police_Male_02"}
)
_FRAMES_FOR_FLOOR = 12  # of a motion, to see where its floor is
_PEOPLE = (0.37, 0.3, 0.2, 0.13)  # how often 1, 2, 3, 4 people
_STILL_LABELS = frozenset({"aim", "idle"})  # most people move; these would fill the set with one stance
_CROWDED = 0.6  # metres between two people; nearer, bodies would cross


@dataclass(frozen=True, slots=True, eq=False)
class Assets:
    """Everything that random pictures are made of; read once."""

    studio: Path
    people: tuple[tuple[Avatar, tuple[Garment, ...]], ...]
    motions: dict[str, list[MotionEntry]]
    backplates: tuple[Backplate, ...]
    tiles: tuple[Path, ...]


def load_assets(studio: Path, *, seed: int) -> Assets:
    """Read avatars, dress those that have no clothes, and list motions by label.

    Raises:
        FileNotFoundError: The studio folder is not complete.
    """
    rng = np.random.default_rng([seed, 1])
    own = [load_avatar(path) for path in sorted((studio / "avatars").glob("*.npz"))]
    people = [(avatar, own_clothes(avatar, studio / "avatars" / "textures")) for avatar in own]
    rigs = [
        path
        for path in sorted((studio / "avatars_untextured").glob("*.npz"))
        if "Child" not in path.stem and path.stem not in _UNUSABLE_RIGS
    ]
    if not people or not rigs:
        raise FileNotFoundError(f"no avatars under {studio}; --data must name the folder that holds studio/avatars")
    dressed = [
        load_avatar(rigs[index]) for index in rng.choice(len(rigs), min(_TILED_OUTFITS, len(rigs)), replace=False)
    ]
    # The avatars with their own clothes are the more real ones: each is listed four times.
    people = people * 4 + [(avatar, tiled_clothes(avatar, studio, rng)) for avatar in dressed]
    motions: dict[str, list[MotionEntry]] = {}
    for entry in read_manifest(studio):
        motions.setdefault(entry.label, []).append(entry)
    tiles = tuple(sorted((studio / "textures").glob("*.jpg")))
    return Assets(studio, tuple(people), motions, tuple(read_backplates().values()), tiles)


def random_frame(assets: Assets, renderer: Renderer, rng: np.random.Generator) -> StudioFrame:
    """One picture with at least one person in it."""
    while True:
        frame = next(render_scene(random_scene(assets, rng), size=renderer.size, renderer=renderer))
        if frame.persons:
            return replace(frame, image=degrade(frame.image, rng))


def random_scene(assets: Assets, rng: np.random.Generator) -> Scene:
    """One to four people doing anything, anywhere, in some light, seen by some camera."""
    backplate = assets.backplates[rng.integers(len(assets.backplates))]
    picture = read_picture(assets.studio, backplate)
    light = _light(assets.studio, backplate)
    if rng.random() < 0.12:  # a surface instead of a place, so that no place comes to mean "person"
        tile = read_rgb(assets.tiles[rng.integers(len(assets.tiles))])
        picture = np.tile(cv2.resize(tile, (192, 192)), (2, 2, 1)).astype(np.uint8)
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    if rng.random() < 0.3:
        light = plain_light(
            direction=(*rng.normal(size=1), 0.8, *rng.normal(size=1)), directness=float(rng.uniform(0, 1))
        )
    light = _varied(light, rng)
    camera, distance = _random_camera(backplate, rng)
    places: list[np.ndarray] = []
    for _ in range(1 + rng.choice(len(_PEOPLE), p=_PEOPLE)):
        place = _random_place(camera, distance if not places else distance * rng.uniform(0.75, 2.2), rng)
        if all(np.linalg.norm(place - other) > _CROWDED for other in places):
            places.append(place)
    return Scene(
        picture, backplate, light, tuple(_random_actor(assets, place, rng) for place in places), camera, seconds=0.0
    )


def _varied(light: Light, rng: np.random.Generator) -> Light:
    exposure = rng.uniform(0.6, 1.3) * rng.uniform(0.9, 1.1, 3)
    return replace(light, harmonics=(light.harmonics * exposure).astype(np.float32))


_motion = lru_cache(maxsize=512)(load_motion)
_light = lru_cache(maxsize=512)(scene_light)


def _random_camera(backplate: Backplate, rng: np.random.Generator) -> tuple[Camera, float]:
    """A camera that sees the photograph only, and the distance at which its first person stands."""
    for _ in range(40):
        distance, height = float(np.exp(rng.uniform(np.log(2.2), np.log(8.0)))), float(rng.uniform(0.9, 2.3))
        field_of_view = float(rng.uniform(0.55, 0.98)) * backplate.field_of_view
        # The middle of the body goes near the middle of the picture.
        pitch = float(np.arctan2(height - 0.9, distance) + rng.normal(0, 0.06) * field_of_view)
        yaw, roll = float(rng.normal(0, 0.08)), float(rng.normal(0, 0.02))
        camera = Camera((0.0, height, 0.0), yaw, pitch, field_of_view, roll)
        if covers(backplate, camera, size=SIZE, slack=0.08):
            return camera, distance
    return Camera((0.0, 1.5, 0.0), 0.0, backplate.pitch, 0.85 * backplate.field_of_view), 4.0


def _random_place(camera: Camera, distance: float, rng: np.random.Generator) -> np.ndarray:
    """X and Z ``(2,)`` on the floor, in metres, somewhere across the picture."""
    aside = camera.yaw + rng.uniform(-0.45, 0.45) * camera.field_of_view
    return np.array([np.sin(aside), -np.cos(aside)]) * distance


def _random_actor(assets: Assets, place: np.ndarray, rng: np.random.Generator) -> Actor:
    avatar, garments = assets.people[rng.integers(len(assets.people))]
    labels = sorted(set(assets.motions) - (_STILL_LABELS if rng.random() < 0.8 else frozenset()))
    entries = assets.motions[labels[rng.integers(len(labels))]]
    entry = entries[rng.integers(len(entries))]
    motion = _motion(assets.studio / "motion" / entry.file, label=entry.label)
    frame = int(rng.integers(len(motion.hips)))
    kept = np.unique(np.append(np.linspace(0, len(motion.hips) - 1, _FRAMES_FOR_FLOOR).astype(int), frame))
    few = thin(motion, kept)
    start = int(np.searchsorted(kept, frame))
    # The motion begins elsewhere: the chosen frame is what stands at the place.
    hips = few.hips - few.hips[start] * [1, 0, 1]
    return Actor(
        avatar,
        garments,
        replace(few, hips=hips),
        position=(float(place[0]), float(place[1])),
        heading=float(rng.uniform(-np.pi, np.pi)),
        start=start / few.frame_rate,
    )


def degrade(image: UInt8, rng: np.random.Generator) -> UInt8:
    """What lenses, sensors and compression do: blur, coarse pixels, motion, exposure, tint, noise."""
    height, width = image.shape[:2]
    picture = image.astype(np.float32)
    if rng.random() < 0.35:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.6)))
    if rng.random() < 0.15:
        length, angle = int(rng.integers(3, 9)), float(rng.uniform(0, 180))
        line = cv2.warpAffine(
            np.eye(1, length * 2 + 1, length, dtype=np.float32).repeat(length * 2 + 1, 0).T.copy(),
            cv2.getRotationMatrix2D((length, length), angle, 0.5),
            (length * 2 + 1, length * 2 + 1),
        )
        picture = cv2.filter2D(picture, -1, line / line.sum())
    if rng.random() < 0.25:
        small = float(rng.uniform(0.35, 0.8))
        picture = cv2.resize(
            cv2.resize(picture, None, fx=small, fy=small, interpolation=cv2.INTER_AREA), (width, height)
        )
    contrast, brightness = rng.uniform(0.75, 1.2), rng.uniform(-18, 18)
    picture = (picture - 128) * contrast + 128 + brightness + rng.uniform(-8, 8, 3)
    if rng.random() < 0.06:
        picture = picture.mean(-1, keepdims=True).repeat(3, -1)
    grain = rng.standard_normal(
        (height, width, 3), np.float32
    )  # the first channel's grain falls on all: noise is mostly grey
    picture = picture + grain * np.float32(rng.uniform(0, 4)) + grain[..., :1] * np.float32(rng.uniform(0, 8))
    return np.clip(picture, 0, 255).astype(np.uint8)


def _row(name: str, frame: StudioFrame) -> dict:
    def person(labels: StudioPerson) -> dict:
        joints = [[round(float(x), 2), round(float(y), 2), int(visible)] for x, y, visible in labels.joints]
        return {"box": [round(float(value), 1) for value in labels.box], "joints": joints, "label": labels.label}

    return {
        "file": name,
        "size": [frame.image.shape[1], frame.image.shape[0]],
        "persons": [person(p) for p in frame.persons],
    }


def write_frames(studio: Path, out: Path, *, count: int, seed: int) -> Iterator[int]:
    """Write pictures and labels up to ``count``; yields the number of each picture once it is written."""
    (out / "images").mkdir(parents=True, exist_ok=True)
    labels = out / "labels.jsonl"
    done = len(labels.read_text().splitlines()) if labels.exists() else 0
    assets = load_assets(studio, seed=seed)
    with Renderer(SIZE) as renderer, labels.open("a") as file:
        for index in range(done, count):
            rng = np.random.default_rng([seed, 2, index])
            frame = random_frame(assets, renderer, rng)
            name = f"images/{index:06d}.jpg"
            quality = int(rng.integers(45, 96))
            cv2.imwrite(str(out / name), frame.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
            file.write(json.dumps(_row(name, frame)) + "\n")
            file.flush()
            yield index


def _main() -> None:
    parser = argparse.ArgumentParser(description="Render labelled pictures for training.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for _ in track(
        write_frames(options.data / "studio", options.out, count=options.count, seed=options.seed),
        total=options.count,
        description="rendering",
    ):
        pass


if __name__ == "__main__":
    _main()
