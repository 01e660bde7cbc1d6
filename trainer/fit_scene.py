"""Train a head for classes of the whole picture, on the frozen features of a published EfficientNet-Lite0.

Of each clip a few pictures are looked at, evenly over it. Sources are held out as for the clip network
(`trainer.fit_classes`): a head that was trained on the others answers for them, which gives figures and threshold.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from edgeact.capture.open import open_source
from edgeact.errors import EdgeactError, OutputError, UsageError
from trainer.classes_recipe import ClassesRecipe, load_classes_recipe
from trainer.data.class_folder import OTHER_CLASS, ClassClip, ClassFolder
from trainer.data.frame_pictures import frames_at, write_picture
from trainer.data.labelled_samples import LabelledSample
from trainer.evaluate.classes import ClipAnswer
from trainer.everyday_recipe import HeadSettings
from trainer.fit_classes import check_enough, choose_class_threshold, even_groups
from trainer.fit_everyday import answers, fit_head, mean_maps
from trainer.models.last_map import LastMap
from trainer.precomputed.frozen_maps import frozen_maps
from trainer.tasks.backbones import make_backbone


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """How the head is trained.

    Attributes:
        folds: In how many groups sources are held out.
        steps: Of each training; None takes the recipe's.
        recipe: The rest of what was decided.
    """

    folds: int = 5
    steps: int | None = None
    recipe: ClassesRecipe = field(default_factory=load_classes_recipe)


@dataclass(frozen=True, slots=True, eq=False)
class TrainedScene:
    """The head and what was measured of those that held something out.

    Attributes:
        backbone: Frozen.
        head: Trained on everything.
        labels: In the order of its outputs; `OTHER_CLASS` is the last one, if clips of it were given.
        threshold: From this probability on a class is called.
        answers: One a clip.
        unreadable: Clips that could not be read, with the reason.
    """

    backbone: LastMap
    head: nn.Module
    labels: tuple[str, ...]
    threshold: float
    answers: tuple[ClipAnswer, ...]
    unreadable: tuple[str, ...]


def fit_scene(
    listed: ClassFolder,
    weights: Path,
    work: Path,
    settings: SceneSettings,
    *,
    say: Callable[[str], None],
    progress: Callable[[Sequence[Any], str], Iterable[Any]],
) -> TrainedScene:
    """Compute features, hold sources out, then train on everything. A stopped training goes on where it was.

    Args:
        listed: The clips and images of all classes.
        weights: Of EfficientNet-Lite0, as its package has them.
        work: Folder of pictures, features and checkpoints.
        settings: How the head is trained.
        say: Is told what comes next.
        progress: Gives items back one after the other, and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: The weights are missing or another network's.
        UsageError: A class has too few clips, or everything is of one source.
        DivergenceError: A training diverged.
    """
    recipe = settings.recipe.scene
    backbone, channels = make_backbone("efficientnet_lite0", weights)
    backbone.eval().requires_grad_(False)
    labels = (*listed.labels, *([OTHER_CLASS] if any(clip.label == OTHER_CLASS for clip in listed.clips) else []))
    owners, samples, unreadable = _pictures(listed.clips, labels, work / "pictures", recipe.pictures, progress)
    found = [(owner.label, owner.name, owner.source) for owner in owners]
    check_enough(found, labels, "clips or images that can be read")
    maps = mean_maps(frozen_maps(backbone, samples, "frame", recipe.side, work / "features", progress=progress))
    truth = np.array([labels.index(owner.label) for owner in owners])
    steps = settings.steps or recipe.steps
    asked = (recipe, steps, settings.folds, [(s.path.name, s.label) for s in samples])
    decided = hashlib.sha256(repr(asked).encode()).hexdigest()[:12]

    def fit(rows: np.ndarray, name: str) -> nn.Module:
        batch = min(recipe.batch, len(rows))
        course = HeadSettings(
            pooling="mean",
            epochs=max(1, steps * batch // len(rows)),
            rate=recipe.rate,
            weight_decay=recipe.weight_decay,
            batch=batch,
            optimizer=recipe.optimizer,
        )
        folder, called = work / decided / name, f"scene {decided} {name}"
        return fit_head(
            maps,
            truth,
            rows,
            channels,
            len(labels),
            course,
            folder,
            seed=recipe.seed,
            name=called,
            report=lambda **_: None,
        )

    probability = np.zeros((len(owners), len(labels)), np.float32)
    groups = even_groups([(owner.source, owner.name) for owner in owners], settings.folds)
    for number, group in enumerate(groups):
        say(f"training the head without {len(group)} sources ({number + 1} of {len(groups)})")
        unseen = np.array([owner.source in group for owner in owners])
        head = fit(np.flatnonzero(~unseen), f"without_{number}")
        probability[unseen] = answers(head, maps, np.flatnonzero(unseen))
    threshold = recipe.without_other
    if labels[-1] == OTHER_CLASS:
        threshold = choose_class_threshold(probability, truth, settings.recipe.calling)
    say("training the head on everything")
    head = fit(np.arange(len(owners)), "everything")
    return TrainedScene(
        backbone, head, labels, threshold, _answers(owners, probability, labels, threshold), tuple(unreadable)
    )


def _pictures(
    clips: Sequence[ClassClip],
    labels: Sequence[str],
    folder: Path,
    count: int,
    progress: Callable[[Sequence[Any], str], Iterable[Any]],
) -> tuple[list[ClassClip], list[LabelledSample], list[str]]:
    """The pictures of clips as files, so many of each; whose clip each is, and what cannot be read."""
    owners: list[ClassClip] = []
    samples: list[LabelledSample] = []
    unreadable = []
    folder.mkdir(parents=True, exist_ok=True)
    for clip in progress(clips, "reading pictures"):
        try:
            files = [clip.path] if clip.still else _frames_of(clip, folder, count)
        except OutputError:  # no clip's fault: it would be the same for all
            raise
        except EdgeactError as error:
            unreadable.append(f"{clip.path}: {error}")
            continue
        owners += [clip] * len(files)
        samples += [LabelledSample(file, "train", labels.index(clip.label)) for file in files]
    return owners, samples, unreadable


def _frames_of(clip: ClassClip, folder: Path, count: int) -> list[Path]:
    """So many frames of a clip as files, evenly over it or over its labelled part; those of before are taken."""
    state = clip.path.stat()
    identity = hashlib.sha256(repr((clip.name, state.st_size, state.st_mtime_ns, count)).encode()).hexdigest()[:24]
    files = [folder / f"{identity}_{number}.png" for number in range(count)]
    if all(file.is_file() for file in files):
        return files
    first, last = (0, None) if clip.part is None else (clip.part.first, clip.part.last)
    with open_source(clip.path) as source:
        frames = [
            frame.index for frame in source.frames() if frame.index >= first and (last is None or frame.index <= last)
        ]
    if not frames:
        raise UsageError("it has no frame where it is labelled; give the video that was labelled")
    wanted = [frames[int(place)] for place in np.linspace(0, len(frames) - 1, count + 2)[1:-1]]
    found = dict(frames_at(clip.path, wanted))
    for file, index in zip(files, wanted, strict=True):
        write_picture(file, found[index])
    return files


def _answers(
    owners: Sequence[ClassClip], probability: np.ndarray, labels: Sequence[str], threshold: float
) -> tuple[ClipAnswer, ...]:
    """What is said of each clip, all its pictures together."""
    found = []
    for clip in dict.fromkeys(owners):
        said = probability[[owner is clip for owner in owners]]
        called = (said >= threshold) & (said.argmax(1)[:, None] == np.arange(len(labels)))
        if labels[-1] == OTHER_CLASS:
            called[:, -1] = False
        found.append(ClipAnswer(clip.name, clip.source, clip.label, said.mean(0), called.mean(0)))
    return tuple(found)
