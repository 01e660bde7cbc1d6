"""Scenes of one person who does something, seen whole, from eye level, from high up or from above."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from edgeact.skeleton import BODY_21
from edgeact.types import UInt8
from trainer.data.read_picture import read_rgb
from trainer.data.studio.action_clips import ActionClipPlan, Group
from trainer.data.studio.assets import Assets
from trainer.data.studio.avatar import Avatar
from trainer.data.studio.backplate import Backplate, covers, read_picture, sample_panorama
from trainer.data.studio.camera import Camera
from trainer.data.studio.demo_clip import repeated
from trainer.data.studio.light import scene_light
from trainer.data.studio.motion import Motion, MotionEntry, load_motion, thin
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.scene import Actor, Floor, Scene

SIZE = (640, 360)
FRAME_RATE = 15  # enough for every action, and half of the time of 30
SECONDS = 3.0
_LONGEST_WAY = 6.0  # metres that fit into a picture: who runs farther is seen for a shorter time
_SHORTEST_SECONDS = 2.0
# Places with a floor that somebody can lie on in every direction.
PLACES = frozenset({"city", "hall", "night", "park", "sunrise", "sunset", "warehouse"})
_ENDS_ON_THE_FLOOR = frozenset({"lie_down", "fall"})
_RESTS = frozenset({"lie", "lie_down", "fall", "sit_floor"})
_HEAVY = ("thorax", "pelvis", "pelvis", "left_knee", "right_knee")  # whose mean is about the middle of the body's mass
_FURTHEST_TIP = np.radians(60)  # a body that would have to tip by more was no resting body
_CLOSES = 25.0  # degrees, of the median bone: a motion whose last frame is that near its first can be repeated
_SETTLED = 20.0  # degrees, of the mean bone: somebody who has fallen moves a little more
_TRAVELS = 1.0  # leg lengths: a motion that goes on like that is a gait, and can be repeated too
_ATTEMPTS = 400  # cameras that are tried; nearly always one of the first twenty sees the person whole
# Of the picture's height: the person's longer side. At the smallest, somebody who lies across is 40 to 50 pixels high.
_SMALLEST, _LARGEST = 0.4, 0.9
_MARGIN = 0.07  # of the person's longer side around the joints: flesh and clothes
_PANORAMA_SIDE = 720


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """A camera before a place, and where the person is."""

    camera: Camera
    backplate: Backplate
    position: tuple[float, float]
    heading: float


def build_scene(plan: ActionClipPlan, assets: Assets, *, seed: int) -> Scene:
    """The scene of a clip; it depends on plan, seed and studio alone.

    Raises:
        FileNotFoundError: The studio folder is not complete.
    """
    rng = np.random.default_rng([seed, list(Group).index(plan.group), plan.number])
    return film_motion(plan.entry, plan.view, assets, rng, liveliest=bool(plan.allowed), places=PLACES)


def film_motion(
    entry: MotionEntry,
    view: str,
    assets: Assets,
    rng: np.random.Generator,
    *,
    liveliest: bool,
    places: Collection[str],
) -> Scene:
    """A scene of somebody who does what a motion holds.

    Args:
        entry: The motion.
        view: One of `trainer.data.studio.action_clips.VIEWS`.
        assets: The studio.
        rng: Chooses body, clothes, speed, camera and place.
        liveliest: See `fill_time`.
        places: Names of the places that are chosen from.

    Raises:
        FileNotFoundError: The studio folder is not complete.
    """
    avatar, garments = assets.people[rng.integers(len(assets.people))]
    motion = load_motion(assets.studio / "motion" / entry.file, label=entry.label)
    motion = replace(motion, frame_rate=motion.frame_rate * float(rng.uniform(0.85, 1.15)))
    motion = fill_time(motion, rng, liveliest=liveliest)
    way = float(np.linalg.norm(np.ptp(motion.hips[:, [0, 2]], axis=0))) * avatar.leg_length
    seconds = float(np.clip(SECONDS * _LONGEST_WAY / max(way, _LONGEST_WAY), _SHORTEST_SECONDS, SECONDS))
    motion = thin(motion, np.arange(min(len(motion.hips), round(seconds * motion.frame_rate) + 2)))
    if entry.label in _RESTS:
        motion = laid_down(motion, avatar)
    joints = pose_avatar(motion, avatar).joints
    shot = _find_shot(joints, view, assets, places, rng)
    actor = Actor(avatar, garments, motion, shot.position, shot.heading)
    light = scene_light(assets.studio, shot.backplate)
    floor = None
    if view == "above":
        picture, floor = _from_panorama(assets, shot.backplate), _some_floor(assets, rng)
    else:
        picture = read_picture(assets.studio, shot.backplate)
    return Scene(picture, shot.backplate, light, (actor,), shot.camera, seconds, floor=floor)


def fill_time(motion: Motion, rng: np.random.Generator, *, liveliest: bool) -> Motion:
    """What is seen of a motion in `SECONDS`.

    Of a motion that ends on the floor its end is seen, which is then held; of a long one some seconds: the liveliest,
    or any; a short one is repeated where its end leads on to its beginning, and otherwise its last frame is held.
    """
    frames = round(SECONDS * motion.frame_rate) + 2
    length = len(motion.hips)
    if motion.label in _ENDS_ON_THE_FLOOR:
        return thin(motion, np.arange(lies_from(motion), length))
    if length <= frames:
        return repeated(motion, seconds=SECONDS) if _goes_on(motion) else motion
    moved = np.concatenate([[0.0], np.cumsum(_movement(motion))])
    spans = moved[frames - 1 :] - moved[: length - frames + 1]
    start = int(spans.argmax()) if liveliest else int(rng.integers(len(spans)))
    return thin(motion, np.arange(start, start + frames))


def lies_from(motion: Motion) -> int:
    """The frame from which on the body lies about as it will: hips within a tenth of their fall of where they end, and
    bones within `_SETTLED` of how they end.
    """
    height = motion.hips[:, 1]
    up = height > height[-1] + 0.1 * (height.max() - height[-1])
    last = Rotation.from_quat(motion.rotations[-1]).inv()
    turned = np.array([(Rotation.from_quat(frame) * last).magnitude().mean() for frame in motion.rotations])
    moving = np.flatnonzero(up | (turned > np.radians(_SETTLED)))
    return int(moving[-1]) + 1 if len(moving) else 0


def laid_down(motion: Motion, avatar: Avatar) -> Motion:
    """The motion tipped over as a whole, so that the body of its last frame rests as gravity would have it.

    Sources differ from avatars in proportions: of somebody who lies with short thick limbs, an avatar would touch the
    floor with its feet alone and lie in the air.
    """
    posed = pose_avatar(thin(motion, np.array([len(motion.hips) - 1])), avatar)
    points = avatar.vertices[::7].astype(np.float64)  # some 700
    bones, weights = avatar.skin_bones[::7], avatar.skin_weights[::7]
    skin = np.einsum("vk,vkab->vab", weights, posed.skinning(avatar, 0)[bones])
    surface = np.einsum("vab,vb->va", skin[:, :3, :3], points) + skin[:, :3, 3]
    heavy = posed.joints[0, [BODY_21.index(joint) for joint in _HEAVY]].mean(0)

    def height(tip: np.ndarray) -> float:
        """Height of the body's middle above its lowest point; gravity minimises it."""
        down = Rotation.from_rotvec([tip[0], 0.0, tip[1]]).as_matrix()[1]
        return float(heavy @ down - (surface @ down).min())

    start = np.radians([[0, 0], [8, 0], [0, 8]])  # Nelder-Mead: the least of many planes has no derivative
    tip = minimize(height, np.zeros(2), method="Nelder-Mead", options={"initial_simplex": start, "xatol": 1e-3}).x
    if np.linalg.norm(tip) > _FURTHEST_TIP:
        return motion
    turned = Rotation.from_rotvec([tip[0], 0.0, tip[1]]) * Rotation.from_quat(motion.rotations.reshape(-1, 4))
    return replace(motion, rotations=turned.as_quat().reshape(motion.rotations.shape))


def _movement(motion: Motion) -> np.ndarray:
    """How much happens from each frame to the next ``(T - 1,)``: turned bones in radians, and the hips' way."""
    turns = (
        Rotation.from_quat(motion.rotations[1:].reshape(-1, 4))
        * Rotation.from_quat(motion.rotations[:-1].reshape(-1, 4)).inv()
    )
    turned = turns.magnitude().reshape(len(motion.rotations) - 1, -1).mean(1)
    return turned + np.linalg.norm(np.diff(motion.hips, axis=0), axis=1)


def _goes_on(motion: Motion) -> bool:
    turns = Rotation.from_quat(motion.rotations[-1]) * Rotation.from_quat(motion.rotations[0]).inv()
    way = np.linalg.norm((motion.hips[-1] - motion.hips[0])[[0, 2]])
    return bool(np.degrees(np.median(turns.magnitude())) < _CLOSES or way > _TRAVELS)


def _find_shot(
    joints: np.ndarray, view: str, assets: Assets, places: Collection[str], rng: np.random.Generator
) -> _Shot:
    """A shot that sees the person ``(T, 21, 3)`` whole all the time, or, of those tried, for the longest time."""
    best, best_share = None, -1.0
    plates = [plate for plate in assets.backplates if plate.scene in places]
    for _ in range(_ATTEMPTS):
        shot = _random_shot(joints, view, plates, rng)
        if shot is None:
            continue
        share = _seen_share(joints, shot)
        if share > best_share:
            best, best_share = shot, share
        if best_share == 1.0:
            break
    assert best is not None, "some of so many cameras see nothing but the photograph"
    return best


def _random_shot(joints: np.ndarray, view: str, plates: Sequence[Backplate], rng: np.random.Generator) -> _Shot | None:
    """None where the camera would see beyond its photograph."""
    low, high, near, far = {"level": (0.9, 1.8, 2.5, 8.0), "high": (2.2, 3.4, 2.8, 7.0), "above": (2.6, 4.5, 0.8, 2.6)}[
        view
    ]
    height, distance = float(rng.uniform(low, high)), float(np.exp(rng.uniform(np.log(near), np.log(far))))
    plate = plates[rng.integers(len(plates))]
    middle = float(joints[..., 1].mean())
    pitch = float(np.arctan2(height - middle, distance) + rng.normal(0, 0.03))
    if view == "above":
        field_of_view = float(np.radians(rng.uniform(45, 75)))
        camera = Camera((0.0, height, 0.0), 0.0, pitch, field_of_view, float(rng.normal(0, 0.05)))
        # A photograph of its own, a little wider, so that a camera that rolls sees nothing beyond it.
        plate = Backplate(f"{plate.scene}_above", field_of_view + 0.15, pitch, float(rng.uniform(0, 2 * np.pi)))
    else:
        field_of_view = float(rng.uniform(0.5, 0.95)) * plate.field_of_view
        camera = Camera((0.0, height, 0.0), float(rng.normal(0, 0.06)), pitch, field_of_view)
        if not covers(plate, camera, size=SIZE, slack=0.03):
            return None
    heading, aside = float(rng.uniform(-np.pi, np.pi)), float(rng.uniform(-0.2, 0.2)) * distance
    # The middle of what the person does goes to the place; the motion itself begins at the origin.
    centre = (joints[..., [0, 2]].min((0, 1)) + joints[..., [0, 2]].max((0, 1))) / 2
    x, z = _turned(centre, heading)
    ahead = np.array([np.sin(camera.yaw), -np.cos(camera.yaw)])
    place = ahead * distance + np.array([-ahead[1], ahead[0]]) * aside
    return _Shot(camera, plate, (float(place[0] - x), float(place[1] - z)), heading)


def _turned(points: np.ndarray, heading: float) -> np.ndarray:
    """X and Z ``(..., 2)`` turned to the left by a heading, as actors are."""
    sine, cosine = np.sin(heading), np.cos(heading)
    return points @ np.array([[cosine, -sine], [sine, cosine]])


def _seen_share(joints: np.ndarray, shot: _Shot) -> float:
    """Ratio of the frames in which the whole person is in the picture, neither too small nor too large."""
    world = joints.astype(np.float64)
    world[..., [0, 2]] = _turned(world[..., [0, 2]], shot.heading) + shot.position
    pixels = shot.camera.to_pixels(world[::3], SIZE)
    low, high = pixels.min(1), pixels.max(1)  # NaN, behind the camera, fails every comparison
    side = (high - low).max(1)
    margin = _MARGIN * side[:, None]
    inside = (low - margin >= 0).all(1) & (high + margin <= np.array(SIZE) - 1).all(1)
    return float((inside & (side >= _SMALLEST * SIZE[1]) & (side <= _LARGEST * SIZE[1])).mean())


def _from_panorama(assets: Assets, plate: Backplate) -> UInt8:
    """The photograph ``(S, S, 3)`` uint8 RGB of a backplate that is cut from its panorama."""
    panorama = read_rgb(assets.studio / "panoramas" / "pano" / f"{plate.scene}.jpg")
    camera = Camera((0.0, 0.0, 0.0), plate.yaw, plate.pitch, plate.field_of_view)
    size = (_PANORAMA_SIDE, _PANORAMA_SIDE)
    rows, columns = np.mgrid[: size[1], : size[0]]
    rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ np.linalg.inv(camera.intrinsics(size)).T
    rays = rays @ camera.rotation()
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    return np.clip(sample_panorama(panorama.astype(np.float32), rays) + 0.5, 0, 255).astype(np.uint8)


def _some_floor(assets: Assets, rng: np.random.Generator) -> Floor:
    """Structure for a floor that the panorama shows with a few pixels a metre only."""
    names = ("Asphalt", "Concrete", "Ground", "PavingStones", "Tiles", "WoodFloor")
    tiles = [path for path in assets.tiles if path.stem.startswith(names)]
    tile = cv2.cvtColor(read_rgb(tiles[rng.integers(len(tiles))]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    tile /= max(float(tile.mean()), 1.0)
    return Floor(tile, float(rng.uniform(1.5, 3.0)))
