"""Pictures of people of coloured dots, laid out as rendered ones: what learns poses in 3D without rendering."""

from pathlib import Path

import cv2
import numpy as np

from edgeact.skeleton import BODY_21
from trainer.data.sets.studio_poses import POSES_FILE, SIDE

FOCAL = 300.0


def write_studio_poses(root: Path, *, trained: int, measured: int) -> np.ndarray:
    """Somebody random in each picture, three metres away; returns the joints ``(N, 21, 3)`` before the camera."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(0)
    count, joints = trained + measured, len(BODY_21.joints)
    joints_3d = rng.uniform([-0.6, -0.6, 2.4], [0.6, 0.6, 3.6], (count, joints, 3)).astype(np.float32)
    places = FOCAL * joints_3d[..., :2] / joints_3d[..., 2:] + (SIDE - 1) / 2
    for number, person in enumerate(places):
        image = rng.integers(0, 60, (SIDE, SIDE, 3), np.uint8)
        for joint, (x, y) in enumerate(person):
            cv2.circle(image, (round(float(x)), round(float(y))), 5, (255, 12 * joint, 255 - 12 * joint), -1)
        cv2.imwrite(str(root / f"{number}.jpg"), image)
    np.savez(
        root / POSES_FILE,
        picture=np.array([f"{number}.jpg" for number in range(count)]),
        source=np.array([f"clip{number // 2}" for number in range(count)]),
        measures=np.arange(count) >= trained,
        boxes=np.concatenate([places.min(1), places.max(1)], 1).astype(np.float32),
        joints=places.astype(np.float32),
        visible=np.ones((count, joints), bool),
        joints_3d=joints_3d,
        focal=np.full(count, FOCAL, np.float32),
    )
    return joints_3d
