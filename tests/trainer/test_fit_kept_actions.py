"""A bundle's network is put right and keeps what it knows; the bundle is the one that ships."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgeact.bundle.load import packaged_bundle_path
from edgeact.errors import SourceFormatError, UsageError
from tests.trainer.test_fit_classes import moving
from trainer.classes_recipe import ClassesRecipe, load_classes_recipe
from trainer.data.action_sequences import LABELS, JointSequence
from trainer.data.action_windows import deployed_clips
from trainer.evaluate.kept_actions import KeptFigures, measure_kept
from trainer.fit_kept_actions import KeptActions, fit_kept_actions
from trainer.models.action_weights import start_classifier
from trainer.models.edge_action import EdgeAction

GRAPH = packaged_bundle_path() / "action.onnx"


def few_clips() -> ClassesRecipe:
    """The shipped recipe, but with small batches."""
    recipe = load_classes_recipe()
    return recipe.model_copy(update={"kept": recipe.kept.model_copy(update={"batch": 24})})


def said_to_be(label: str, sequence: JointSequence) -> JointSequence:
    return replace(sequence, allowed=(label,), name=f"{label}-{sequence.name}")


SWAYING = [said_to_be("clap", moving("sway", source, number)) for source in "ab" for number in range(2)]
STANDING = [moving("other", source, 0) for source in "abcd"]


def test_corrected_clips_are_called_what_was_said_and_recordings_that_were_right_stay_so(tmp_path: Path) -> None:
    said: list[str] = []
    kept = KeptActions(GRAPH, LABELS, 0.5, steps=15, folds=2, recipe=few_clips())
    found = fit_kept_actions(SWAYING, STANDING, kept, tmp_path, say=said.append)
    assert len(said) == 3
    assert found.trained.labels == LABELS
    assert found.trained.threshold == 0.5
    figures = measure_kept(
        found.trained.labels,
        before=found.before,
        held_out=found.trained.answers,
        after=found.after,
        agreement=found.agreement,
    )
    assert (figures.clips, figures.before, figures.after) == (4, 0, 4)
    assert figures.agreement is not None
    assert figures.agreement >= 0.5  # measured .75: bodies that are held out are of other random proportions
    standing = np.concatenate([deployed_clips(sequence) for sequence in STANDING])
    with torch.no_grad():
        said_now = found.trained.network(torch.from_numpy(standing)).argmax(1)
    assert LABELS.index("clap") not in said_now.tolist()


def test_a_new_action_is_put_before_other_and_needs_clips(tmp_path: Path) -> None:
    kept = KeptActions(GRAPH, LABELS, 0.5, steps=15, folds=2, recipe=few_clips())
    swaying = [replace(sequence, allowed=("sway",)) for sequence in SWAYING]
    found = fit_kept_actions(swaying, [], kept, tmp_path, say=lambda _: None)
    assert found.trained.labels == (*LABELS[:-1], "sway", "other")
    assert found.agreement is None
    grown = [
        float(after.probability[-2] / before.probability[-2])
        for after, before in zip(found.after, found.before, strict=True)
    ]
    assert min(grown) > 2
    with pytest.raises(UsageError, match=r"new to the bundle need 4 clips .*'sway' has 3"):
        fit_kept_actions(swaying[:3], [], kept, tmp_path, say=lambda _: None)
    with pytest.raises(UsageError, match="2 clips of one source"):
        fit_kept_actions(SWAYING[:2], [], kept, tmp_path, say=lambda _: None)


def test_another_seed_is_another_training(tmp_path: Path) -> None:
    weights = []
    for place, seed in (("first", 0), ("again", 0), ("other", 1)):
        recipe = load_classes_recipe()
        seeded = recipe.model_copy(update={"kept": recipe.kept.model_copy(update={"batch": 4, "seed": seed})})
        kept = KeptActions(GRAPH, LABELS, 0.5, steps=1, folds=2, recipe=seeded)
        found = fit_kept_actions(SWAYING, STANDING, kept, tmp_path / place, say=lambda _: None)
        weights.append(found.trained.network.state_dict()["classifier.weight"])
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_graph_of_other_actions_is_refused() -> None:
    with pytest.raises(SourceFormatError, match="no classifier of 2 actions"):
        start_classifier(EdgeAction(3), GRAPH, [0, 1])


def test_figures_are_said_in_words() -> None:
    figures = KeptFigures(clips=4, before=0, held_out=2, after=4, agreement=0.875)
    assert figures.words() == (
        "Of 4 corrected clips 0 were called rightly before, 4 are now, and 2 when their source was held out. In "
        "recordings that were right, 87.5% of the held-out moments are called the same."
    )
    assert "recordings" not in replace(figures, agreement=None).words()
