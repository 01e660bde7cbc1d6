"""Train the network of a paper's recipe, and say how well it does on what it was not trained on."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from edgeact.atomic import write_text
from edgeact.errors import ConfigError, SourceFormatError, SourceNotFoundError
from trainer.checkpoint import write_tensors
from trainer.clip_statistics import statistics_of_clips
from trainer.data.clip_batches import ReadClip, clip_batch, clip_stride, drawn_parts, read_clips
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import Augmentation, View, picture_batch
from trainer.data.recipe_sets import CLIP_SETS, read_actions, read_poses
from trainer.device import training_device
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.inputs.batch import Batch
from trainer.kept_recipe import require_same_recipe
from trainer.loop import Course, train
from trainer.paper_recipe import PICTURE_SYSTEMS, PaperRecipe, make_task
from trainer.parallel import join_processes
from trainer.phases import first_checkpoint, fit_phases
from trainer.precomputed.class_people import Track
from trainer.precomputed.clip_people import clip_pictures, find_clip_people, person_clips
from trainer.task import Task
from trainer.tasks.body_part_aware import BodyPartAwareSettings
from trainer.tasks.taught import ActionTeacher, taught_task

# What is made of clips lies below the folder of work: who is seen in them, and pictures out of them.
PEOPLE_FOLDER, PICTURES_FOLDER = "people", "pictures"
PERSON_SYSTEMS = ("body_part_aware", "pose_action_pyramid")  # whose graphs are given the crop of one person
NETWORK_FILE, RESULT_FILE = "network.safetensors", "result.json"
_RESULT_KEYS = ("top1", "mAP", "samples", "split", "how", "trained_on", "labels", "clip_stride")
_CHECKS = 20  # looks at held-out samples in a training


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What a recipe's network learns from and is measured on.

    Attributes:
        names: Of the actions.
        count: How many samples with actions there are to train on.
        draw: The batch of a step.
        held_out: Batches to measure on.
        split: Which split they are of: ``validation`` or ``test``.
        clip_stride: Seconds between two frames of a clip; None where samples are pictures.
        draw_poses: Of clips with pictures of poses between: such pictures alone.
        draw_actions: Of the same: clips alone.
    """

    names: tuple[str, ...]
    count: int
    draw: Callable[[int], Batch]
    held_out: Callable[[], Iterator[Batch]]
    split: str
    clip_stride: float | None = None
    draw_poses: Callable[[int], Batch] | None = None
    draw_actions: Callable[[int], Batch] | None = None


def train_paper(
    recipe: PaperRecipe, data: Path, work: Path, *, weights: Path | None = None, teachers: Path = Path("teachers")
) -> dict[str, object]:
    """Train, or go on from the checkpoint; write ``network.safetensors`` and ``result.json`` beside it.

    Args:
        recipe: What was decided.
        data: Folder of the data sets.
        work: A folder of the recipe's name is made in it.
        weights: Published weights of the backbone, where the recipe starts from such.
        teachers: Folder of the teacher's file, where the recipe names one.

    Returns:
        What ``result.json`` holds: figures in 0..1, the split and the number of samples that they are of.

    Raises:
        ConfigError: Weights are missing, or given where none are wanted; the teacher does not fit; or the training was
            begun by another recipe of this name.
        SourceNotFoundError: A data set or the teacher is missing.
        DivergenceError: The training diverged.
    """
    if recipe.published_start != (weights is not None):
        remedy = "give their file with --weights" if recipe.published_start else "leave --weights out"
        start = "published weights" if recipe.published_start else "random weights"
        raise ConfigError(f"recipe {recipe.name} starts from {start}; {remedy}")
    folder, device = work / recipe.name, training_device()
    checkpoint = first_checkpoint(folder) if recipe.phases else folder / "checkpoint.safetensors"
    require_same_recipe(recipe, checkpoint)
    found = read_training_data(recipe, data, work)
    torch.manual_seed(recipe.training.seed)
    task = make_task(recipe.network, len(found.names), weights)
    if recipe.teacher is not None:
        shape = tuple(found.draw(0 if found.clip_stride is None else 1).pixels.shape[1:])
        task = taught_task(task, ActionTeacher(recipe.teacher, teachers, len(found.names), shape), recipe.teacher)
    if recipe.phases:
        network = fit_in_phases(task, found, recipe, folder, device)
    else:
        network = fit_task(task, found, recipe, checkpoint, device)
    figures = measure(task, network.eval().to(device), found.held_out(), device)
    # The best of several looks at the same samples is a little too good; a split of its own is not.
    chosen = (
        "the checkpoint was chosen on the same samples" if found.split == "validation" else "nothing was chosen on them"
    )
    result = {**figures, "split": found.split, "how": chosen, "actions": len(found.names), "trained_on": found.count}
    result |= {"labels": list(found.names), "sets": list(recipe.data.sets), "clip_stride": found.clip_stride}
    if join_processes().is_first:
        write_tensors(folder / NETWORK_FILE, network.state_dict(), {"recipe": recipe.model_dump(mode="json")})
        write_result(folder / RESULT_FILE, result)
    return result


def write_result(path: Path, result: Mapping[str, object]) -> None:
    """Write the result of a training as ``result.json``, atomically: under a temporary name, then renamed."""
    write_text(path, json.dumps(result, indent=1) + "\n")


def read_result(path: Path) -> dict[str, Any]:
    """Read the result of a training from ``result.json``.

    Raises:
        SourceNotFoundError: There is none.
        SourceFormatError: It is of another version.
    """
    if not path.is_file():
        raise SourceNotFoundError(f"{path} not found; train the network first: edgeact train paper RECIPE")
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found | {key: found[key] for key in _RESULT_KEYS}
    except (ValueError, KeyError, TypeError) as error:
        raise SourceFormatError(f"{path} is no result of this version; remove its folder and train again") from error


def fit_task(task: Task, data: TrainingData, recipe: PaperRecipe, checkpoint: Path, device: torch.device) -> nn.Module:
    """Run the loop over a task.

    Raises:
        DivergenceError: The training diverged.
    """
    if data.draw_poses is not None:
        task = statistics_of_clips(task)
    return train(
        task.network,
        checkpoint,
        course_of(recipe, data),
        device=device,
        draw=lambda steps: (data.draw(step) for step in steps),
        loss=lambda network, batch: task.loss(network, batch.to(device)),
        check=lambda network: measure(task, network, data.held_out(), device),
    )


def fit_in_phases(task: Task, data: TrainingData, recipe: PaperRecipe, folder: Path, device: torch.device) -> nn.Module:
    """Run the loop once for each phase of a recipe of paper E.

    Raises:
        DivergenceError: The training diverged.
    """
    assert data.draw_poses is not None  # the recipe was checked: it has clips and poses
    assert data.draw_actions is not None
    return fit_phases(
        task,
        recipe.phases,
        course_of(recipe, data),
        folder,
        device=device,
        draw={"poses": data.draw_poses, "actions": data.draw_actions, "both": data.draw},
        check=lambda network: measure(task, network, data.held_out(), device),
    )


def course_of(recipe: PaperRecipe, data: TrainingData) -> Course:
    """How a recipe's training runs; a checkpoint is written every epoch."""
    settings = recipe.training
    epoch = max(1, -(-data.count // recipe.data.batch))
    return Course(
        recipe.name,
        settings.epochs * epoch,
        settings.rate,
        weight_decay=settings.weight_decay,
        save_every=epoch,
        check_every=epoch * max(1, settings.epochs // _CHECKS),
        optimizer=settings.optimizer,
        schedule=settings.schedule,
        average_decay=settings.average_decay,
        clip_norm=settings.clip_norm,
        best_by="mAP" if data.split == "validation" else None,
        patience=settings.patience,
        mixed_precision=settings.mixed_precision,
        deterministic=settings.deterministic,
    )


@torch.no_grad()
def measure(task: Task, network: nn.Module, batches: Iterator[Batch], device: torch.device) -> dict[str, float]:
    """Compute ``top1`` and ``mAP``. With several labels a sample counts as right if its most probable action is one."""
    network.eval()
    probability, labels = [], []
    for batch in batches:
        probability.append(task.answers(network, batch.to(device)).float().cpu().numpy())
        labels.append(batch.labels.numpy())
    scores, truth = np.concatenate(probability), np.concatenate(labels)
    best = scores.argmax(1)
    right = float((best == truth if truth.ndim == 1 else truth[np.arange(len(best)), best] == 1).mean())
    return {"top1": round(right, 4), "mAP": round(mean_average_precision(scores, truth), 4), "samples": len(truth)}


def epoch_rows(count: int, batch: int, step: int, seed: int) -> list[int]:
    """The samples of a step: every round over all of them in another order, one after the other.

    Args:
        count: How many samples there are.
        batch: How many a step takes.
        step: From 0.
        seed: Of the orders.
    """
    places = range(step * batch, (step + 1) * batch)
    rounds = {place // count for place in places}
    orders = {index: np.random.default_rng((seed, index)).permutation(count) for index in rounds}
    return [int(orders[place // count][place % count]) for place in places]


def read_training_data(recipe: PaperRecipe, data: Path, work: Path) -> TrainingData:
    """Read the sets that a recipe names.

    Args:
        recipe: What was decided.
        data: Folder of the data sets.
        work: Folder for what is made of clips.

    Raises:
        SourceNotFoundError: A data set is missing, or nobody is found in clips.
        OutputError: What is made of clips cannot be written.
    """
    labelled, names = read_actions(recipe.data.actions, data)
    poses = [person for name in recipe.data.poses for person in read_poses(name, data)]
    view: View = "person" if recipe.network.system in PERSON_SYSTEMS else "frame"
    clips = recipe.data.actions in CLIP_SETS
    if clips and recipe.network.system in PICTURE_SYSTEMS:
        people = _people(recipe, labelled, work)
        labelled, clips = _pictures(recipe, labelled, people, work, view), False
    chosen = [sample for sample in labelled if sample.split == "train"]
    split = "validation" if any(sample.split == "validation" for sample in labelled) else "test"
    held_out = [sample for sample in labelled if sample.split == split]
    network, batch, seed = recipe.network, recipe.data.batch, recipe.training.seed
    # System A is given the large pictures of one person and makes the small ones itself.
    size = network.size * 2 if isinstance(network, BodyPartAwareSettings) else network.size
    change = Augmentation(
        recipe.data.flip, recipe.data.rotation, recipe.data.zoom, recipe.data.pose_rotation, recipe.data.colour_shift
    )
    if clips:
        return _clip_data(recipe, names, chosen, held_out, poses, size, change, split, work)

    def draw(step: int) -> Batch:
        rng = np.random.default_rng((seed, 1, step))
        with_poses = min(max(int(batch * recipe.data.pose_share), 1), batch - 1) if poses else 0
        rows = [chosen[row] for row in epoch_rows(len(chosen), batch - with_poses, step, seed)]
        rows += [poses[row] for row in epoch_rows(len(poses), with_poses, step, seed + 1)] if poses else []
        return picture_batch(rows, size, rng, change, view=view)

    def measured() -> Iterator[Batch]:
        return (picture_batch(part, size, None, change, view=view) for part in _parts(held_out, batch))

    return TrainingData(names, len(chosen), draw, measured, split)


def _clip_data(
    recipe: PaperRecipe,
    names: tuple[str, ...],
    chosen: Sequence[LabelledSample],
    held_out: Sequence[LabelledSample],
    poses: Sequence[LabelledSample],
    size: int,
    change: Augmentation,
    split: str,
    work: Path,
) -> TrainingData:
    """Clips; with poses beside them, some batches are of pictures with poses: every other one in paper E, 4.2.3."""
    frames: int = recipe.network.frames  # type: ignore[union-attr]  # the recipe was checked: systems of clips have it
    batch, seed = recipe.data.batch, recipe.training.seed
    steps = recipe.data.clip_steps
    found_poses: list[LabelledSample] = []
    clips: Sequence[ReadClip]
    held: Sequence[ReadClip]
    if recipe.data.clip_view == "person":
        people = _people(recipe, chosen, work)
        found_poses = _pictures(recipe, chosen, people, work, "person")
        chosen, clips = person_clips(chosen, people, size)
        held_out, held = person_clips(held_out, _people(recipe, held_out, work), size)
    else:
        clips = read_clips(chosen, size, every=None if steps is None else steps[0])
        held = read_clips(held_out, size)
    parts = None if steps is None else [drawn_parts(clip.filmed, frames, steps) for clip in clips]
    share, has_poses = recipe.data.pose_share, bool(poses or found_poses)

    def draw_poses(step: int) -> Batch:
        of_clips = (batch // 2 if poses else batch) if found_poses else 0
        rows = [poses[row] for row in epoch_rows(len(poses), batch - of_clips, step, seed + 1)]
        rows += [found_poses[row] for row in epoch_rows(len(found_poses), of_clips, step, seed + 2)] if of_clips else []
        return picture_batch(rows, size, np.random.default_rng((seed, 1, step)), change, view="person")

    def draw_actions(step: int) -> Batch:
        rows = epoch_rows(len(clips), batch, step, seed)
        labels = [chosen[row].label or 0 for row in rows]
        rng = np.random.default_rng((seed, 1, step))
        return clip_batch(
            [clips[row].frames for row in rows],
            labels,
            frames,
            rng,
            flip=change.flip,
            parts=None if parts is None else [parts[row] for row in rows],
            colour_shift=change.colour_shift,
            zoom=recipe.data.clip_zoom,
        )

    def draw(step: int) -> Batch:
        is_posed = has_poses and math.ceil((step + 1) * share) > math.ceil(step * share)
        return draw_poses(step) if is_posed else draw_actions(step)

    def measured() -> Iterator[Batch]:
        for rows in _parts(range(len(held)), batch):
            labels = [held_out[row].label or 0 for row in rows]
            yield clip_batch([held[row].frames for row in rows], labels, frames, None, flip=False)

    stride = clip_stride(clips, frames, steps)
    drawn = round(len(clips) / (1 - share)) if has_poses else len(clips)
    return TrainingData(names, drawn, draw, measured, split, stride, draw_poses, draw_actions)


def _people(recipe: PaperRecipe, clips: Sequence[LabelledSample], work: Path) -> list[list[Track]]:
    people = find_clip_people(clips, work / PEOPLE_FOLDER)
    if not any(people):
        name = recipe.data.actions
        raise SourceNotFoundError(f"nobody is found in the clips of {name}; this recipe learns from people in them")
    return people


def _pictures(
    recipe: PaperRecipe, clips: Sequence[LabelledSample], people: Sequence[Sequence[Track]], work: Path, view: View
) -> list[LabelledSample]:
    folder = work / PICTURES_FOLDER / recipe.data.actions
    return clip_pictures(clips, people, folder, count=recipe.data.clip_pictures, view=view)


def _parts(rows: Sequence, batch: int) -> Iterator[Sequence]:
    return (rows[start : start + batch] for start in range(0, len(rows), batch))
