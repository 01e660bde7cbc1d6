"""Train the clip network on a user's own classes, and measure it on sources that it was not trained on.

Each source is held out once (in up to `FOLDS` groups), and a network trained on the others says what its clips show.
From these answers come the accuracy, the temperature and the threshold; the network of the bundle is then trained on
everything. "Other" is learnt from the user's own clips of it, if there are any, and always from movements that are no
action: a posture held, and movements cut into pieces and shuffled.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from edgeact.errors import UsageError
from trainer.classes_recipe import CallingRecipe, ClassClipAugmentation, ClassesRecipe, load_classes_recipe
from trainer.data.action_sequences import JointSequence
from trainer.data.action_windows import CLIP_SECONDS, deployed_clips, hide_joints, impossible_clip, sample, turn
from trainer.data.class_folder import OTHER_CLASS
from trainer.evaluate.calibrate import fit_temperature
from trainer.evaluate.classes import ClipAnswer
from trainer.fit_action import action_loss
from trainer.loop import train
from trainer.models.action_weights import start_from_graph
from trainer.models.edge_action import EdgeAction
from trainer.recipe_fields import SEED_STEP

FOLDS = 5
FEWEST_CLIPS = 4  # of a class: with fewer, one that is held out says nothing of the others


@dataclass(frozen=True, slots=True)
class ClassSettings:
    """How the clip network is trained.

    Attributes:
        steps: Of each training; None takes the recipe's.
        mirror: Whether mirrored movements are the same class; not where classes differ by left and right.
        start: ``action.onnx`` of the bundle that it starts from; None starts from random weights.
        folds: In how many groups sources are held out.
        recipe: The rest of what was decided.
    """

    steps: int | None = None
    mirror: bool = True
    start: Path | None = None
    folds: int = FOLDS
    recipe: ClassesRecipe = field(default_factory=load_classes_recipe)


@dataclass(frozen=True, slots=True, eq=False)
class TrainedClasses:
    """The network of the bundle and what was measured of those that held something out.

    Attributes:
        network: Trained on everything.
        labels: In the order of its outputs; the last one is `OTHER_CLASS`.
        temperature: Of its logits.
        threshold: From this probability on an action is called.
        answers: One a clip.
        clips: ``(N, 32, 13, 3)`` some of what it was trained on.
    """

    network: EdgeAction
    labels: tuple[str, ...]
    temperature: float
    threshold: float
    answers: tuple[ClipAnswer, ...]
    clips: np.ndarray


def fit_classes(
    sequences: Sequence[JointSequence],
    labels: Sequence[str],
    work: Path,
    settings: ClassSettings,
    *,
    say: Callable[[str], None],
) -> TrainedClasses:
    """Hold sources out, calibrate, train on everything. A stopped training goes on where it was.

    Args:
        sequences: A person of a clip each.
        labels: The classes, without `OTHER_CLASS`.
        work: Folder for checkpoints.
        settings: How the network is trained.
        say: Is told what comes next.

    Raises:
        UsageError: A class has too few clips with people, or everything is of one source.
        DivergenceError: A training diverged.
    """
    found = [(label, clip_of(sequence), sequence.source) for sequence in sequences for label in sequence.allowed]
    check_enough(found, labels, "clips with a person in them")
    names = (*labels, OTHER_CLASS)
    decided = (settings.steps, settings.mirror, settings.start, settings.folds, settings.recipe.clips)
    folder = work / digest_of(sequences, names, decided)
    groups = hold_out_groups(sequences, settings.folds)
    logits, owners = [], []
    for number, group in enumerate(groups):
        say(f"training without {len(group)} of {sum(map(len, groups))} sources ({number + 1} of {len(groups)})")
        kept = [sequence for sequence in sequences if sequence.source not in group]
        network = _train(kept, names, folder / f"without_{number}" / "checkpoint.safetensors", settings)
        for sequence in sequences:
            if sequence.source in group:
                windows = deployed_clips(sequence)
                with torch.no_grad():
                    logits.append(network(torch.from_numpy(windows)).numpy())
                owners.append(sequence)
    truth = np.concatenate(
        [np.full(len(part), names.index(owner.allowed[0])) for part, owner in with_owners(logits, owners)]
    )
    stacked = np.concatenate(logits)
    temperature = fit_temperature(stacked, np.eye(len(names), dtype=bool)[truth])
    threshold = choose_class_threshold(softmax(stacked / temperature), truth, settings.recipe.calling)
    answers = clip_answers(
        [(softmax(part / temperature), owner) for part, owner in with_owners(logits, owners)], names, threshold
    )
    say("training on everything")
    network = _train(sequences, names, folder / "everything" / "checkpoint.safetensors", settings)
    clips = np.concatenate([deployed_clips(sequence)[:1] for sequence in sequences])
    return TrainedClasses(network, names, temperature, threshold, answers, clips)


def check_enough(found: Sequence[tuple[str, str, str]], labels: Sequence[str], what: str) -> None:
    """Refuse to train on what says nothing.

    Args:
        found: Label, clip and source of everything that is trained on.
        labels: The classes; labels besides do not count.
        what: Is counted, such as "clips with a person in them".

    Raises:
        UsageError: A class has too few clips, or everything is of one source; all faults are listed.
    """
    clips = {label: {clip for said, clip, _ in found if said == label} for label in labels}
    faults = [
        f"{label!r} has {len(some)} of at least {FEWEST_CLIPS} {what}"
        for label, some in clips.items()
        if len(some) < FEWEST_CLIPS
    ]
    if not faults and len({source for _, _, source in found}) < 2:
        faults.append("everything is of one source, so that nothing can be held out to measure with")
    if faults:
        raise UsageError(f"{'; '.join(faults)}; record more, of several people and places")


def clip_of(sequence: JointSequence) -> str:
    """The path of the clip that a person was found in."""
    return sequence.name.rpartition("#")[0]


def hold_out_groups(sequences: Sequence[JointSequence], folds: int) -> list[frozenset[str]]:
    """The sources in so many groups of about as many clips each; fewer groups where there are fewer sources."""
    return even_groups([(sequence.source, clip_of(sequence)) for sequence in sequences], folds)


def even_groups(found: Sequence[tuple[str, str]], folds: int) -> list[frozenset[str]]:
    """`hold_out_groups` of sources and clips."""
    clips: dict[str, set[str]] = {}
    for source, clip in found:
        clips.setdefault(source, set()).add(clip)
    groups: list[list[str]] = [[] for _ in range(min(folds, len(clips)))]
    sizes = [0] * len(groups)
    for source in sorted(clips, key=lambda name: (-len(clips[name]), name)):
        smallest = sizes.index(min(sizes))
        groups[smallest].append(source)
        sizes[smallest] += len(clips[source])
    return [frozenset(group) for group in groups]


def choose_class_threshold(probability: np.ndarray, truth: np.ndarray, aims: CallingRecipe) -> float:
    """The lowest threshold, in steps of .02, at which few of the held-out moments are called wrong.

    Args:
        probability: ``(N, A)`` of each moment; the last column is "other".
        truth: ``(N,)`` the right column.
        aims: From where to where, and how many may be called wrong.
    """
    best, score = probability.argmax(1), probability.max(1)
    other = probability.shape[1] - 1
    is_other = truth == other
    for hundredths in range(round(100 * aims.lowest), round(100 * aims.highest), 2):
        threshold = max(hundredths / 100, aims.lowest)  # the lowest one may lie between two hundredths
        wrong = (best != other) & (best != truth) & (score >= threshold)
        limits = ((is_other, aims.other_as_known), (~is_other, aims.known_as_wrong))
        if all(not rows.any() or wrong[rows].mean() <= limit for rows, limit in limits):
            return threshold
    return aims.highest


def _train(
    sequences: Sequence[JointSequence], names: tuple[str, ...], checkpoint: Path, settings: ClassSettings
) -> EdgeAction:
    by_label = {label: [s for s in sequences if s.allowed == (label,)] for label in names}
    present = {label: found for label, found in by_label.items() if found}
    stills = any(len(sequence.joints) == 1 for sequence in sequences)
    recipe = settings.recipe.clips

    def draw(steps: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in steps:
            rng = np.random.default_rng((7 + SEED_STEP * recipe.seed, step))
            chosen = rng.choice(list(present), recipe.batch)
            drawn = [
                draw_clip(
                    present[label], label, rng, strength=recipe.augmentation, mirror=settings.mirror, stills=stills
                )
                for label in chosen
            ]
            allowed = torch.tensor([[name == label for name in names] for _, label in drawn])
            yield torch.from_numpy(np.stack([clip for clip, _ in drawn])), allowed

    torch.manual_seed(SEED_STEP * recipe.seed)
    network = EdgeAction(len(names), dropout=recipe.dropout)
    if settings.start is not None:
        start_from_graph(network, settings.start, np.concatenate([deployed_clips(s)[:2] for s in sequences]))
    fresh = settings.start is None
    course = recipe.learning.course(
        checkpoint.parent.name,
        steps=settings.steps or (recipe.steps_from_scratch if fresh else recipe.steps),
        rate=recipe.rate_from_scratch if fresh else recipe.rate,
    )
    return train(
        network,
        checkpoint,
        course,
        device=torch.device("cpu"),
        draw=draw,
        loss=lambda network, batch: action_loss(network(batch[0]), batch[1], smoothing=recipe.smoothing),
        report=lambda **_: None,
    )


def draw_clip(
    sequences: list[JointSequence],
    label: str,
    rng: np.random.Generator,
    *,
    strength: ClassClipAugmentation,
    mirror: bool,
    stills: bool,
) -> tuple[np.ndarray, str]:
    """A random augmented clip ``(32, 13, 3)`` of a class and its label; some become "other".

    Args:
        sequences: Of the class.
        label: Its label.
        rng: Where the randomness comes from.
        strength: How much is changed.
        mirror: Whether half of the clips are mirrored.
        stills: Whether a class has images: a posture held may well be an action then.
    """
    sequence = sequences[rng.integers(len(sequences))]
    joints, last, kind = sequence.joints, len(sequence.joints) - 1, rng.random()
    if kind < strength.impossible and last >= 8:
        (clip, _), label = impossible_clip(joints, rng, hold=not stills), OTHER_CLASS
    elif sequence.lead:
        end = rng.uniform(sequence.lead, last)
        clip = sample(joints, end - CLIP_SECONDS * sequence.frame_rate * float(np.exp(rng.uniform(-0.25, 0.25))), end)
    elif kind < strength.impossible + strength.whole or last < 8:
        trim = rng.uniform(0, strength.trim, 2) * last
        clip = sample(joints, trim[0], last - trim[1])
    else:
        length = CLIP_SECONDS * sequence.frame_rate * float(np.exp(rng.uniform(-0.25, 0.25)))
        end = rng.uniform(min(0.75 * length, last), last)
        clip = sample(joints, end - length, end)
    if rng.random() < strength.hidden:
        clip = hide_joints(clip, rng)
    clip = turn(clip, rng, mirror=mirror, angle=strength.turn, stretch=strength.stretch, shear=strength.shear)
    return clip.astype(np.float32), label


def clip_answers(
    parts: list[tuple[np.ndarray, JointSequence]], names: tuple[str, ...], threshold: float
) -> tuple[ClipAnswer, ...]:
    """What is said of each clip, all its people together."""
    clips: dict[str, list[tuple[np.ndarray, JointSequence]]] = {}
    for probability, owner in parts:
        clips.setdefault(clip_of(owner), []).append((probability, owner))
    answers = []
    for clip, found in clips.items():
        probability = np.concatenate([part for part, _ in found])
        called = (probability >= threshold) & (probability.argmax(1)[:, None] == np.arange(len(names)))
        called[:, -1] = False
        owner = found[0][1]
        answers.append(ClipAnswer(clip, owner.source, owner.allowed[0], probability.mean(0), called.mean(0)))
    return tuple(answers)


def with_owners(logits: list[np.ndarray], owners: list[JointSequence]) -> Iterator[tuple[np.ndarray, JointSequence]]:
    """Logits of the moments of each sequence, with the sequence."""
    return zip(logits, owners, strict=True)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of logits ``(N, A)``."""
    return torch.softmax(torch.from_numpy(logits), -1).numpy()


def digest_of(sequences: Sequence[JointSequence], names: tuple[str, ...], decided: tuple[object, ...]) -> str:
    """Names the folder of a training: other clips, classes or decisions are another training."""
    found = hashlib.sha256(repr((names, decided)).encode())
    for sequence in sequences:
        found.update(repr((sequence.name, sequence.source, sequence.allowed, sequence.lead)).encode())
        found.update(np.ascontiguousarray(sequence.joints).tobytes())
    return found.hexdigest()[:16]
