"""Place a second person of the studio behind and beside the first: smaller, whole, and hardly hidden."""

from dataclasses import replace

import numpy as np

from trainer.data.studio.camera import Camera
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.scene import Actor, Scene, stage_matrix

_FARTHER = (1.3, 2.4)  # of the first person's distance
_SIZES = (0.35, 0.75)  # of the first person's longer side: the second one is seen smaller, and still well
_HIDDEN = 0.1  # of the second person's box, that the first one's box may cover
_MARGIN = 0.02  # of the square's side
_FLESH = 0.06  # of a body's longer side, around its joints
_NEAREST = 0.5  # metres before the camera
_ATTEMPTS = 200


def add_second_person(scene: Scene, second: Actor, rng: np.random.Generator) -> Scene | None:
    """Return a scene with a second person, as they stand when the scene begins.

    Args:
        scene: Of one person, seen by a camera in square pictures.
        second: Does something else; its place is changed, the way that it faces is not.
        rng: Draws how far behind and how far beside the first person it stands.

    Returns:
        The scene; None where no place that is tried shows the second person whole, smaller and beside the first.
    """
    (first,) = scene.actors
    camera = scene.camera
    near, body = standing_joints(first), standing_joints(second)
    distance = float(camera.to_camera(near)[:, 2].mean())
    if distance < _NEAREST:
        return None
    own = _box(near, camera)
    middle = body[:, [0, 2]].mean(0)
    ahead = np.array([np.sin(camera.yaw), -np.cos(camera.yaw)])
    right = np.array([np.cos(camera.yaw), np.sin(camera.yaw)])
    half = float(np.tan(camera.field_of_view / 2))
    for _ in range(_ATTEMPTS):
        far = distance * float(rng.uniform(*_FARTHER))
        place = np.array([camera.position[0], camera.position[2]])
        place = place + far * (ahead + float(rng.uniform(-1, 1)) * half * right)
        shift = place - middle
        moved = body + np.array([shift[0], 0.0, shift[1]])
        if camera.to_camera(moved)[:, 2].min() > _NEAREST and _suits(_box(moved, camera), own):
            position = (second.position[0] + float(shift[0]), second.position[1] + float(shift[1]))
            return replace(scene, actors=(first, replace(second, position=position)))
    return None


def standing_joints(actor: Actor) -> np.ndarray:
    """Joints ``(21, 3)`` in metres of the world at the moment at which the scene begins."""
    posed = pose_avatar(actor.motion, actor.avatar).joints
    frame = min(round(actor.start * actor.motion.frame_rate), len(posed) - 1)
    stage = stage_matrix(actor)
    return posed[frame] @ stage[:3, :3].T + stage[:3, 3]


def _box(joints: np.ndarray, camera: Camera) -> np.ndarray:
    """Box ``(4,)`` of somebody in a square picture of side 1."""
    pixels = camera.to_pixels(joints, (1, 1)).astype(np.float64) + 0.5
    low, high = pixels.min(0), pixels.max(0)
    room = _FLESH * (high - low).max()
    return np.concatenate([low - room, high + room])


def _suits(box: np.ndarray, first: np.ndarray) -> bool:
    """Whether a second person's box is inside the square, of the right size, and not behind the first's."""
    low, high = box[:2], box[2:]
    size = (high - low).max() / (first[2:] - first[:2]).max()
    if low.min() < _MARGIN or high.max() > 1 - _MARGIN or not _SIZES[0] <= size <= _SIZES[1]:
        return False
    covered = np.clip(np.minimum(high, first[2:]) - np.maximum(low, first[:2]), 0, None)
    return bool(covered.prod() <= _HIDDEN * (high - low).prod())
