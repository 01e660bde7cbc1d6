"""Partial labels, and a training that learns something and can be resumed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from trainer.action_recipe import ActionRecipe, ActionSettling
from trainer.data.action_sequences import LABELS, OTHER, JointSequence
from trainer.data.action_windows import whole_clip
from trainer.evaluate.action_sources import accuracy_by_source
from trainer.evaluate.calibrate import FEWEST_CLIPS
from trainer.fit_action import action_loss, allowed_matrix, fit
from trainer.models.edge_action import EdgeAction

MIX = {"penn_action": 1.0}


def test_any_allowed_action_will_do() -> None:
    allowed = allowed_matrix([("walk", "other"), ("walk",)])
    logits = torch.full((2, len(LABELS)), -5.0)
    logits[:, LABELS.index("other")] = 5.0
    fine, wrong = (float(action_loss(logits[i : i + 1], allowed[i : i + 1], smoothing=0.0)) for i in range(2))
    assert fine < 0.01
    assert wrong > 5.0


def moving(axis: int, seed: int) -> JointSequence:
    """Somebody whose body sways along an axis."""
    rng = np.random.default_rng(seed)
    body = rng.normal(0, 30, (1, 13, 2)) * [0.4, 1.0]
    joints = np.repeat(body, 60, 0)
    joints[..., axis] += 40 * np.sin(np.arange(60) / 4 + rng.uniform(0, 6))[:, None]
    features = np.concatenate([joints, np.ones((60, 13, 1))], -1).astype(np.float32)
    return JointSequence("penn_action", "train", str(seed), features, 30.0, ("squat" if axis else "walk",))


def test_a_short_training_tells_two_movements_apart_and_resumes_exactly(tmp_path: Path) -> None:
    sequences = [moving(axis, seed) for axis in (0, 1) for seed in range(20)]
    bank = np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)

    def train(name: str, steps: int) -> torch.nn.Module:
        return fit(
            sequences,
            bank,
            tmp_path / name / "checkpoint.pt",
            ActionRecipe(tracks_of="compact", steps=steps, batch=24, rate=2e-3, mix=MIX),
        )

    network = train("whole", 40)
    unseen = [moving(axis, 100 + seed) for axis in (0, 1) for seed in range(20)]
    with torch.no_grad():
        best = network(torch.from_numpy(np.stack([whole_clip(s) for s in unseen]))).argmax(1)
    assert np.mean([LABELS[index] in s.allowed for index, s in zip(best, unseen, strict=True)]) > 0.9
    resumed = train("whole", 40)
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in network.state_dict().items())


def test_an_interrupted_training_ends_where_the_uninterrupted_one_does(tmp_path: Path) -> None:
    """Dropout included: the checkpoint keeps the state of its random numbers."""
    sequences = [moving(axis, seed) for axis in (0, 1) for seed in range(4)]
    bank = np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)

    def train(name: str, steps: int) -> dict[str, torch.Tensor]:
        recipe = ActionRecipe(
            tracks_of="compact", steps=steps, batch=8, rate=2e-3, mix=MIX
        )  # the rate of the first steps does not depend on how many there will be
        return fit(sequences, bank, tmp_path / name / "checkpoint.pt", recipe).state_dict()

    whole = train("whole", 6)
    train("parts", 2)
    resumed = train("parts", 6)
    assert all(torch.allclose(value.float(), resumed[name].float(), atol=1e-6) for name, value in whole.items())


def test_a_network_settles_from_the_outcome_of_its_training_whenever_that_was_done(tmp_path: Path) -> None:
    sequences = [moving(axis, seed) for axis in (0, 1) for seed in range(4)]
    bank = np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)
    recipe = ActionRecipe(tracks_of="compact", steps=3, batch=8, rate=2e-3, mix=MIX)
    settling = recipe.model_copy(update={"settling": ActionSettling(steps=2, rate=5e-4)})

    def train(name: str, recipe: ActionRecipe) -> dict[str, torch.Tensor]:
        return fit(sequences, bank, tmp_path / name / "checkpoint.safetensors", recipe).state_dict()

    at_once, first = train("at once", settling), train("in parts", recipe)
    later = train("in parts", settling)
    assert any(not torch.equal(value, first[name]) for name, value in later.items())
    assert all(torch.equal(value, at_once[name]) for name, value in later.items())


def test_what_only_the_second_training_may_see_changes_nothing_of_the_first(tmp_path: Path) -> None:
    sequences = [moving(axis, seed) for axis in (0, 1) for seed in range(4)]
    late = [replace(moving(0, seed), source="studio_others", allowed=(OTHER,)) for seed in range(4)]
    bank = np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)
    settling = ActionSettling(steps=2, rate=5e-4, mix={**MIX, "studio_others": 0.5})
    recipe = ActionRecipe(tracks_of="compact", steps=3, batch=8, rate=2e-3, mix=MIX, settling=settling)
    without = fit(sequences, bank, tmp_path / "without" / "checkpoint.safetensors", recipe).state_dict()
    with_late = fit([*sequences, *late], bank, tmp_path / "with" / "checkpoint.safetensors", recipe).state_dict()
    first = [load_file(tmp_path / name / "checkpoint.safetensors") for name in ("without", "with")]
    assert all(torch.equal(value, first[1][name]) for name, value in first[0].items())
    assert any(not torch.equal(value, with_late[name]) for name, value in without.items())


def test_of_several_settlings_the_one_with_the_best_worst_source_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequences = [moving(axis, seed) for axis in (0, 1) for seed in range(4)]
    bank = np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)
    recipe = ActionRecipe(
        tracks_of="compact", steps=3, batch=8, rate=2e-3, mix=MIX, settling=ActionSettling(runs=3, steps=2, rate=5e-3)
    )
    # So short trainings do not differ in what they get right: here the second has the best worst source.
    figures = iter([{"jhmdb": 0.9, "studio": 0.3}, {"jhmdb": 0.6, "studio": 0.5}, {"jhmdb": 0.4, "studio": 0.9}])
    monkeypatch.setattr("trainer.fit_action.accuracy_by_source", lambda *_: next(figures))
    kept = fit(sequences, bank, tmp_path / "checkpoint.safetensors", recipe).state_dict()
    runs = [load_file(tmp_path / name / "checkpoint.safetensors") for name in ("settled", "settled_1", "settled_2")]
    same = [torch.equal(kept["stem.weight"], run["average.module.stem.weight"]) for run in runs]
    assert same == [False, True, False]


def test_each_source_says_how_many_of_its_sequences_are_told() -> None:
    unseen = [
        replace(moving(seed % 2, 100 + seed), split="validation", source=source, allowed=(label,))
        for source, label in (("penn_action", "walk"), ("jhmdb", "squat"))
        for seed in range(FEWEST_CLIPS)
    ]
    bank = np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)
    network = EdgeAction(len(LABELS))
    with torch.no_grad():
        network.classifier.bias[LABELS.index("walk")] = 1e3
    assert accuracy_by_source(network, unseen, bank) == {"penn_action": 1.0, "jhmdb": 0.0}


def test_sources_with_few_sequences_say_nothing() -> None:
    bank = np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)
    few = [replace(moving(0, seed), split="validation", source="jhmdb") for seed in range(FEWEST_CLIPS - 1)]
    assert accuracy_by_source(EdgeAction(len(LABELS)), few, bank) == {}
