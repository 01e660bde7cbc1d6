"""Every paper's task learns eight samples through the one loop: its loss falls, and its answers become right."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from edgeact.errors import ConfigError
from trainer.fit_paper import measure
from trainer.inputs.batch import Batch
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.loop import Course, train
from trainer.paper_recipe import NetworkSettings, load_paper_recipe, make_task
from trainer.schedule import ConstantSchedule
from trainer.task import Task

CLASSES = 2
SMALL = {
    "body_part_aware": {"size": 32, "balance": 0.1},
    "loss_guided": {"size": 64, "class_channels": 16, "human_channels": (8, 1)},
    "gated3d": {"size": 32, "frames": 4, "gates": ("layer1", "layer3")},
    "attentional_pooling": {"size": 64, "first_rank": 8, "pose_width": 8},
    "pose_action_pyramid": {"size": 32, "frames": 4, "growth": 4, "clip_channels": 16},
}


def settings_of(system: str) -> NetworkSettings:
    network = load_paper_recipe(Path(f"{system}_small")).network
    return network.model_copy(update=SMALL[system])


def some_batch(size: int, frames: int | None, *, actions: bool = True) -> Batch:
    """Eight pictures or clips: dark ones of action 0 with a person on the left, bright ones of action 1."""
    generator = torch.Generator().manual_seed(0)
    shape = (8, size, size, 3) if frames is None else (8, frames, size, size, 3)
    noise = torch.randint(0, 60, shape, generator=generator)
    labels = torch.arange(8) % CLASSES
    pixels = (noise + 150 * labels.reshape(-1, *[1] * (len(shape) - 1))).to(torch.uint8)
    boxes = torch.tensor([0.0, 0.0, size / 2, size]).repeat(8, 1)
    boxes[0] = torch.nan  # nobody said where this one is
    joints = torch.rand(8, 16, 2, generator=generator) * (size - 1)
    joints[1] = -1
    return Batch(pixels, labels if actions else torch.full((8,), -1), boxes, joints)


def losses_of_steps(task: Task, batch: Batch, optimizer: torch.optim.Optimizer) -> list[float]:
    """The loss of each of twelve steps on one batch."""
    losses = []
    for _ in range(12):
        value = task.loss(task.network, batch)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


@pytest.mark.parametrize("system", SMALL)
def test_a_task_learns_through_the_loop(system: str, tmp_path: Path) -> None:
    settings = settings_of(system)
    frames = getattr(settings, "frames", None)
    size = settings.size * 2 if system == "body_part_aware" else settings.size
    batch = some_batch(size, frames)
    torch.manual_seed(0)
    task = make_task(settings, CLASSES, None)
    losses: list[float] = []

    def noted(network: torch.nn.Module, drawn: Batch) -> torch.Tensor:
        value = task.loss(network, drawn)
        losses.append(value.item())
        return value

    def draw(steps: range) -> Iterator[Batch]:
        return (batch for _ in steps)

    course = Course(system, 12, 3e-3, schedule=ConstantSchedule(), average_decay=None, save_every=12)
    network = train(
        task.network, tmp_path / "checkpoint.safetensors", course, device=torch.device("cpu"), draw=draw, loss=noted
    )
    assert losses[-1] < 0.8 * losses[0]
    with torch.no_grad():
        answers = task.answers(network.train(), batch)  # with the batch's own statistics, which were learnt with
    assert answers.sum(1) == pytest.approx(torch.ones(8), abs=1e-4)
    assert (answers.argmax(1) == batch.labels).float().mean() >= 0.75


def test_pyramids_learn_poses_of_pictures_without_actions() -> None:
    settings = settings_of("pose_action_pyramid")
    torch.manual_seed(0)
    task, batch = make_task(settings, CLASSES, None), some_batch(settings.size, None, actions=False)
    losses = losses_of_steps(task, batch, torch.optim.RMSprop(task.network.parameters(), 2e-3))
    assert losses[-1] < 0.8 * losses[0]


def test_pyramids_learn_depth_where_it_is_known() -> None:
    settings = settings_of("pose_action_pyramid").model_copy(update={"dimensions": 3})
    flat = some_batch(settings.size, None, actions=False)
    depth = torch.rand(8, 16, generator=torch.Generator().manual_seed(1)) - 0.5
    depth[2] = torch.nan  # nobody said how deep this one's joints lie
    batch = replace(flat, depth=depth)
    torch.manual_seed(0)
    task = make_task(settings, CLASSES, None)
    maps = task.network.blocks["p2_l1"].heads.depth_maps.weight
    task.loss(task.network, flat).backward()
    assert not maps.grad.any()  # flat poses teach no depth
    with torch.no_grad():
        z = torch.stack([block.poses[..., 2] for block in task.network(to_range(batch.pixels, SIGNED_UNIT))])
        away = (z - (0.5 + depth / 2)).abs()  # paper E, 4.2.1: the pelvis at .5, a range of two metres
        known = (batch.joints != -1).any(-1) & depth.isfinite()
        each = torch.where(known, away + away.square(), torch.zeros_like(away)).sum(-1)
        each = each / (batch.joints != -1).any(-1).sum(-1).clamp_min(1)
        gained = task.loss(task.network, batch) - task.loss(task.network, flat)
    assert gained.item() == pytest.approx(each.mean(-1).sum().item(), rel=1e-4)
    losses = losses_of_steps(task, batch, torch.optim.RMSprop(task.network.parameters(), 2e-3))
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("system", ["body_part_aware", "loss_guided", "attentional_pooling"])
def test_what_nobody_said_of_a_sample_teaches_nothing(system: str) -> None:
    """Without action, box and joints a picture's loss is 0, and finite."""
    settings = settings_of(system)
    size = settings.size * 2 if system == "body_part_aware" else settings.size
    whole = some_batch(size, None)
    nothing = Batch(
        whole.pixels,
        torch.full_like(whole.labels, -1),
        torch.full_like(whole.boxes, torch.nan),
        torch.full_like(whole.joints, -1),
    )
    task = make_task(settings, CLASSES, None)
    assert task.loss(task.network, nothing).item() == 0.0
    assert task.loss(task.network, whole).item() > 0.0


def test_the_mask_can_be_left_out_of_paper_b() -> None:
    settings = settings_of("loss_guided")
    batch = some_batch(settings.size, None)
    torch.manual_seed(0)
    task = make_task(settings.model_copy(update={"mask_weight": 0.0}), CLASSES, None)
    task.loss(task.network, batch).backward()
    assert all(layer.weight.grad is None or not layer.weight.grad.any() for layer in task.network.human_branch)


def test_pyramids_take_no_published_weights(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leave --weights out"):
        make_task(settings_of("pose_action_pyramid"), CLASSES, tmp_path / "any.pth")


def test_body_parts_learn_several_actions_at_once() -> None:
    settings = settings_of("body_part_aware")
    torch.manual_seed(0)
    task, batch = make_task(settings, CLASSES, None), some_batch(2 * settings.size, None)
    done = torch.stack([torch.ones(8, dtype=torch.int64), batch.labels], 1)  # everybody does the first one
    done[7] = -1  # nobody said
    batch = replace(batch, labels=done)
    losses = losses_of_steps(task, batch, torch.optim.Adam(task.network.parameters(), 3e-3))
    assert losses[-1] < 0.8 * losses[0]
    with torch.no_grad():
        answers = task.answers(task.network.train(), batch)
    assert (answers[:, 0] > 0.5).all()  # probabilities of their own: both may be near 1
    assert answers[1::2, 1].mean() > answers[::2, 1].mean()
    figures = measure(task, task.network, iter([replace(batch, labels=done.clamp_min(0))]), torch.device("cpu"))
    assert figures["samples"] == 8
    assert 0 < figures["top1"] <= 1
