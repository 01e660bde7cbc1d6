"""Paper C: Sum3DCAM finds those who act better than GradCAM, and gates help; a small 3D network on UT-Interaction.

The network learns actions alone. What its maps point at is compared with the boxes of both people who act, which a
teacher network finds in the frames: they measure, and train nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from edgeact.capture.open import open_source
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import letterbox_matrix, transform_box
from trainer.attribution.cam3d import cams_of
from trainer.attribution.gradcam import gradcams_of
from trainer.attribution.gradients import layer_gradients
from trainer.attribution.localize import CLIP_OVERLAPS, max_box_accuracy, over_largest
from trainer.claims.outcome import Outcome
from trainer.data.labelled_samples import LabelledSample, clip_frames, ut_interaction
from trainer.device import training_device
from trainer.fit_paper import fit_task, measure, read_training_data
from trainer.layers.pixels import ACTIVITYNET, to_range
from trainer.metrics.pointing_game import points_at
from trainer.paper_recipe import PaperRecipe, make_task
from trainer.precomputed.teacher_tracks import known_boxes
from trainer.precomputed.teachers import TeacherDetector
from trainer.task import Batch, Task

_PEOPLE = 2  # who act in every clip of the set
_LIKELY = 0.3  # of a teacher's box: `known_boxes` asks for more
_THRESHOLDS = tuple(step / 20 for step in range(21))  # the paper's steps of .01 cost five times as much
_SUMS = {"conv and 1": ("conv", "layer1"), "2 to 4": ("layer2", "layer3", "layer4")}  # tables 6 and 7
BLOB = "a blob in the middle"


@dataclass(frozen=True, slots=True, eq=False)
class KnownFrame:
    """A frame of a held-out clip in which both people are known.

    Attributes:
        clip: Which held-out clip, from 0.
        frame: Which of the frames that the network is given.
        boxes: ``(2, 4)`` float32 in pixels of the network's pictures.
    """

    clip: int
    frame: int
    boxes: np.ndarray


@dataclass(frozen=True, slots=True)
class CamOutcome:
    """What came out.

    Attributes:
        accuracy: Share of held-out clips called right, with and without gates.
        boxes: MaxBoxAcc of each kind of map, the mean over θ from .05 to .5.
        points: Share of frames in which a map's highest place lies on one of the two.
        frames: How many frames were measured.
    """

    accuracy: tuple[Outcome, ...]
    boxes: tuple[Outcome, ...]
    points: tuple[Outcome, ...]
    frames: int


def try_cam3d(
    recipe: PaperRecipe,
    data: Path,
    teachers: Path,
    work: Path,
    *,
    seeds: int,
    progress: Callable[[Sequence, str], Iterable],
) -> CamOutcome:
    """Train the recipe's network with and without gates, and look where the gated one's maps point.

    Args:
        recipe: Of system C.
        data: Folder of the data sets.
        teachers: Folder of the teacher networks.
        work: Folder of the checkpoints; a stopped training goes on from there.
        seeds: How many.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError: A data set or the teacher is missing.
        DivergenceError: A training diverged.
    """
    device = training_device()
    clips = [sample for sample in ut_interaction(data / "ut_interaction")[0] if sample.split == "test"]
    known = find_people(clips, recipe, teachers, progress=progress)
    right: dict[str, list[float]] = {"with gates": [], "without": []}
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(seeds):
        training = recipe.training.model_copy(update={"seed": seed})
        seeded = recipe.model_copy(update={"training": training})
        read = read_training_data(seeded, data)
        for name in right:
            torch.manual_seed(seed)
            task = make_task(seeded.network, len(read.names), None)
            if name == "without":
                task = Task(task.network.backbone, task.loss, task.answers)  # type: ignore[arg-type]  # a module
            checkpoint = work / f"{name.replace(' ', '_')}_{training.epochs}_{seed}" / "checkpoint.safetensors"
            network = fit_task(task, read, seeded, checkpoint, device).eval()
            right[name].append(measure(task, network.to(device), read.held_out(), device)["top1"])
            if name == "with gates":
                for kind, figures in score_maps(network.cpu(), list(read.held_out()), known, progress=progress).items():
                    found.setdefault(kind, []).append(figures)
    return CamOutcome(
        tuple(Outcome(name, tuple(values)) for name, values in right.items()),
        tuple(Outcome(kind, tuple(boxes for boxes, _ in values)) for kind, values in found.items()),
        tuple(Outcome(kind, tuple(points for _, points in values)) for kind, values in found.items()),
        len(known),
    )


def find_people(
    clips: Sequence[LabelledSample],
    recipe: PaperRecipe,
    teachers: Path,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> list[KnownFrame]:
    """The frames of clips, as the network is given them, in which the teacher finds exactly two large people.

    Raises:
        SourceNotFoundError: In no frame they are.
    """
    size, frames = recipe.network.size, recipe.network.frames  # type: ignore[union-attr]  # system C has both
    teacher, found = TeacherDetector(teachers), []
    for number, sample in enumerate(progress(clips, "people")):
        with open_source(sample.path) as source:
            images = [frame.image for frame in source.frames()]
        for place, index in enumerate(clip_frames(len(images), frames)):
            bgr = np.ascontiguousarray(images[index][..., ::-1])
            boxes = known_boxes(teacher(bgr, threshold=_LIKELY), height=bgr.shape[0], people=_PEOPLE)
            if boxes is not None:
                matrix = letterbox_matrix(bgr.shape[1], bgr.shape[0], width=size, height=size)
                placed = np.stack([transform_box(box, matrix) for box in boxes])
                found.append(KnownFrame(number, place, placed.astype(np.float32)))
    if not found:
        raise SourceNotFoundError(f"in none of {len(clips)} clips two people were found; check --data and --teachers")
    return found


def score_maps(
    network: torch.nn.Module,
    batches: Sequence[Batch],
    known: Sequence[KnownFrame],
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> dict[str, tuple[float, float]]:
    """MaxBoxAcc, the mean over θ, and the share of frames whose map is highest on a person, of each kind of map.

    Args:
        network: Clips → its layers' outputs and scores, in evaluation mode.
        batches: The held-out clips, in order.
        known: Where people are in them.
        progress: Gives items one after the other and shows how far it is.
    """
    maps: dict[str, list[np.ndarray]] = {}
    for batch in progress(batches, "maps"):
        for kind, values in all_maps(network, batch).items():
            maps.setdefault(kind, []).extend(values)
    scored = {}
    boxes = [frame.boxes for frame in known]
    for kind in progress(list(maps), "boxes"):
        seen = [over_largest(maps[kind][frame.clip][frame.frame]) for frame in known]
        right = max_box_accuracy(seen, boxes, CLIP_OVERLAPS, thresholds=_THRESHOLDS)
        points = np.mean([points_at(values, each, tolerance=0) for values, each in zip(seen, boxes, strict=True)])
        scored[kind] = (float(np.mean(list(right.values()))), float(points))
    return scored


def all_maps(network: torch.nn.Module, batch: Batch) -> dict[str, np.ndarray]:
    """Every kind of map of a batch of clips, of the likeliest action: each ``(N, T, H, W)`` float32, 0 or more."""
    size = (*batch.pixels.shape[1:4],)
    gradients = layer_gradients(network, to_range(batch.pixels, ACTIVITYNET))
    cams, grads = cams_of(gradients, size), gradcams_of(gradients, size)
    sums = {"all layers": tuple(cams)} | {name: layers for name, layers in _SUMS.items() if set(layers) <= set(cams)}
    add = partial(torch.sum, dim=0)
    maps = {f"3DCAM {name}": value for name, value in cams.items()}
    maps |= {f"Sum3DCAM {name}": add(torch.stack([cams[layer] for layer in layers])) for name, layers in sums.items()}
    maps["GradCAM layer4"] = grads["layer4"]
    maps |= {f"Sum GradCAM {name}": add(torch.stack([grads[one] for one in layers])) for name, layers in sums.items()}
    maps[BLOB] = _blob(size).expand(len(batch.pixels), *size)
    return {name: value.detach().numpy() for name, value in maps.items()}


def _blob(size: tuple[int, ...]) -> torch.Tensor:
    """What a map that has learnt nothing may say: ``(T, H, W)``, high in the middle and down to 0 at the edges."""
    rows, columns = (1 - torch.linspace(-1, 1, count).abs() for count in size[1:])
    return torch.minimum(rows[:, None], columns[None]).expand(*size)
