"""From a crop to metres: by hand, and back again for any person."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.skeleton import BODY_21
from tests.trainer.studio_people import write_studio_poses
from trainer.claims.crop_cameras import CropCameras, crop_cameras
from trainer.claims.pictures3d import exact_places, joints_3d
from trainer.data.recipe_sets import people_of
from trainer.data.sets.studio_poses import SIDE, read_focal_lengths, read_studio_poses


def test_a_place_becomes_metres() -> None:
    twice = np.array([[[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]]], np.float32)
    cameras = CropCameras(twice, 10, 20.0, np.array([50.0], np.float32), np.array([4.0], np.float32))
    places = np.array([[[0.55, 0.05]]], np.float32)  # the centre of the sixth column and of the first row
    assert cameras.pixels(places)[0, 0].tolist() == pytest.approx([20.0, 20.0])  # 5·2 + 10, 0·2 + 20
    assert cameras.metres(places, np.array([[1.0]], np.float32))[0, 0].tolist() == pytest.approx([0.0, 0.0, 5.0])
    beside = np.array([[[0.95, 0.55]]], np.float32)  # pixel (28, 30): 8 and 10 beside the middle
    assert cameras.metres(beside, np.array([[-1.0]], np.float32))[0, 0].tolist() == pytest.approx([0.48, 0.6, 3.0])


def test_exact_places_and_depth_give_the_joints_back(tmp_path: Path) -> None:
    write_studio_poses(tmp_path / "set", trained=1, measured=3)
    found, focal = read_studio_poses(tmp_path / "set"), read_focal_lengths(tmp_path / "set")
    known = found.part("test")
    cameras = crop_cameras(known, focal, root=BODY_21.index("pelvis"), size=48, side=SIDE)
    places, depth = exact_places(people_of(known, found.joints), 48)
    metres = cameras.metres(places.numpy(), depth.numpy())
    assert metres - metres[:, [6]] == pytest.approx(joints_3d(known), abs=1e-3)  # MPII's seventh joint is the pelvis
