"""The trained network of a paper's recipe, made narrower as the recipe's ``[compress]`` says, or cut at an exit."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgeact.errors import ConfigError, SourceNotFoundError, UsageError
from trainer.checkpoint import read_tensors, write_tensors
from trainer.clip_statistics import statistics_of_clips
from trainer.compress.exits import Exit, score_exits
from trainer.compress.remove import load_narrow
from trainer.compress.shrink import Shrunk, Subject, shrink
from trainer.device import training_device
from trainer.fit_paper import (
    NETWORK_FILE,
    RESULT_FILE,
    TrainingData,
    course_of,
    measure,
    read_result,
    read_training_data,
    write_result,
)
from trainer.inputs.batch import Batch
from trainer.models.pose_action_pyramid import PoseActionPyramid
from trainer.paper_recipe import PaperRecipe, make_task
from trainer.task import Task
from trainer.tasks.body_part_aware import BodyPartAwareSettings

NARROW_FOLDER = "narrow"


def shrink_paper(recipe: PaperRecipe, data: Path, work: Path) -> Shrunk:
    """Make a trained network narrower; ``narrow/network.safetensors`` and ``narrow/result.json`` are written.

    Args:
        recipe: That it was trained by; it says how it is made narrower.
        data: Folder of the data sets.
        work: Where `trainer.fit_paper.train_paper` left the network.

    Raises:
        ConfigError: The recipe does not say how, or names a layer that the network lacks.
        SourceNotFoundError: The network was not trained yet, or a data set is missing.
        UsageError: So few multiplications cannot be reached.
        DivergenceError: A training diverged.
    """
    settings = recipe.compress
    if settings is None:
        raise ConfigError(f"recipe {recipe.name} has no [compress]; add one, like that of pose_action_pyramid_small")
    task, found, result = _trained(recipe, data, work)
    device, folder = training_device(), work / recipe.name / NARROW_FOLDER
    subject = Subject(
        task.network,
        inputs=_example(recipe, found),
        draw=lambda steps: (found.draw(step) for step in steps),
        epoch=course_of(recipe, found).save_every,
        loss=lambda network, batch: task.loss(network, batch.to(device)),
        answers=lambda network, batch: _answers(task, network, batch.to(device)),
        score=lambda network: measure(task, network, found.held_out(), device),
        course=course_of(recipe, found),
    )
    shrunk = shrink(subject, settings, folder, device)
    before, after = shrunk.multiplications
    changed = {"scores": shrunk.scores, "multiplications": [before, after], "parameters": list(shrunk.parameters)}
    write_tensors(folder / NETWORK_FILE, shrunk.network.state_dict(), {"recipe": recipe.model_dump(mode="json")})
    write_result(folder / RESULT_FILE, {**result, **shrunk.scores["fine-tuned"], "compress": changed})
    return shrunk


def paper_exits(recipe: PaperRecipe, data: Path, work: Path) -> dict[Exit, dict[str, float]]:
    """``mAP`` and ``top1`` of every exit of a trained network of paper E, on what it was not trained on.

    Raises:
        UsageError: The recipe is of another paper, whose network has one exit.
        SourceNotFoundError: The network was not trained yet, or a data set is missing.
    """
    if recipe.network.system != "pose_action_pyramid":
        raise UsageError(f"{recipe.network.system} has one exit; pose_action_pyramid (E) has several")
    task, found, _ = _trained(recipe, data, work)
    assert isinstance(task.network, PoseActionPyramid)
    device = training_device()
    return score_exits(task.network.to(device), found.held_out(), device)


def load_trained(network: nn.Module, folder: Path) -> nn.Module:
    """Fill a network of a recipe, in place, with what was trained, narrower or not; in evaluation mode.

    Raises:
        SourceNotFoundError: It was not trained yet.
        CheckpointError, SourceFormatError: The file is damaged, or of another network.
    """
    path = folder / NETWORK_FILE
    if not path.is_file():
        raise SourceNotFoundError(f"{path} not found; train the network first: edgeact train paper RECIPE")
    weights, _ = read_tensors(path)
    if isinstance(network, PoseActionPyramid) and any(".action_heads." in name for name in weights):
        network.decouple()
    load_narrow(network, weights)
    return network.eval()


def _trained(recipe: PaperRecipe, data: Path, work: Path) -> tuple[Task, TrainingData, dict[str, Any]]:
    result = read_result(work / recipe.name / RESULT_FILE)
    task = make_task(recipe.network, len(result["labels"]), None)
    load_trained(task.network, work / recipe.name)
    found = read_training_data(recipe, data, work)
    return statistics_of_clips(task) if found.draw_poses is not None else task, found, result


def _example(recipe: PaperRecipe, found: TrainingData) -> tuple[torch.Tensor, ...]:
    """Random inputs of the network, a batch of two, to trace it with.

    A network of both clips and pictures is traced with clips, which reach all of its layers.
    """
    size = recipe.network.size
    if found.clip_stride is not None:
        return (torch.rand(2, 3, recipe.network.frames, size, size),)  # type: ignore[union-attr]  # systems of clips
    if isinstance(recipe.network, BodyPartAwareSettings):
        return torch.rand(2, 3, size, size), torch.rand(2, 3, 2 * size, 2 * size)
    return (torch.rand(2, 3, size, size),)


def _answers(task: Task, network: nn.Module, batch: Batch) -> torch.Tensor | None:
    """None of a batch without actions, such as one of poses alone."""
    return task.answers(network, batch) if bool(batch.has_action.any()) else None
