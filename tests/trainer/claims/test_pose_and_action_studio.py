"""Claims about paper E on rendered clips: frames of the clips that train teach poses, those of others measure them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edgeact.errors import SourceNotFoundError
from tests.trainer.claims.test_studio_clips import tiny_clips
from tests.trainer.paper_sets import tiny_recipe
from trainer.claims.pose_and_action import ACTIONS_ALONE, DECOUPLED, WHOLE, clips_alone, try_both_tasks
from trainer.claims.pose_and_action_studio import person_clips, studio_both, studio_both_recipe, studio_people
from trainer.claims.studio_clips import studio_training
from trainer.claims_cli import app
from trainer.data.read_picture import read_rgb
from trainer.inputs.batch import MISSING


def test_people_are_cut_out_with_their_masks_and_joints() -> None:
    clips = tiny_clips()
    cut = person_clips(clips, 24)
    assert cut.frames.shape == (6, 5, 24, 24, 3)
    assert cut.labels is clips.labels
    known = (cut.joints != MISSING).all(-1)
    assert known.sum() == 29 * 16
    # Somebody is 9 pixels tall, and a crop is a quarter larger; the joints lie in its middle row.
    assert cut.masks[0, 0].any(1).sum() == pytest.approx(24 / 1.25, abs=3)
    x, y = cut.joints[known].round().astype(int).T
    clip, frame, _ = np.nonzero(known)
    assert cut.masks[clip, frame, y, x].all()
    assert (cut.frames[clip, frame, y, x, 0] > 150).all()
    assert not cut.masks[5, 4].any()


def test_frames_become_pictures_with_their_joints_once(tmp_path: Path) -> None:
    clips = tiny_clips()
    people = studio_people(clips, tmp_path, progress=lambda items, _: items)
    assert len(people) == 6 * 5 - 1  # in one frame is nobody
    assert [person.split for person in people] == ["train"] * 20 + ["test"] * 9
    assert people[7].joints is clips.joints[1, 2] or (people[7].joints == clips.joints[1, 2]).all()
    assert (read_rgb(people[7].path) == clips.frames[1, 2]).all()
    before = people[7].path.stat().st_mtime_ns
    assert [one.path for one in studio_people(clips, tmp_path, progress=lambda items, _: items)] == [
        person.path for person in people
    ]
    assert people[7].path.stat().st_mtime_ns == before


def test_poses_and_clips_take_turns(tmp_path: Path) -> None:
    clips, recipe = tiny_clips(), tiny_recipe("pose_action_pyramid")
    people = studio_people(clips, tmp_path, progress=lambda items, _: items)
    both, alone = studio_both(clips, people, recipe), studio_training(clips, recipe)
    poses, actions = both.draw(0), both.draw(1)
    assert poses.pixels.shape == (4 * recipe.data.batch, 32, 32, 3)
    assert (poses.labels == MISSING).all()
    assert actions.pixels.ndim == 5
    assert torch.equal(actions.pixels, alone.draw(0).pixels)
    assert torch.equal(clips_alone(both).draw(1).pixels, alone.draw(1).pixels)
    assert both.count == 2 * alone.count
    # Joints go where their picture goes: those of the red person are on it, turned, zoomed or mirrored.
    x, y = poses.joints[:, 0].round().long().T
    seen = (x >= 0) & (x < 32) & (y >= 0) & (y < 32)
    assert seen.float().mean() > 0.8
    colour = poses.pixels[torch.arange(len(x))[seen], y[seen], x[seen]].int()
    assert (colour[:, 0] - colour[:, 1] > 60).all()


def test_variants_are_trained_on_clips_of_the_studio(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    clips = tiny_clips()
    people = studio_people(clips, tmp_path / "pictures", progress=lambda items, _: items)
    variants = (WHOLE, ACTIONS_ALONE, DECOUPLED)
    found = try_both_tasks(
        studio_both_recipe(tiny_recipe("pose_action_pyramid", epochs=2)),
        lambda seeded: studio_both(clips, people, seeded),
        [person for person in people if person.split != "train"],
        tmp_path / "work",
        variants=variants,
        seeds=1,
        progress=lambda items, _: items,
    )
    assert [outcome.variant for outcome in found.actions] == list(variants)
    assert [outcome.variant for outcome in found.joints] == [WHOLE, DECOUPLED]
    assert all(0 <= outcome.mean <= 1 for outcome in found.actions)
    assert [one.block for one in found.exits] == [(1, 2), (2, 1)]


def test_a_folder_without_the_studio_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.stages.use_one_thread", lambda: None)
    arguments = ["pose_and_action_studio", "--data", str(tmp_path), "--work", str(tmp_path / "work")]
    with pytest.raises(SourceNotFoundError, match="check --data"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
