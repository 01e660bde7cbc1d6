"""Paper E: both tasks beat one, every block's supervision beats the last one's, pose and appearance beat each; exits.

A small network of pyramids learns actions from clips and poses from pictures of people. A variant differs in one
thing from the whole: in what it learns, or in what its actions are told by. Two more are trained in two phases of equal
length, and differ from each other in one thing: whether actions have poses of their own in the second (3.3.4). Beside
actions, the joints of held-out people are measured.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainer.claims.joint_share import right_joint_share
from trainer.claims.outcome import Outcome
from trainer.data.labelled_samples import LabelledSample, lspet_poses
from trainer.data.picture_batches import Augmentation, picture_batch
from trainer.device import training_device
from trainer.evaluate.metrics.accuracy import top1
from trainer.fit_paper import TrainingData, fit_in_phases, fit_task, measure, read_training_data
from trainer.inputs.batch import Batch
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.losses import focal
from trainer.models.pose_action_pyramid import PoseActionPyramid, PredictionBlock
from trainer.paper_recipe import PaperRecipe, make_task
from trainer.phases import PhaseSettings
from trainer.task import Task

WHOLE = "poses and actions, every block, pose and appearance"
ACTIONS_ALONE, TWO_PHASES, DECOUPLED = "actions alone", "two phases", "decoupled"
VARIANTS = (WHOLE, ACTIONS_ALONE, "the last block alone", "pose alone", "appearance alone", TWO_PHASES, DECOUPLED)
_POSED = 64  # people who are measured at once


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


@dataclass(frozen=True, slots=True)
class PoseAndActionOutcome:
    """Results of the claim.

    Attributes:
        actions: Share of held-out clips called right (top-1), of each variant.
        joints: PCK@.2 of held-out people, of each variant that learns poses.
        exits: Of the first variant.
    """

    actions: tuple[Outcome, ...]
    joints: tuple[Outcome, ...]
    exits: tuple[Exit, ...]


def try_pose_and_action(
    recipe: PaperRecipe,
    data: Path,
    work: Path,
    *,
    variants: Sequence[str] = VARIANTS,
    seeds: int,
    progress: Callable[[Sequence, str], Iterable],
) -> PoseAndActionOutcome:
    """Try the recipe's set of clips with poses of LSP extended.

    Args:
        recipe: Of system E, with poses of LSP extended and an even number of epochs.
        data: Folder of the data sets.
        work: Folder of the checkpoints; a stopped training goes on from there.
        variants: Of `VARIANTS`.
        seeds: How many.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError: A data set is missing.
        DivergenceError: A training diverged.
    """
    people = [person for person in lspet_poses(data / "lspet") if person.split != "train"]
    return try_both_tasks(
        recipe,
        lambda seeded: read_training_data(seeded, data, work),
        people,
        work,
        variants=variants,
        seeds=seeds,
        progress=progress,
    )


def try_both_tasks(
    recipe: PaperRecipe,
    read_data: Callable[[PaperRecipe], TrainingData],
    people: Sequence[LabelledSample],
    work: Path,
    *,
    variants: Sequence[str],
    seeds: int,
    progress: Callable[[Sequence, str], Iterable],
) -> PoseAndActionOutcome:
    """Train every variant with every seed, and measure actions of held-out clips and joints of held-out people.

    Args:
        recipe: Of system E, with an even number of epochs.
        read_data: Reads clips and poses for a recipe, whose seed decides what is drawn; batches of poses and of clips
            take turns, poses first.
        people: With joints, who train nothing; of those without a box the whole picture is looked at.
        work: Folder of the checkpoints; a stopped training goes on from there.
        variants: Of `VARIANTS`.
        seeds: How many.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        DivergenceError: A training diverged.
    """
    device = training_device()
    actions: dict[str, list[float]] = {variant: [] for variant in variants}
    joints: dict[str, list[float]] = {variant: [] for variant in variants if variant != ACTIONS_ALONE}
    networks: list[PoseActionPyramid] = []
    batches: list[Batch] = []
    for variant in variants:
        for seed in progress(range(seeds), variant):
            seeded = recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})
            read = read_data(seeded)
            torch.manual_seed(seed)
            weight = seeded.network.action_weight  # type: ignore[union-attr]  # system E has it
            task = as_variant(make_task(seeded.network, len(read.names), None), variant, weight)
            place = work / f"{variant.replace(' ', '_').replace(',', '')}_{recipe.training.epochs}_{seed}"
            if variant in (TWO_PHASES, DECOUPLED):
                phased = seeded.model_copy(update={"phases": two_phases(seeded, decouple=variant == DECOUPLED)})
                network = fit_in_phases(task, read, phased, place, device)
            else:
                if variant == ACTIONS_ALONE:
                    read = clips_alone(read)
                network = fit_task(task, read, seeded, place / "checkpoint.safetensors", device)
            network.eval().to(device)
            assert isinstance(network, PoseActionPyramid)
            actions[variant].append(measure(task, network, read.held_out(), device)["top1"])
            network.cpu()
            if variant in joints:
                joints[variant].append(measure_joints(network, people, seeded.network.size))
            if variant == variants[0]:
                networks.append(network)
                batches = list(read.held_out())
    return PoseAndActionOutcome(
        tuple(Outcome(variant, tuple(found)) for variant, found in actions.items()),
        tuple(Outcome(variant, tuple(found)) for variant, found in joints.items()),
        tuple(measure_exits(networks, batches)),
    )


def two_phases(recipe: PaperRecipe, *, decouple: bool) -> tuple[PhaseSettings, ...]:
    """Both tasks in two phases of half the epochs each; in the second, actions may have poses of their own."""
    half = recipe.training.epochs // 2
    return (
        PhaseSettings(learns="both", epochs=half),
        PhaseSettings(learns="both", epochs=recipe.training.epochs - half, decouple=decouple),
    )


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
def measure_joints(network: PoseActionPyramid, people: Sequence[LabelledSample], size: int) -> float:
    """Compute PCK@.2 of the last block's poses on square crops of single people.

    Args:
        network: In evaluation mode.
        people: With joints; of those without a box the whole picture is looked at.
        size: Side of the squares in pixels.
    """
    found, joints = [], []
    for start in range(0, len(people), _POSED):
        batch = picture_batch(people[start : start + _POSED], size, None, Augmentation(), view="person")
        found.append(network(to_range(batch.pixels, SIGNED_UNIT))[-1].poses.numpy() * size - 0.5)
        joints.append(batch.joints.numpy())
    return right_joint_share(np.concatenate(found), np.concatenate(joints))


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
