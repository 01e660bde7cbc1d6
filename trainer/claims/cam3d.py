"""Paper C: Sum3DCAM finds those who act better than GradCAM, and gates help; a small 3D network on a set of clips.

The network learns actions alone. What its maps point at is compared with the boxes of people, which a teacher network
finds in the frames: they measure, and train nothing. In UT-Interaction they are both people who act; of the clips of
other sets nobody says who acts, and a box is anybody who is large.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from edgeact.capture.open import open_source
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import letterbox_matrix, transform_box
from trainer.claims.cam_maps import KnownFrame, MapScore, score_maps
from trainer.claims.outcome import Outcome
from trainer.data.clip_batches import clip_frames
from trainer.data.labelled_samples import LabelledSample
from trainer.data.recipe_sets import read_actions
from trainer.device import training_device
from trainer.fit_paper import TrainingData, fit_task, measure, read_training_data
from trainer.paper_recipe import PaperRecipe, make_task
from trainer.precomputed.teacher_tracks import known_boxes
from trainer.precomputed.teachers import TeacherDetector
from trainer.task import Task

_PEOPLE = {"ut_interaction": 2}  # who act in every clip of a set
_LIKELY = 0.3  # of a teacher's box: `known_boxes` asks for more
VARIANTS = ("with gates", "without gates")


@dataclass(frozen=True, slots=True)
class MapOutcomes:
    """Of the maps of one network, for each kind of map, what `cam_maps.MapScore` says; ``pixels`` may be empty."""

    boxes: tuple[Outcome, ...]
    points: tuple[Outcome, ...]
    hits: tuple[Outcome, ...]
    pixels: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class CamOutcome:
    """What came out.

    Attributes:
        accuracy: Share of held-out clips called right, of each of `VARIANTS`.
        maps: What the maps of each of `VARIANTS` point at.
        frames: How many frames were measured.
    """

    accuracy: tuple[Outcome, ...]
    maps: dict[str, MapOutcomes]
    frames: int


def try_cam3d(
    recipe: PaperRecipe,
    data: Path,
    teachers: Path,
    work: Path,
    *,
    seeds: int,
    inside: bool = False,
    progress: Callable[[Sequence, str], Iterable],
) -> CamOutcome:
    """Train the recipe's network with and without gates on the recipe's set of clips, and look where the maps
    point.

    Args:
        recipe: Of system C, with a set of clips of which a part is ``test``.
        data: Folder of the data sets.
        teachers: Folder of the teacher networks.
        work: Folder of the checkpoints; a stopped training goes on from there.
        seeds: How many.
        inside: Whether maps are set to 0 in the grey beside the pictures before they are measured.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError: A data set or the teacher is missing.
        DivergenceError: A training diverged.
    """
    clips = [sample for sample in read_actions(recipe.data.actions, data)[0] if sample.split == "test"]
    known = find_people(clips, recipe, teachers, progress=progress)
    return try_gates(
        recipe,
        lambda seeded: read_training_data(seeded, data, work),
        known,
        work,
        seeds=seeds,
        inside=inside,
        progress=progress,
    )


def try_gates(
    recipe: PaperRecipe,
    read: Callable[[PaperRecipe], TrainingData],
    known: Sequence[KnownFrame],
    work: Path,
    *,
    seeds: int,
    inside: bool = False,
    progress: Callable[[Sequence, str], Iterable],
) -> CamOutcome:
    """Train the recipe's network with and without gates, and measure how well the attention maps of each locate who
    acts.

    Args:
        recipe: Of system C.
        read: Reads the clips for a recipe, whose seed decides what is drawn.
        known: Who acts where in the held-out clips.
        work: Folder of the checkpoints; a stopped training goes on from there.
        seeds: How many.
        inside: Whether maps are set to 0 in the grey beside the pictures before they are measured.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        DivergenceError: A training diverged.
    """
    device = training_device()
    right: dict[str, list[float]] = {name: [] for name in VARIANTS}
    found: dict[str, list[dict[str, MapScore]]] = {name: [] for name in VARIANTS}
    for seed in range(seeds):
        training = recipe.training.model_copy(update={"seed": seed})
        seeded = recipe.model_copy(update={"training": training})
        data = read(seeded)
        for name in VARIANTS:
            torch.manual_seed(seed)
            task = make_task(seeded.network, len(data.names), None)
            if name == "without gates":
                task = Task(task.network.backbone, task.loss, task.answers)  # type: ignore[arg-type]  # a module
            checkpoint = work / f"{name.replace(' ', '_')}_{training.epochs}_{seed}" / "checkpoint.safetensors"
            network = fit_task(task, data, seeded, checkpoint, device).eval()
            right[name].append(measure(task, network.to(device), data.held_out(), device)["top1"])
            found[name].append(
                score_maps(network.cpu(), list(data.held_out()), known, inside=inside, progress=progress)
            )
    return CamOutcome(
        tuple(Outcome(name, tuple(values)) for name, values in right.items()),
        {name: _of_seeds(scores) for name, scores in found.items()},
        len(known),
    )


def _of_seeds(scores: Sequence[dict[str, MapScore]]) -> MapOutcomes:
    kinds = list(scores[0])
    pixels = {kind: [one[kind].pixels for one in scores] for kind in kinds}
    return MapOutcomes(
        tuple(Outcome(kind, tuple(one[kind].boxes for one in scores)) for kind in kinds),
        tuple(Outcome(kind, tuple(one[kind].points for one in scores)) for kind in kinds),
        tuple(Outcome(kind, tuple(one[kind].hits for one in scores)) for kind in kinds),
        tuple(
            Outcome(kind, tuple(value for value in values if value is not None))
            for kind, values in pixels.items()
            if None not in values
        ),
    )


def of_fights(recipe: PaperRecipe) -> PaperRecipe:
    """Adapt a recipe of system C to clips of cameras that mostly stand still: half of them show a fight.

    Frames are given less the mean of their clip. With the frames themselves the small network learnt nothing that held
    for other cameras.
    """
    data = recipe.data.model_copy(update={"sets": ("surveillance_fights",)})
    network = recipe.network.model_copy(update={"moving_only": True})
    return recipe.model_copy(update={"data": data, "network": network})


def find_people(
    clips: Sequence[LabelledSample],
    recipe: PaperRecipe,
    teachers: Path,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> list[KnownFrame]:
    """The frames of clips, as the network is given them, in which the teacher is sure of all large people. Where it
    is known how many people a set's clips show, it must find exactly so many.

    Raises:
        SourceNotFoundError: There is no such frame.
    """
    size, frames = recipe.network.size, recipe.network.frames  # type: ignore[union-attr]  # system C has both
    people = _PEOPLE.get(recipe.data.actions)
    teacher, found = TeacherDetector(teachers), []
    for number, sample in enumerate(progress(clips, "people")):
        with open_source(sample.path) as source:
            images = [frame.image for frame in source.frames()]
        for place, index in enumerate(clip_frames(len(images), frames)):
            bgr = np.ascontiguousarray(images[index][..., ::-1])
            boxes = known_boxes(teacher(bgr, threshold=_LIKELY), height=bgr.shape[0], people=people)
            if boxes is not None:
                matrix = letterbox_matrix(bgr.shape[1], bgr.shape[0], width=size, height=size)
                placed = np.stack([transform_box(box, matrix) for box in boxes])
                found.append(KnownFrame(number, place, placed.astype(np.float32)))
    if not found:
        raise SourceNotFoundError(
            f"in none of {len(clips)} clips the teacher is sure of {people or 'all'} people; check --data, --teachers"
        )
    return found
