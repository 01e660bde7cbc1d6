"""Clips of the studio with masks and joints: what measures is not trained on, and both lie where their pictures show
somebody.
"""

from pathlib import Path

import moderngl
import numpy as np
import pytest
import torch

from edgeact.errors import SourceNotFoundError
from tests.skip_gate import NO_EGL
from tests.trainer.paper_sets import tiny_recipe
from trainer.claims import studio_clips
from trainer.claims.cam3d import VARIANTS, try_gates
from trainer.claims.studio_clips import (
    ACTIONS,
    StudioClips,
    assets_apart,
    known_studio_frames,
    plan_studio_clips,
    read_studio_clips,
    square_mask,
    studio_recipe,
    studio_training,
)
from trainer.data.studio.action_scenes import PLACES
from trainer.data.studio.assets import Assets
from trainer.data.studio.avatar import load_avatar
from trainer.data.studio.backplate import read_backplates
from trainer.data.studio.motion import MotionEntry
from trainer.data.studio.render import Renderer
from trainer.data.studio.wardrobe import Garment
from trainer.inputs.batch import MISSING

MOTIONS = [
    MotionEntry(f"{label}_{number}.npz", label, "some", str(number), "CC0")
    for labels in ACTIONS.values()
    for label in labels
    for number in range(5)
]


def tiny_clips() -> StudioClips:
    """Six clips of which two measure; somebody red stands in each, but in the last frame of the last, with all joints
    in one place.
    """
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 60, (6, 5, 32, 32, 3), np.uint8)
    masks = np.zeros((6, 5, 32, 32), bool)
    masks[:, :, 10:20, 4:9] = True
    masks[5, 4] = False
    frames[masks, 0] = 200
    joints = np.full((6, 5, 16, 2), [6, 15], np.float32)
    joints[5, 4] = MISSING
    return StudioClips(frames, masks, joints, np.array([0, 1, 0, 1, 2, 3]), np.array([False] * 4 + [True] * 2))


def test_every_fourth_motion_measures_and_is_not_trained_on() -> None:
    plans = plan_studio_clips(MOTIONS, ACTIONS, training=8, measured=3)
    names = {measures: {plan.entry.name for plan, apart in plans if apart is measures} for measures in (True, False)}
    assert not names[True] & names[False]
    assert len(plans) == len(ACTIONS) * 11
    assert {plan.allowed[0] for plan, _ in plans} == set(ACTIONS)
    assert len({(plan.group, plan.number) for plan, _ in plans}) == len(plans)  # each has a scene of its own
    walks = [plan.entry.name for plan, apart in plans if plan.allowed == ("walk",) and not apart]
    assert len(walks) == 8
    assert len(set(walks)) == 3  # of five motions two measure
    with pytest.raises(SourceNotFoundError, match="3 motions of jump; check --data"):
        plan_studio_clips(MOTIONS[:3], ACTIONS, training=1, measured=1)


def test_a_mask_is_placed_as_its_picture() -> None:
    mask = np.zeros((90, 160), bool)
    mask[:45] = True
    placed = square_mask(mask, 64)
    assert placed[:17].all()  # the picture has 36 rows, and the square a border below it
    assert not placed[19:].any()


def test_frames_are_known_where_somebody_is_seen() -> None:
    known = known_studio_frames(tiny_clips(), 3)
    assert [(frame.clip, frame.frame) for frame in known] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert known[0].boxes.tolist() == [[4, 10, 8, 19]]
    assert known[0].mask is not None
    assert known[0].mask.sum() == 50


def test_networks_are_trained_on_clips_of_the_studio_and_their_maps_scored_by_masks(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    clips, recipe = tiny_clips(), studio_recipe(tiny_recipe("gated3d"))
    data = studio_training(clips, recipe)
    assert data.count == 4
    assert torch.cat([batch.labels for batch in data.held_out()]).tolist() == [2, 3]
    assert set(data.draw(0).labels.tolist()) <= {0, 1}
    plain = studio_training(clips, tiny_recipe("gated3d"))
    assert not torch.equal(data.draw(0).pixels, plain.draw(0).pixels)  # zoomed, shifted and recoloured
    assert torch.equal(next(data.held_out()).pixels, next(plain.held_out()).pixels)
    known = known_studio_frames(clips, 4)
    found = try_gates(recipe, lambda _: data, known, tmp_path, seeds=1, progress=lambda items, _: items)
    assert found.frames == len(known) == 7
    for name in VARIANTS:
        maps = found.maps[name]
        assert [one.variant for one in maps.pixels] == [one.variant for one in maps.boxes]
        assert all(0 < outcome.mean <= 1 for outcome in maps.pixels)


def people_in_purple(studio: Path) -> Assets:
    """Two avatars, each listed twice, in every place of the studio."""
    people = []
    for name in ("Female_Adult_01", "Male_Adult_04"):
        avatar = load_avatar(studio / "avatars" / f"{name}.npz")
        people.append((avatar, (Garment(avatar.faces, np.full((4, 4, 3), [255, 0, 255], np.uint8)),)))
    return Assets(studio, tuple(people * 2), {}, tuple(read_backplates().values()), ())


@pytest.mark.data
def test_clips_are_rendered_once_with_the_masks_of_their_people(
    shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = shared_folder / "data" / "studio"
    assets = people_in_purple(studio)
    trained, apart = (assets_apart(assets, measures=measures) for measures in (False, True))
    # An avatar that is listed twice is on one side.
    assert {avatar.name for avatar, _ in trained.people} == {"Male_Adult_04"}
    assert [avatar.name for avatar, _ in apart.people] == ["Female_Adult_01"] * 2
    assert not {plate.scene for plate in trained.backplates} & {plate.scene for plate in apart.backplates}
    assert {plate.scene for plate in apart.backplates} <= PLACES
    monkeypatch.setattr(studio_clips, "load_assets", lambda *_, **__: assets)
    monkeypatch.setattr(studio_clips, "ACTIONS", {"jump": ("jump",)})

    def read() -> StudioClips:
        return read_studio_clips(studio, 64, tmp_path, training=1, measured=1, progress=lambda items, _: items)

    try:
        Renderer((8, 8))
    except (RuntimeError, OSError, moderngl.Error):
        pytest.skip(NO_EGL)
    clips = read()
    assert clips.frames.shape == (2, 12, 64, 64, 3)
    assert clips.measures.tolist() == [False, True]
    colour = clips.frames.astype(int)
    purple = np.minimum(colour[..., 0], colour[..., 2]) - colour[..., 1] > 60
    assert clips.masks.any((2, 3)).all()
    assert 0.05 < clips.masks.mean() < 0.2
    assert (purple & clips.masks).sum() > 0.8 * clips.masks.sum()
    assert (purple & ~clips.masks).sum() < 0.2 * clips.masks.sum()
    assert (clips.joints == MISSING).all(-1).mean() < 0.05  # of joints outside the picture
    known = np.argwhere((clips.joints != MISSING).all(-1))
    x, y = clips.joints[tuple(known.T)].round().astype(int).T
    assert clips.masks[known[:, 0], known[:, 1], y, x].mean() > 0.8  # the head's top may lie a pixel outside
    monkeypatch.setattr(studio_clips, "load_assets", lambda *_, **__: pytest.fail("rendered again"))
    assert (read().masks == clips.masks).all()
