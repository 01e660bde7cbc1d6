"""Put right what a bundle's clip network says of some clips, or teach it more actions, and keep what it knows.

The network starts as the bundle's own, classifier and all. Half of every batch are the corrected clips. The other half
are recordings of which the bundle is right: there the network has to answer as the bundle does (learning without
forgetting, Li and Hoiem, ECCV 2016). Weights are held near where they began (Xuhong et al., ICML 2018), which keeps
actions that no clip shows.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from edgeact.errors import UsageError
from trainer.classes_recipe import ClassesRecipe, load_classes_recipe
from trainer.data.action_sequences import JointSequence
from trainer.data.action_windows import deployed_clips
from trainer.data.class_folder import OTHER_CLASS
from trainer.evaluate.classes import ClipAnswer
from trainer.fit_action import action_loss
from trainer.fit_classes import (
    FEWEST_CLIPS,
    TrainedClasses,
    clip_answers,
    clip_of,
    digest_of,
    draw_clip,
    hold_out_groups,
    softmax,
    with_owners,
)
from trainer.inputs.action_clip import COMMON_MIRROR
from trainer.loop import train
from trainer.models.action_weights import (
    judges_mirror_images,
    start_classifier,
    start_from_graph,
    temperature_of,
)
from trainer.models.edge_action import EdgeAction
from trainer.recipe_fields import SEED_STEP

_LARGEST_START = 256  # clips on which the statistics of the start are taken


@dataclass(frozen=True, slots=True)
class KeptActions:
    """The bundle whose actions are kept, and how long is trained.

    Attributes:
        start: Its ``action.onnx``.
        labels: Of the graph; the last one is `OTHER_CLASS`.
        threshold: From this probability on the bundle calls an action; it stays.
        steps: Of each training; None takes the recipe's.
        mirror: Whether mirrored movements are the same class.
        folds: In how many groups sources are held out.
        recipe: The rest of what was decided.
    """

    start: Path
    labels: tuple[str, ...]
    threshold: float
    steps: int | None = None
    mirror: bool = True
    folds: int = 5
    recipe: ClassesRecipe = field(default_factory=load_classes_recipe)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What was trained, and what the bundle said before.

    Attributes:
        trained: The network and its answers for corrected clips that were held out.
        before: What the bundle says of the same clips.
        after: What the network says of them, which has learnt from them.
        agreement: The share of the moments of recordings that were held out in which the answer in force is that of
            the bundle; None without such recordings.
    """

    trained: TrainedClasses
    before: tuple[ClipAnswer, ...]
    after: tuple[ClipAnswer, ...]
    agreement: float | None


def fit_kept_actions(
    corrected: Sequence[JointSequence],
    right: Sequence[JointSequence],
    kept: KeptActions,
    work: Path,
    *,
    say: Callable[[str], None],
) -> Kept:
    """Hold sources out to measure, then train on everything. A stopped training goes on where it was.

    Args:
        corrected: A person of a clip each, with the right label.
        right: People of recordings of which the bundle is right; their labels do not count. May be empty.
        kept: The bundle's part.
        work: Folder for checkpoints.
        say: Is told what comes next.

    Raises:
        UsageError: There is nothing to learn from, or a new action has too few clips.
        SourceFormatError: The graph is not one of ours.
        DivergenceError: A training diverged.
    """
    new = tuple(dict.fromkeys(s.allowed[0] for s in corrected if s.allowed[0] not in kept.labels))
    _check(corrected, new)
    names = (*kept.labels[:-1], *new, OTHER_CLASS)
    everything = [*corrected, *right]
    start = _start(kept, names, everything)
    temperature = temperature_of(_start(kept, kept.labels, everything), kept.start, _moments(everything, 1)[:64])
    asked = (kept.start, kept.labels, kept.steps, kept.mirror, kept.folds)
    folder = work / digest_of(everything, names, (*asked, kept.recipe.kept, kept.recipe.clips.augmentation))
    groups, shares = hold_out_groups(corrected, kept.folds), _shares(right, kept.folds)
    owners: list[JointSequence] = []
    logits: list[np.ndarray] = []
    agreed: list[np.ndarray] = []
    for number, group in enumerate(groups):
        say(f"training without {len(group)} of {sum(map(len, groups))} sources ({number + 1} of {len(groups)})")
        network = _train(
            start,
            [sequence for sequence in corrected if sequence.source not in group],
            [sequence for sequence, share in zip(right, shares, strict=True) if share != number],
            names,
            folder / f"without_{number}" / "checkpoint.safetensors",
            kept,
        )
        for sequence in (sequence for sequence in corrected if sequence.source in group):
            owners.append(sequence)
            logits.append(_logits(network, deployed_clips(sequence)))
        unseen = [sequence for sequence, share in zip(right, shares, strict=True) if share == number]
        if unseen:
            clips = _moments(unseen)
            said = (softmax(_logits(one, clips) / temperature) for one in (start, network))
            agreed.append(np.equal(*(_called(probability, kept.threshold) for probability in said)))
    answers = [(softmax(part / temperature), owner) for part, owner in with_owners(logits, owners)]
    say("training on everything")
    network = _train(start, corrected, right, names, folder / "everything" / "checkpoint.safetensors", kept)
    before, after = (
        clip_answers(
            [(softmax(_logits(one, deployed_clips(s)) / temperature), s) for s in corrected], names, kept.threshold
        )
        for one in (start, network)
    )
    trained = TrainedClasses(
        network,
        names,
        temperature,
        kept.threshold,
        clip_answers(answers, names, kept.threshold),
        _moments(everything, 1),
    )
    agreement = float(np.concatenate(agreed).mean()) if agreed else None
    return Kept(trained, before, after, agreement)


def _check(corrected: Sequence[JointSequence], new: Sequence[str]) -> None:
    """Refuse what says nothing.

    Raises:
        UsageError: There are less than two clips with a person, or a new action has too few.
    """
    if len({sequence.source for sequence in corrected}) < 2:
        raise UsageError(
            f"people were found in {len({clip_of(s) for s in corrected})} clips of one source, so that nothing can be "
            "held out to measure with; correct stretches of several recordings"
        )
    clips = {label: {clip_of(s) for s in corrected if s.allowed[0] == label} for label in new}
    few = [f"{label!r} has {len(found)}" for label, found in clips.items() if len(found) < FEWEST_CLIPS]
    if few:
        raise UsageError(
            f"actions that are new to the bundle need {FEWEST_CLIPS} clips with a person in them: {'; '.join(few)}; "
            "record more, of several people and places"
        )


def _start(kept: KeptActions, names: tuple[str, ...], sequences: Sequence[JointSequence]) -> EdgeAction:
    """The bundle's network with room for more actions."""
    clips = _moments(sequences, 2)[:_LARGEST_START]
    both = kept.mirror and judges_mirror_images(kept.start, clips)
    torch.manual_seed(SEED_STEP * kept.recipe.kept.seed)
    network = EdgeAction(len(names), mirror=COMMON_MIRROR if both else None)
    start_from_graph(network, kept.start, clips)
    start_classifier(network, kept.start, [names.index(label) for label in kept.labels])
    return network.eval()


def _train(
    start: EdgeAction,
    corrected: Sequence[JointSequence],
    right: Sequence[JointSequence],
    names: tuple[str, ...],
    checkpoint: Path,
    kept: KeptActions,
) -> EdgeAction:
    by_label = {label: [s for s in corrected if s.allowed[0] == label] for label in names}
    present = [label for label in names if by_label[label]]
    began = [parameter.detach().clone() for parameter in start.parameters()]
    # Of the classifier, rows of new actions begin nowhere in particular: nothing holds them there.
    known = [names.index(label) for label in kept.labels]
    rows = [known if name.startswith("classifier.") else slice(None) for name, _ in start.named_parameters()]
    stills = any(len(sequence.joints) == 1 for sequence in corrected)
    recipe, strength = kept.recipe.kept, kept.recipe.clips.augmentation
    count = round(recipe.batch * recipe.corrected_share)

    def draw(steps: range) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        for step in steps:
            rng = np.random.default_rng((11 + SEED_STEP * recipe.seed, step))
            chosen = [str(label) for label in rng.choice(present, count)]
            drawn = [
                draw_clip(by_label[label], label, rng, strength=strength, mirror=kept.mirror, stills=stills)
                for label in chosen
            ]
            allowed = torch.tensor([[name == label for name in names] for _, label in drawn])
            same = [
                draw_clip(list(right), OTHER_CLASS, rng, strength=strength, mirror=kept.mirror, stills=stills)[0]
                for _ in range(recipe.batch - count if right else 0)
            ]
            clips = torch.from_numpy(np.stack([clip for clip, _ in drawn] + same))
            with torch.no_grad():
                wanted = torch.softmax(start(clips[count:]), -1)
            yield clips, allowed, wanted

    def loss(network: EdgeAction, batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        clips, allowed, wanted = batch
        # A few clips of one place must not become the statistics of all: those of the start stay.
        said = network.eval()(clips)
        value = action_loss(said[:count], allowed, smoothing=recipe.smoothing)
        if len(wanted):
            log = torch.log_softmax(said[count:], -1)
            value = value + functional.kl_div(log, wanted, reduction="batchmean")
        held = zip(network.parameters(), began, rows, strict=True)
        return value + recipe.hold * sum(((one[row] - other[row]) ** 2).sum() for one, other, row in held)

    course = recipe.learning.course(checkpoint.parent.name, steps=kept.steps or recipe.steps, rate=recipe.rate)
    return train(
        copy.deepcopy(start),
        checkpoint,
        course,
        device=torch.device("cpu"),
        draw=draw,
        loss=loss,
        report=lambda **_: None,
    )


@torch.no_grad()
def _logits(network: EdgeAction, clips: np.ndarray) -> np.ndarray:
    return network.eval()(torch.from_numpy(clips)).numpy()


def _moments(sequences: Sequence[JointSequence], most: int | None = None) -> np.ndarray:
    """Clips ``(N, 32, 13, 3)`` of all sequences, of each the first ``most``."""
    return np.concatenate([deployed_clips(sequence)[:most] for sequence in sequences])


def _called(probability: np.ndarray, threshold: float) -> np.ndarray:
    """The action in force ``(N,)``; that of "other" where none is."""
    other = probability.shape[1] - 1
    return np.where(probability.max(1) >= threshold, probability.argmax(1), other)


def _shares(sequences: Sequence[JointSequence], folds: int) -> list[int]:
    """In which group each sequence is held out: all of a source in one."""
    sources = sorted({sequence.source for sequence in sequences})
    return [sources.index(sequence.source) % folds for sequence in sequences]
