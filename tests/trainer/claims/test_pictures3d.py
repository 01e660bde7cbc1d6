"""Joints in 3D from pictures: the command trains and measures on tiny sets, and errors are those of known poses."""

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edgeact.skeleton import BODY_21, MPII_16
from tests.trainer.paper_sets import tiny_recipe
from tests.trainer.studio_people import write_studio_poses
from trainer.claims import depth_lifter, pictures3d
from trainer.claims.crop_cameras import crop_cameras
from trainer.claims.outcome import Outcome
from trainer.claims.pictures3d import (
    BUNDLE_LIFTER,
    MEAN_DEPTH,
    MEAN_POSE,
    SMALL_LIFTER,
    TRUE_DEPTH,
    exact_places,
    joints_3d,
    lift_places,
    metres_behind,
    small_recipe_3d,
    try_pictures3d,
)
from trainer.claims.pose_errors import PoseErrors
from trainer.claims_cli import app
from trainer.data.recipe_sets import people_of
from trainer.data.sets.studio_poses import SIDE, read_focal_lengths, read_studio_poses
from trainer.evaluate.metrics.pose_3d import mpjpe
from trainer.paper_recipe import PaperRecipe

PELVIS = MPII_16.index("pelvis")


def tiny_3d(*, epochs: int) -> PaperRecipe:
    recipe = tiny_recipe("pose_action_pyramid", epochs=epochs)
    network = recipe.network.model_copy(update={"dimensions": 3})
    return recipe.model_copy(update={"network": network})


def test_every_block_and_what_it_is_held_against_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_lifter, "_STEPS", 5)
    torch.set_num_threads(1)
    write_studio_poses(tmp_path / "set", trained=4, measured=3)

    def lift(clips: np.ndarray) -> np.ndarray:
        return np.zeros((len(clips), 21, 3), np.float32)

    found = try_pictures3d(
        tiny_3d(epochs=1), tmp_path / "set", tmp_path, lift, seeds=2, progress=lambda items, _: items
    )
    names = [errors.mpjpe.variant for errors in found]
    assert names == ["block 1.2", "block 2.1", MEAN_DEPTH, SMALL_LIFTER, BUNDLE_LIFTER, TRUE_DEPTH, MEAN_POSE]
    by_name = dict(zip(names, found, strict=True))
    assert [len(errors.mpjpe.figures) for errors in found] == [2] * 6 + [1]
    samples = read_studio_poses(tmp_path / "set")
    wanted, mean = joints_3d(samples.part("test")), joints_3d(samples.part("train")).mean(0)
    assert by_name[MEAN_POSE].mpjpe.mean == pytest.approx(1000 * np.linalg.norm(wanted - mean, axis=-1).mean())
    assert by_name[BUNDLE_LIFTER].mpjpe.mean == pytest.approx(1000 * np.linalg.norm(wanted, axis=-1).mean())
    assert by_name[TRUE_DEPTH].mpjpe.mean < by_name[MEAN_DEPTH].mpjpe.mean


def test_z_is_metres_behind_the_pelvis() -> None:
    z = np.full((1, 16), 0.5, np.float32)
    z[0, PELVIS], z[0, 0] = 0.45, 0.7
    found = metres_behind(z)
    assert found[0, PELVIS] == 0
    assert found[0, 0] == pytest.approx(0.5)  # a quarter of the range of two metres


def test_a_lifter_is_given_the_joints_where_they_are_seen(tmp_path: Path) -> None:
    write_studio_poses(tmp_path / "set", trained=1, measured=2)
    samples = read_studio_poses(tmp_path / "set")
    known = samples.part("test")
    cameras = crop_cameras(
        known, read_focal_lengths(tmp_path / "set"), root=BODY_21.index("pelvis"), size=48, side=SIDE
    )
    places, _ = exact_places(people_of(known, samples.joints), 48)
    given: list[np.ndarray] = []

    def lift(clips: np.ndarray) -> np.ndarray:
        given.append(clips)
        found = np.zeros((len(clips), 21, 3), np.float32)
        found[..., 2] = np.arange(21)  # behind each other along the line of sight
        return found

    found = lift_places(lift, places.numpy(), cameras)
    (clips,) = given
    assert clips.shape == (2, 9, 21, 3)
    assert known[0].joints is not None
    shared = [BODY_21.index(name) for name in MPII_16.joints]
    assert clips[0, 0, shared, :2] == pytest.approx(known[0].joints[0, 0, shared], abs=1e-2)
    assert (clips[0, :, [0, 1, 2, 3, 4], 2] == 0).all()  # no face
    sight = cameras.rays(places.numpy())[:, PELVIS]
    sight /= np.linalg.norm(sight, axis=-1, keepdims=True)
    assert found[:, 0] == pytest.approx(sight * BODY_21.index("right_ankle"), abs=1e-4)


def test_errors_are_told_in_millimetres() -> None:
    errors = PoseErrors(Outcome("block 1.2", (80.0, 90.0)), Outcome("block 1.2", (61.04,)))
    assert errors.line() == "block 1.2: MPJPE 85.0 ± 7.1 mm (80.0, 90.0), P-MPJPE 61.0 mm"
    shifted = np.zeros((1, 16, 3), np.float32) + 3
    assert mpjpe(shifted, np.zeros((1, 16, 3), np.float32), root=PELVIS) == 0


def test_the_command_runs_on_what_was_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_lifter, "_STEPS", 5)
    monkeypatch.setattr(pictures3d, "small_recipe_3d", lambda _: tiny_3d(epochs=1))
    write_studio_poses(tmp_path / "pictures3d_1_1" / "studio_poses", trained=3, measured=2)
    result = CliRunner().invoke(
        app,
        ["pictures3d", "--work", str(tmp_path), "--seeds", "1", "--training", "1", "--measured", "1"],
        catch_exceptions=False,
    )
    assert "block 2.1: MPJPE" in result.output
    assert f"{MEAN_POSE}: MPJPE" in result.output


def test_the_recipe_has_depth_and_the_papers_weight_of_confidence() -> None:
    recipe = small_recipe_3d(tiny_recipe("pose_action_pyramid"))
    assert recipe.network.dimensions == 3
    assert recipe.network.action_weight == 0.01  # section 4.2.3
