"""Classes of one's own are told apart on sources that were held out, and what says nothing is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgeact.errors import UsageError
from trainer.classes_recipe import load_classes_recipe
from trainer.data.action_sequences import JointSequence
from trainer.evaluate.classes import measure_classes
from trainer.event_files import write_events_to
from trainer.fit_classes import (
    ClassSettings,
    check_enough,
    choose_class_threshold,
    fit_classes,
    hold_out_groups,
)


def moving(label: str, source: str, number: int) -> JointSequence:
    """Somebody who sways sideways, up and down, or not at all."""
    rng = np.random.default_rng([ord(label[0]), ord(source[0]), number])
    joints = np.repeat(rng.normal(0, 30, (1, 13, 2)) * [0.4, 1.0] + 200, 40, 0)
    if label != "other":
        joints[..., 0 if label == "sway" else 1] += 40 * np.sin(np.arange(40) / 2 + rng.uniform(0, 6))[:, None]
    joints += rng.normal(0, 0.5, joints.shape)
    features = np.concatenate([joints, np.ones((40, 13, 1))], -1).astype(np.float32)
    return JointSequence(source, "train", f"{label}/{source}_{number}.mp4#0", features, 15.0, (label,))


SEQUENCES = [moving(label, source, n) for label in ("bob", "sway", "other") for source in "abc" for n in range(2)]


def test_two_movements_are_told_apart_on_held_out_sources_and_a_second_run_trains_nothing(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    recipe = load_classes_recipe()
    small = recipe.model_copy(update={"clips": recipe.clips.model_copy(update={"batch": 24})})
    settings = ClassSettings(steps=25, folds=3, recipe=small)
    with write_events_to(tmp_path / "events"):
        found = fit_classes(SEQUENCES, ("bob", "sway"), tmp_path, settings, say=said.append)
    trainings = {folder.name for folder in (tmp_path / "events").iterdir()}
    assert trainings == {"without_0", "without_1", "without_2", "everything"}
    assert found.labels == ("bob", "sway", "other")
    assert len(said) == 4
    report = measure_classes(found.answers, found.labels)
    assert report.accuracy >= 0.8
    assert set(report.sources) == {"a", "b", "c"}
    assert report.classes["bob"].clips == 6
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("checkpoint.safetensors")}
    assert len(written) == 4
    again = fit_classes(SEQUENCES, ("bob", "sway"), tmp_path, settings, say=said.append)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert all(
        torch.equal(value, again.network.state_dict()[name]) for name, value in found.network.state_dict().items()
    )
    assert again.threshold == found.threshold
    # What decides when a class is called trains nothing anew.
    high = small.model_copy(update={"calling": small.calling.model_copy(update={"lowest": 0.86})})
    later = fit_classes(SEQUENCES, ("bob", "sway"), tmp_path, replace(settings, recipe=high), say=said.append)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("checkpoint.safetensors")} == written
    assert later.threshold >= 0.86


def test_another_seed_is_another_training(tmp_path: Path) -> None:
    recipe = load_classes_recipe()
    weights = []
    for place, seed in (("first", 0), ("again", 0), ("other", 1)):
        seeded = recipe.model_copy(update={"clips": recipe.clips.model_copy(update={"batch": 4, "seed": seed})})
        settings = ClassSettings(steps=1, folds=2, recipe=seeded)
        found = fit_classes(SEQUENCES, ("bob", "sway"), tmp_path / place, settings, say=lambda _: None)
        weights.append(found.network.state_dict()["classifier.weight"])
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_source_is_held_out_as_a_whole_and_groups_are_even() -> None:
    groups = hold_out_groups(SEQUENCES, 2)
    assert sorted(len(group) for group in groups) == [1, 2]
    assert frozenset().union(*groups) == {"a", "b", "c"}
    assert len(hold_out_groups(SEQUENCES, 10)) == 3


def test_too_few_clips_or_one_source_are_refused_by_name() -> None:
    found = [("bob", f"clip_{number}", f"source_{number % 2}") for number in range(4)]
    check_enough(found, ("bob",), "clips")
    with pytest.raises(UsageError, match=r"'jump' has 0 of at least 4 clips with a person in them; record more"):
        check_enough(found, ("bob", "jump"), "clips with a person in them")
    with pytest.raises(UsageError, match=r"'bob' has 1 of at least 4 images; 'jump' has 0 of at least 4 images"):
        check_enough(found[:1], ("bob", "jump"), "images")
    with pytest.raises(UsageError, match="everything is of one source"):
        check_enough([(label, clip, "a") for label, clip, _ in found], ("bob",), "clips")


def test_the_threshold_is_the_lowest_at_which_few_are_called_wrong() -> None:
    """Ten clips of a class, one wrong at .7; ten of "other", of which one is called at .55."""
    aims = load_classes_recipe().calling
    probability = np.tile([0.9, 0.05, 0.05], (20, 1))
    probability[10:] = (0.1, 0.1, 0.8)
    truth = np.repeat([0, 2], 10)
    assert choose_class_threshold(probability, truth, aims) == 0.4
    between = aims.model_copy(update={"lowest": 0.405})
    assert choose_class_threshold(probability, truth, between) == 0.405
    probability[10] = (0.55, 0.05, 0.4)
    assert choose_class_threshold(probability, truth, aims) == 0.56
    probability[:2] = (0.1, 0.7, 0.2)
    assert choose_class_threshold(probability, truth, aims) == 0.72
    probability[10] = (0.99, 0.0, 0.01)
    assert choose_class_threshold(probability, truth, aims) == 0.9
