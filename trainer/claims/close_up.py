"""Re-aim and narrow a scene's camera so that one person fills much of a square picture, off its centre."""

from dataclasses import replace

import numpy as np

from trainer.data.studio.backplate import covers
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.scene import Scene, stage_matrix

_LONGEST, _SHORTEST = 1.5, 0.6  # seconds
_WAY = 1.3  # body lengths that the person and its way take at most: of who goes farther, less is seen
_SHORTER = 0.9
_ROOM = (1.1, 1.35)  # sides of the square, of those of what the person does
_FLESH = 0.05  # of a body's length around joints
_ATTEMPTS = 40  # squares that are tried until one lies on the photograph
_NEAREST = 0.3  # metres before the camera


def close_up(scene: Scene, rng: np.random.Generator) -> Scene | None:
    """Return the part of a scene with the most motion, seen by a camera at the same place whose square view has the
    person off-centre.

    Args:
        scene: Of one person, with a camera that stands still.
        rng: Draws how large the square is, and where in it the person is.

    Returns:
        The scene for square pictures; None where a camera would see beyond the photograph.
    """
    (actor,) = scene.actors
    rate, stage = actor.motion.frame_rate, stage_matrix(actor)
    world = pose_avatar(actor.motion, actor.avatar).joints @ stage[:3, :3].T + stage[:3, 3]
    seen = scene.camera.to_camera(world[: max(2, round(scene.seconds * rate))]).astype(np.float64)
    if seen[..., 2].min() < _NEAREST:
        return None
    plane = seen[..., :2] / seen[..., 2:]  # one unit before the camera
    body = float(np.median(np.ptp(plane, axis=1).max(1)))
    first, count = _part(seen, plane, body, rate)
    part = plane[first : first + count]
    low, high = part.min((0, 1)) - _FLESH * body, part.max((0, 1)) + _FLESH * body
    for _ in range(_ATTEMPTS):
        side = float((high - low).max() * rng.uniform(*_ROOM))
        slack = (side - (high - low)) / 2
        ray = np.array([*((low + high) / 2 + rng.uniform(-slack, slack)), 1.0])
        east, down, south = scene.camera.rotation().T @ ray / np.linalg.norm(ray)
        camera = replace(
            scene.camera,
            yaw=float(np.arctan2(east, -south)),
            pitch=float(-np.arcsin(down)),
            field_of_view=2 * float(np.arctan(side / 2 / np.linalg.norm(ray))),
            roll=0.0,
        )
        if covers(scene.backplate, camera, size=(2, 2)):
            return replace(scene, camera=camera, seconds=count / rate, actors=(replace(actor, start=first / rate),))
    return None


def _part(seen: np.ndarray, plane: np.ndarray, body: float, rate: float) -> tuple[int, int]:
    """Find the window with the most joint motion whose extent stays within `_WAY` body lengths: first frame and count.

    Args:
        seen: Joints ``(T, J, 3)`` in metres before the camera.
        plane: Where they are seen, ``(T, J, 2)``.
        body: Length of the body as it is seen.
        rate: Frames a second.
    """
    moved = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(seen, axis=0), axis=-1).mean(1))])
    shortest = min(len(seen), max(2, round(_SHORTEST * rate)))
    count = max(shortest, min(len(seen), round(_LONGEST * rate)))
    while True:
        first = int(np.argmax(moved[count - 1 :] - moved[: len(moved) - count + 1]))
        part = plane[first : first + count]
        if count == shortest or np.ptp(part, axis=(0, 1)).max() <= _WAY * body:
            return first, count
        count = max(shortest, int(count * _SHORTER))
