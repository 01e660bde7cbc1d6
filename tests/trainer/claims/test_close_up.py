"""A camera near a person of the studio: whole in the square, beside its middle, and never off the photograph."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.claims.close_up import close_up
from trainer.data.studio.action_clips import ActionClipPlan, Group
from trainer.data.studio.action_scenes import build_scene
from trainer.data.studio.assets import Assets
from trainer.data.studio.avatar import load_avatar
from trainer.data.studio.backplate import covers, read_backplates
from trainer.data.studio.motion import MotionEntry, load_motion, read_manifest
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.scene import Scene, stage_matrix
from trainer.data.studio.wardrobe import Garment

SIDE = 64


@pytest.fixture
def scenes(shared_folder: Path) -> dict[str, Scene]:
    studio = shared_folder / "data" / "studio"
    avatar = load_avatar(studio / "avatars" / "Male_Adult_04.npz")
    clothes = (Garment(avatar.faces, np.full((4, 4, 3), [255, 0, 255], np.uint8)),)
    assets = Assets(studio, ((avatar, clothes),), {}, tuple(read_backplates().values()), ())

    def goes(entry: MotionEntry) -> float:  # leg lengths
        hips = load_motion(studio / "motion" / entry.file, label=entry.label).hips
        return float(np.ptp(hips[:, [0, 2]], axis=0).max())

    entries = read_manifest(studio)
    run = next(entry for entry in entries if entry.label == "run" and goes(entry) > 3)
    punch = next(entry for entry in entries if entry.label == "punch")
    return {
        entry.label: build_scene(ActionClipPlan(Group.OURS_SEEN, 0, entry, "level", (entry.label,)), assets, seed=0)
        for entry in (run, punch)
    }


def joints_in_square(scene: Scene) -> np.ndarray:
    """Joints ``(T, 21, 2)`` of what is shown, in pixels of a square."""
    (actor,) = scene.actors
    stage = stage_matrix(actor)
    shown = np.arange(0, scene.seconds, 1 / 12) + actor.start
    world = pose_avatar(actor.motion, actor.avatar).joints[(shown * actor.motion.frame_rate).round().astype(int)]
    return scene.camera.to_pixels(world @ stage[:3, :3].T + stage[:3, 3], (SIDE, SIDE))


@pytest.mark.data
def test_the_person_is_large_whole_and_beside_the_middle(scenes: dict[str, Scene]) -> None:
    for scene in scenes.values():
        middles = []
        for seed in range(8):
            near = close_up(scene, np.random.default_rng(seed))
            assert near is not None
            assert 0.55 <= near.seconds <= 1.55  # a frame more or less
            assert covers(near.backplate, near.camera, size=(SIDE, SIDE))
            joints = joints_in_square(near)
            assert joints.min() > -0.04 * SIDE  # a square far from the middle of the scene leans a little
            assert joints.max() < 1.04 * SIDE
            smallest = 0.3 if scene is scenes["run"] else 0.45  # of who runs, some of the way is in the square too
            assert np.median(np.ptp(joints, axis=1).max(1)) > smallest * SIDE
            middles.append(joints.mean((0, 1)) - (SIDE - 1) / 2)
        assert np.ptp([x for x, _ in middles]) > 0.1 * SIDE  # from clip to clip somewhere else
        again = close_up(scene, np.random.default_rng(7))
        assert again is not None
        assert (joints_in_square(again) == joints).all()


@pytest.mark.data
def test_of_who_goes_far_less_is_seen(scenes: dict[str, Scene]) -> None:
    runs, punches = (close_up(scenes[label], np.random.default_rng(0)) for label in ("run", "punch"))
    assert runs is not None
    assert punches is not None
    assert runs.seconds < punches.seconds
    assert runs.actors[0].motion is scenes["run"].actors[0].motion


@pytest.mark.data
def test_where_the_photograph_ends_there_is_no_such_camera(scenes: dict[str, Scene]) -> None:
    scene = scenes["punch"]
    narrow = replace(scene, backplate=replace(scene.backplate, field_of_view=0.01))
    assert close_up(narrow, np.random.default_rng(0)) is None
