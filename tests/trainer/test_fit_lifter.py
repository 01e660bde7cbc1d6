"""A short training lifts a walker better than a mean pose would, and goes on where it stopped."""

from pathlib import Path

import pytest
import torch

from tests.trainer.data.lifting.walkers import exact_bank, walker
from trainer.data.lifting.motions import join_clips
from trainer.data.lifting.views import LiftingBatch, LiftingViews
from trainer.fit_lifter import fit, lifting_loss, limb_error, load_lifter
from trainer.learning import LearningSettings
from trainer.lifter_recipe import LifterRecipe
from trainer.models.lifter import Lifter
from trainer.optimizers import Sgd

CLIPS = [walker(), walker(pace=1.7), walker(split="validation", pace=1.3)]


def train(folder: Path, steps: int) -> Lifter:
    recipe = LifterRecipe(steps=steps, batch=32, rate=3e-3, mild_from=20, teacher_poses=False, mix={"studio": 1.0})
    return fit(CLIPS, exact_bank(), folder / "checkpoint.pt", recipe)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of a few steps look at few validation clips."""
    monkeypatch.setattr("trainer.fit_lifter._CHECKED", 64)


def test_it_learns_which_way_people_face(tmp_path: Path) -> None:
    batch = LiftingViews(join_clips(CLIPS[2:], {"studio": 1.0}), exact_bank()).draw(200, 9, None, noise=False)
    network = train(tmp_path, 100)
    with torch.no_grad():
        found = network(batch.poses)
    mean = batch.joints.mean(0, keepdim=True).expand_as(batch.joints)
    assert limb_error(found, batch.joints, batch.known) < 0.85 * limb_error(mean, batch.joints, batch.known)


def test_an_interrupted_training_ends_where_the_uninterrupted_one_does(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", 6).state_dict()
    train(tmp_path / "parts", 3)
    resumed = train(tmp_path / "parts", 6).state_dict()
    assert all(torch.allclose(value.float(), resumed[name].float(), atol=1e-5) for name, value in whole.items())


def test_a_lifter_of_other_widths_and_another_optimiser_is_found_in_its_checkpoint(tmp_path: Path) -> None:
    learning = LearningSettings(weight_decay=0.0, average_decay=0.9, optimizer=Sgd())
    recipe = LifterRecipe(
        steps=2, batch=8, rate=1e-3, mild_from=1, teacher_poses=False, width=24, hidden=40, learning=learning,
        mix={"studio": 1.0},
    )  # fmt: skip
    trained = fit(CLIPS, exact_bank(), tmp_path / "checkpoint.safetensors", recipe).state_dict()
    assert trained["join.weight"].shape[0] == 40
    found = load_lifter(tmp_path / "checkpoint.safetensors").state_dict()
    assert all(torch.equal(value, found[name]) for name, value in trained.items())


def test_only_known_joints_count() -> None:
    joints = torch.randn(4, 21, 3)
    known = torch.ones(4, 21, dtype=torch.bool)
    known[:, :5] = False
    found = joints.clone()
    found[:, :5] += 3
    batch = LiftingBatch(torch.zeros(4, 9, 21, 3), joints, known)
    assert float(lifting_loss(found, batch)) < 0.01
    found[:, 8] += 1
    assert float(lifting_loss(found, batch)) > 0.05
