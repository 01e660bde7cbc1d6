"""Claims about paper E: each variant differs in one thing, and every exit is measured."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edgeact.errors import SourceNotFoundError
from edgeact.skeleton import MPII_16
from tests.trainer.data.test_recipe_sets import write_penn_action
from tests.trainer.paper_sets import tiny_recipe, write_lspet, write_ut_interaction
from trainer.claims import pose_and_action
from trainer.claims.pose_and_action import (
    ACTIONS_ALONE,
    DECOUPLED,
    TWO_PHASES,
    VARIANTS,
    WHOLE,
    as_variant,
    clips_alone,
    measure_joints,
    try_pose_and_action,
    two_phases,
)
from trainer.claims_cli import app
from trainer.data.labelled_samples import LabelledSample, lspet_poses
from trainer.fit_paper import read_training_data
from trainer.inputs.batch import MISSING, Batch
from trainer.models.pose_action_pyramid import BlockPrediction, PoseActionPyramid
from trainer.paper_recipe import make_task


def a_clip() -> Batch:
    torch.manual_seed(1)
    return Batch(
        torch.randint(0, 255, (2, 4, 32, 32, 3), dtype=torch.uint8),
        torch.tensor([0, 1]),
        torch.full((2, 4), torch.nan),
        torch.full((2, 16, 2), float(MISSING)),
    )


def test_variants_are_trained_and_joints_and_exits_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lspet(tmp_path)
    write_ut_interaction(tmp_path)
    torch.set_num_threads(1)
    held_out = [replace(person, split="validation") for person in lspet_poses(tmp_path / "lspet")]
    monkeypatch.setattr(pose_and_action, "lspet_poses", lambda _: held_out)  # of eight people the hash holds out none
    variants = (WHOLE, ACTIONS_ALONE, TWO_PHASES, DECOUPLED)
    found = try_pose_and_action(
        tiny_recipe("pose_action_pyramid", epochs=2),
        tmp_path,
        tmp_path / "work",
        variants=variants,
        seeds=1,
        progress=lambda items, _: items,
    )
    assert [outcome.variant for outcome in found.actions] == list(variants)
    assert [outcome.variant for outcome in found.joints] == [WHOLE, TWO_PHASES, DECOUPLED]
    assert all(0 <= outcome.mean <= 1 for outcome in (*found.actions, *found.joints))
    assert [one.block for one in found.exits] == [(1, 2), (2, 1)]
    assert found.exits[-1].accuracy.figures == found.actions[0].figures  # the last exit is the whole network
    assert all(one.milliseconds > 0 for one in found.exits)


def test_two_phases_are_as_long_as_one_and_the_second_may_be_decoupled() -> None:
    recipe = tiny_recipe("pose_action_pyramid", epochs=5)
    coupled, decoupled = (two_phases(recipe, decouple=decouple) for decouple in (False, True))
    assert [phase.epochs for phase in coupled] == [phase.epochs for phase in decoupled] == [2, 3]
    assert [phase.decouple for phase in (*coupled, *decoupled)] == [False, False, False, True]


class _Pointing(PoseActionPyramid):
    """Places every joint in the middle of the square."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)

    def forward(self, inputs: torch.Tensor, exit_at: tuple[int, int] | None = None) -> list[BlockPrediction]:
        poses = torch.full((len(inputs), 16, 2), 0.5)
        return [BlockPrediction(1, 2, poses, poses[..., 0], None)]


def test_joints_are_measured_in_pixels_of_each_persons_square(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((60, 60, 3), 128, np.uint8))
    joints = np.full((16, 2), MISSING, np.float32)
    middle = 29.5  # of a picture of 60 pixels
    for name, place in (("left_shoulder", (middle, middle - 20)), ("left_hip", (middle, middle + 20))):
        joints[MPII_16.index(name)] = place
    joints[MPII_16.index("left_knee")] = (middle + 5, middle)  # nearer than a fifth of 40
    person = LabelledSample(tmp_path / "grey.png", "validation", None, np.float32([0, 0, 60, 60]), joints)
    assert measure_joints(_Pointing(), [person], 32) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("variant", "blind_to"), [("pose alone", "appearance"), ("appearance alone", "pose")])
def test_a_variant_does_not_hear_what_it_goes_without(variant: str, blind_to: str) -> None:
    torch.manual_seed(0)
    whole = make_task(tiny_recipe("pose_action_pyramid").network, 2, None)
    changed = as_variant(whole, variant, 0.1)
    changed.loss(changed.network, a_clip()).backward()
    heard = [
        getattr(block.action, blind_to)[0] if blind_to == "pose" else block.action.appearance
        for block in changed.network.blocks.values()
    ]
    assert all(layer.weight.grad is None or not layer.weight.grad.any() for layer in heard)
    told = [
        block.action.appearance if blind_to == "pose" else block.action.pose[0]
        for block in changed.network.blocks.values()
    ]
    assert all(layer.weight.grad.any() for layer in told)


def test_with_the_last_block_alone_the_others_classifiers_learn_nothing() -> None:
    torch.manual_seed(0)
    last_alone, every = (
        as_variant(make_task(tiny_recipe("pose_action_pyramid").network, 2, None), variant, 0.1)
        for variant in ("the last block alone", VARIANTS[0])
    )
    torch.manual_seed(0)
    for task in (last_alone, every):
        task.network.load_state_dict(last_alone.network.state_dict())
        task.network.eval()
    batch = a_clip()
    answers = [task.answers(task.network, batch) for task in (last_alone, every)]
    assert torch.equal(*answers)
    own = -torch.log(answers[0][torch.arange(2), batch.labels]).mean()
    assert last_alone.loss(last_alone.network, batch).item() == pytest.approx(2 * 0.1 * own.item(), rel=1e-4)
    assert every.loss(every.network, batch).item() != pytest.approx(2 * 0.1 * own.item(), rel=1e-4)


def test_actions_alone_see_no_pictures(tmp_path: Path) -> None:
    write_lspet(tmp_path)
    write_ut_interaction(tmp_path)
    read = read_training_data(tiny_recipe("pose_action_pyramid"), tmp_path, tmp_path / "work")
    assert [read.draw(step).pixels.ndim for step in range(2)] == [4, 5]
    alone = clips_alone(read)
    assert [alone.draw(step).pixels.ndim for step in range(2)] == [5, 5]
    assert torch.equal(alone.draw(0).pixels, read.draw(1).pixels)
    assert 2 * alone.count == read.count


def test_actions_of_penn_action_are_learnt_where_its_frames_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.stages.use_one_thread", lambda: None)
    write_lspet(tmp_path)
    write_penn_action(tmp_path / "penn_action", frames=False)
    arguments = ["pose_and_action", "--clips", "penn_action", "--data", str(tmp_path), "--work", str(tmp_path / "work")]
    with pytest.raises(SourceNotFoundError, match="penn_action has no frames of clip 0001"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
