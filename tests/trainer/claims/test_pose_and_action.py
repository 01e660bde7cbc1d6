"""Claims about paper E: each variant differs in one thing, and every exit is measured."""

from pathlib import Path

import pytest
import torch

from tests.trainer.paper_sets import tiny_recipe, write_lspet, write_ut_interaction
from trainer.claims.pose_and_action import VARIANTS, as_variant, clips_alone, try_pose_and_action
from trainer.fit_paper import read_training_data
from trainer.losses import MISSING
from trainer.paper_recipe import make_task
from trainer.task import Batch


def a_clip() -> Batch:
    torch.manual_seed(1)
    return Batch(
        torch.randint(0, 255, (2, 4, 32, 32, 3), dtype=torch.uint8),
        torch.tensor([0, 1]),
        torch.full((2, 4), torch.nan),
        torch.full((2, 16, 2), float(MISSING)),
    )


def test_variants_are_trained_and_exits_measured(tmp_path: Path) -> None:
    write_lspet(tmp_path)
    write_ut_interaction(tmp_path)
    torch.set_num_threads(1)
    outcomes, exits = try_pose_and_action(
        tiny_recipe("pose_action_pyramid"),
        tmp_path,
        tmp_path / "work",
        variants=VARIANTS[:2],
        seeds=1,
        progress=lambda items, _: items,
    )
    assert [outcome.variant for outcome in outcomes] == list(VARIANTS[:2])
    assert all(0 <= outcome.mean <= 1 for outcome in outcomes)
    assert [found.block for found in exits] == [(1, 2), (2, 1)]
    assert exits[-1].accuracy.figures == outcomes[0].figures  # the last exit is the whole network
    assert all(found.milliseconds > 0 for found in exits)


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
    read = read_training_data(tiny_recipe("pose_action_pyramid"), tmp_path)
    assert [read.draw(step).pixels.ndim for step in range(2)] == [4, 5]
    alone = clips_alone(read)
    assert [alone.draw(step).pixels.ndim for step in range(2)] == [5, 5]
    assert torch.equal(alone.draw(0).pixels, read.draw(1).pixels)
    assert 2 * alone.count == read.count
