"""Paper E: both tasks beat one, every block's supervision beats the last one's, pose and appearance beat each; exits.

A small network of pyramids learns actions from clips of UT-Interaction and poses from pictures of people. A variant
differs in one thing from the whole: in what it learns, or in what its actions are told by.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainer.claims.outcome import Outcome
from trainer.device import training_device
from trainer.evaluate.metrics.accuracy import top1
from trainer.fit_paper import TrainingData, fit_task, measure, read_training_data
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.losses import focal
from trainer.models.pose_action_pyramid import PoseActionPyramid, PredictionBlock
from trainer.paper_recipe import PaperRecipe, make_task
from trainer.task import Batch, Task

WHOLE = "poses and actions, every block, pose and appearance"
VARIANTS = (WHOLE, "actions alone", "the last block alone", "pose alone", "appearance alone")


@dataclass(frozen=True, slots=True)
class Exit:
    """One exit of the whole network.

    Attributes:
        block: Pyramid and level.
        accuracy: Of its actions, by seed.
        milliseconds: Of a clip up to here, the best of several runs, with one thread.
    """

    block: tuple[int, int]
    accuracy: Outcome
    milliseconds: float


def try_pose_and_action(
    recipe: PaperRecipe,
    data: Path,
    work: Path,
    *,
    variants: Sequence[str] = VARIANTS,
    seeds: int,
    progress: Callable[[Sequence, str], Iterable],
) -> tuple[list[Outcome], list[Exit]]:
    """Train every variant with every seed, and measure the share of held-out clips called right (top-1).

    Args:
        recipe: Of system E.
        data: Folder of the data sets.
        work: Folder of the checkpoints; a stopped training goes on from there.
        variants: Of `VARIANTS`; the exits are those of the first.
        seeds: How many.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError: A data set is missing.
        DivergenceError: A training diverged.
    """
    device, outcomes = training_device(), []
    networks: list[PoseActionPyramid] = []
    batches: list[Batch] = []
    for number, variant in enumerate(variants):
        found = []
        for seed in progress(range(seeds), variant):
            seeded = recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})
            read = read_training_data(seeded, data)
            torch.manual_seed(seed)
            weight = seeded.network.action_weight  # type: ignore[union-attr]  # system E has it
            task = as_variant(make_task(seeded.network, len(read.names), None), variant, weight)
            if variant == "actions alone":
                read = clips_alone(read)
            place = work / f"{variant.replace(' ', '_').replace(',', '')}_{recipe.training.epochs}_{seed}"
            network = fit_task(task, read, seeded, place / "checkpoint.safetensors", device).eval()
            found.append(measure(task, network.to(device), read.held_out(), device)["top1"])
            if number == 0:
                assert isinstance(network, PoseActionPyramid)
                networks.append(network.cpu())
                batches = list(read.held_out())
        outcomes.append(Outcome(variant, tuple(found)))
    return outcomes, measure_exits(networks, batches)


def clips_alone(read: TrainingData) -> TrainingData:
    """The same clips, as often, without the batches of poses, which are every other one, beginning with the first."""
    count = read.count // 2
    return TrainingData(
        read.names, count, lambda step: read.draw(2 * step + 1), read.held_out, read.split, read.clip_stride
    )


def as_variant(task: Task, variant: str, weight: float) -> Task:
    """The recipe's task, changed in the one thing that a variant is named for.

    The variants of pose and appearance blank what an action block is told, in training and when it answers; the last
    block's one keeps the poses of every block, and takes the actions' loss of the last block alone.

    Args:
        task: Of system E.
        variant: One of `VARIANTS`.
        weight: Of an action's loss beside the poses'.
    """
    network = task.network
    assert isinstance(network, PoseActionPyramid)
    if variant in ("pose alone", "appearance alone"):
        blanked = 1 if variant == "pose alone" else 0
        for block in network.blocks.values():
            assert isinstance(block, PredictionBlock)
            if block.action is not None:
                block.action.register_forward_pre_hook(
                    lambda _, given, blanked=blanked: tuple(
                        torch.zeros_like(one) if place == blanked else one for place, one in enumerate(given)
                    )
                )
    if variant != "the last block alone":
        return task

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        if batch.pixels.ndim != 5:  # pictures teach poses
            return task.loss(model, batch)
        last = model(to_range(batch.pixels, SIGNED_UNIT))[-1]
        # As many times as blocks act: the actions weigh as much beside the poses as with every block's loss.
        return len(network.acting_steps()) * weight * focal(last.actions, batch.labels, gamma=0.0).mean()

    return Task(network, loss, task.answers)


@torch.no_grad()
def measure_exits(networks: Sequence[PoseActionPyramid], batches: Sequence[Batch]) -> list[Exit]:
    """Every exit that says actions: how many clips it calls right, and how long a clip takes up to there."""
    labels = torch.cat([batch.labels for batch in batches]).numpy()
    steps = networks[0].acting_steps()
    right: dict[tuple[int, int], list[float]] = {step: [] for step in steps}
    for network in networks:
        said: dict[tuple[int, int], list[np.ndarray]] = {step: [] for step in steps}
        for batch in batches:
            for block in network(to_range(batch.pixels, SIGNED_UNIT)):
                if block.actions is not None:
                    said[block.pyramid, block.level].append(block.actions.numpy())
        for step, scores in said.items():
            right[step].append(top1(np.concatenate(scores), labels))
    clip = to_range(batches[0].pixels[:1], SIGNED_UNIT)
    return [
        Exit(step, Outcome(f"exit {step[0]}.{step[1]}", tuple(right[step])), _milliseconds(networks[0], clip, step))
        for step in steps
    ]


def _milliseconds(network: PoseActionPyramid, clip: torch.Tensor, step: tuple[int, int], *, runs: int = 10) -> float:
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        network(clip, exit_at=step)
        taken.append(time.perf_counter() - start)
    return 1000 * min(taken)
