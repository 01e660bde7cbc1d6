"""Scenes of shop-window mannequins: figures of people that never move, before a camera that turns and zooms.

A detector may well find them, as they have a person's shape. Nothing that they do may be called an action: they do
nothing.
"""

from dataclasses import dataclass

import numpy as np

from trainer.data.action_sequences import OTHER, studio_actions
from trainer.data.studio.assets import Assets
from trainer.data.studio.avatar import DRIVEN_BONES, Avatar
from trainer.data.studio.backplate import Backplate, covers, read_picture
from trainer.data.studio.camera import Camera
from trainer.data.studio.light import scene_light
from trainer.data.studio.motion import Motion, load_motion, thin
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.scene import Actor, Scene, stage_matrix
from trainer.data.studio.wardrobe import Garment, plain_body, tiled_clothes

SIZE = (640, 360)
FRAME_RATE = 15
SECONDS = 6.0
POSES = ("rest", "standing", "mid_action")
# Places of the pictures that measure (`trainer.data.wild_split`) with a floor to stand on.
PLACES = frozenset({"lobby", "night", "workshop"})
_STANDING = ("guard", "hold_object", "idle", "nod", "shrug_think", "talk_gesture")
_MOST = 3  # figures in a scene
_COLOURS = ((0.80, 0.79, 0.76), (0.62, 0.42, 0.30), (0.30, 0.30, 0.31), (0.05, 0.05, 0.05), (0.55, 0.35, 0.15))
_ATTEMPTS = 400  # cameras that are tried
_SMALLEST, _LARGEST = 0.3, 0.9  # of the picture's height: the first figure at either end of the take


@dataclass(frozen=True, slots=True)
class MannequinPlan:
    """A take: its number, and one of `POSES`."""

    number: int
    pose: str

    @property
    def name(self) -> str:
        """File name without suffix."""
        return f"mannequin_{self.number:03d}_{self.pose}"


def plan_mannequins(count: int) -> tuple[MannequinPlan, ...]:
    """Plan ``count`` takes that cycle through `POSES`."""
    return tuple(MannequinPlan(number, POSES[number % len(POSES)]) for number in range(count))


def build_scene(plan: MannequinPlan, assets: Assets, *, seed: int = 0) -> Scene:
    """The scene of a take; it depends on plan, seed and studio alone.

    Args:
        plan: The take.
        assets: What scenes are made of.
        seed: Of bodies, colours, poses, places and cameras.

    Raises:
        FileNotFoundError: The studio folder is not complete.
    """
    rng = np.random.default_rng([seed, plan.number])
    figures = [_figure(plan.pose, assets, rng) for _ in range(rng.integers(1, _MOST + 1))]
    for _ in range(_ATTEMPTS):
        shot = _random_shot(figures, assets, rng)
        if shot is not None:
            break
    else:
        raise RuntimeError(f"no camera of {_ATTEMPTS} sees {plan.name}")
    plate, actors, first, last = shot
    picture, light = read_picture(assets.studio, plate), scene_light(assets.studio, plate)
    return Scene(picture, plate, light, actors, first, SECONDS, camera_end=last)


def still(motion: Motion, frame: int) -> Motion:
    """A motion of one frame: a pose, held for as long as it is looked at."""
    return thin(motion, np.array([frame]))


def rest_pose() -> Motion:
    """Return the T-pose: arms stretched out to the sides, legs straight."""
    rotations = np.zeros((1, len(DRIVEN_BONES), 4))
    rotations[..., 3] = 1.0
    return Motion("rest", "mannequin", rotations, np.array([[0.0, 1.0, 0.0]]), tuple(DRIVEN_BONES), 30.0)


def _figure(pose: str, assets: Assets, rng: np.random.Generator) -> tuple[Avatar, tuple[Garment, ...], Motion]:
    avatar, _ = assets.people[rng.integers(len(assets.people))]
    colour = _COLOURS[rng.integers(len(_COLOURS))]
    dressed = rng.random() < 0.5
    garments = tiled_clothes(avatar, assets.studio, rng, plastic=colour) if dressed else plain_body(avatar, colour)
    if pose == "rest":
        return avatar, garments, rest_pose()
    labels = sorted(label for label in assets.motions if _fits(pose, label))
    entries = assets.motions[labels[rng.integers(len(labels))]]
    entry = entries[rng.integers(len(entries))]
    motion = load_motion(assets.studio / "motion" / entry.file, label="mannequin")
    return avatar, garments, still(motion, int(rng.integers(len(motion.hips))))


def _fits(pose: str, label: str) -> bool:
    """Whether motions with this label give poses of a kind; for "mid_action" actions of ours that are done standing."""
    if pose == "standing":
        return label in _STANDING
    return label != "push_up" and OTHER not in studio_actions(label)


def _random_shot(
    figures: list[tuple[Avatar, tuple[Garment, ...], Motion]], assets: Assets, rng: np.random.Generator
) -> tuple[Backplate, tuple[Actor, ...], Camera, Camera] | None:
    """A place, the figures in it, and the camera at the beginning and the end; None where the camera would see beyond
    its photograph, or where a figure leaves the picture or has the wrong size.
    """
    places = [plate for plate in assets.backplates if plate.scene in PLACES]
    plate = places[rng.integers(len(places))]
    height, distance = float(rng.uniform(1.1, 2.6)), float(rng.uniform(2.5, 7.0))
    pitch = float(np.arctan2(height - 0.9, distance))
    actors = tuple(
        Actor(
            avatar,
            garments,
            motion,
            (float(rng.normal(0, 0.15 * distance)), -distance + float(rng.uniform(-0.8, 0.8))),
            float(rng.uniform(-np.pi, np.pi)),
        )
        for avatar, garments, motion in figures
    )
    ends = [
        Camera(
            (0.0, height, 0.0),
            float(rng.normal(0, 0.12)),
            pitch + float(rng.normal(0, 0.05)),
            float(rng.uniform(0.45, 0.95)) * plate.field_of_view,
        )
        for _ in range(2)
    ]
    if not all(covers(plate, camera, size=SIZE, slack=0.03) and _sees(camera, actors) for camera in ends):
        return None
    return plate, actors, ends[0], ends[1]


def _sees(camera: Camera, actors: tuple[Actor, ...]) -> bool:
    """Whether the middle of every figure is in the picture, and the first one whole and of a size to be seen."""
    for number, actor in enumerate(actors):
        stage = stage_matrix(actor)
        joints = pose_avatar(actor.motion, actor.avatar).joints[0] @ stage[:3, :3].T + stage[:3, 3]
        pixels = camera.to_pixels(joints, SIZE)
        low, high = pixels.min(0), pixels.max(0)
        middle = (low + high) / 2
        if not ((middle > 0).all() and (middle < SIZE).all()):  # NaN, behind the camera, is neither
            return False
        tall = (high - low)[1] / SIZE[1]
        if number == 0 and not ((low >= 0).all() and (high < SIZE).all() and _SMALLEST <= tall <= _LARGEST):
            return False
    return True
