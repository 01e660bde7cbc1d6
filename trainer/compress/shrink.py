"""A trained network becomes a narrower one: sparsity, removal, fine-tuning, with the whole network as the teacher.

1. The network is trained on with the penalty of `group_lasso`, which leaves the work to few channels.
2. The channels that are worth least for their multiplications are removed.
3. What is left is trained on, imitating the network that it came from.

Both trainings run in the one loop, so that one that was killed goes on where it was.
"""

import copy
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Generic, TypeVar

import torch
from pydantic import Field, model_validator
from torch import nn

from edgeact.errors import ConfigError
from trainer.compress.channels import find_channels
from trainer.compress.distill import imitate_answers, imitate_features, watched
from trainer.compress.remove import check_removed, mask_channels, remove_channels
from trainer.compress.worth import channel_worth, choose_channels, group_lasso, multiplications
from trainer.log import log
from trainer.loop import Course, train
from trainer.recipe_fields import Record

Batch = TypeVar("Batch")
_WORTH_BATCHES = 16  # that tell what channels are worth


class CompressSettings(Record):
    """How a network is made narrower.

    Attributes:
        share: Of its multiplications, that shall be left.
        sparse_epochs: Rounds with the penalty.
        penalty: Weight of `group_lasso` in the loss.
        fine_tune_epochs: Rounds after channels were removed.
        rate: The highest learning rate of both.
        multiple: Groups keep multiples of so many channels.
        answers: Weight of the whole network's answers in the loss of the fine-tuning; 0 leaves them out.
        temperature: That softens these answers.
        features: Weight of what the whole network finds alike in ``layer``.
        layer: Name of a layer whose output is compared; needed where ``features`` is not 0.
    """

    share: Annotated[float, Field(gt=0, lt=1)]
    sparse_epochs: Annotated[int, Field(ge=1)]
    penalty: Annotated[float, Field(gt=0)]
    fine_tune_epochs: Annotated[int, Field(ge=1)]
    rate: Annotated[float, Field(gt=0, le=1)]
    multiple: Annotated[int, Field(ge=1, le=64)] = 8
    answers: Annotated[float, Field(ge=0)] = 1.0
    temperature: Annotated[float, Field(gt=0)] = 2.0
    features: Annotated[float, Field(ge=0)] = 0.0
    layer: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "CompressSettings":
        if (self.features > 0) != (self.layer is not None):
            raise ValueError("features and layer belong together; give both or neither")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Subject(Generic[Batch]):
    """A trained network and what it learns from.

    Attributes:
        network: Trained; it is left as it is.
        inputs: What it takes, two samples or more, to trace it with.
        draw: The batches of so many steps, each the same whenever it is drawn.
        epoch: Steps of a round.
        loss: Of a network and a batch: a scalar.
        answers: Probabilities of a batch ``(N, A)``, or None of a batch that asks for none.
        score: Figures of a network on samples that nothing is chosen by here.
        course: How it was trained; name, steps, rate and what is checked are replaced.
    """

    network: nn.Module
    inputs: tuple[torch.Tensor, ...]
    draw: Callable[[range], Iterator[Batch]]
    epoch: int
    loss: Callable[[nn.Module, Batch], torch.Tensor]
    answers: Callable[[nn.Module, Batch], torch.Tensor | None]
    score: Callable[[nn.Module], dict[str, float]]
    course: Course


@dataclass(frozen=True, slots=True, eq=False)
class Shrunk:
    """A narrower network.

    Attributes:
        network: In evaluation mode, on the processor.
        scores: Figures of the network as it was (``whole``), after the penalty (``sparse``), without its channels
            (``narrow``), and after the fine-tuning (``fine-tuned``).
        multiplications: Of one sample before and after.
        parameters: Before and after.
        difference: Largest difference between the network without channels and the one in which they are zero.
    """

    network: nn.Module
    scores: dict[str, dict[str, float]]
    multiplications: tuple[float, float]
    parameters: tuple[int, int]
    difference: float


def shrink(subject: Subject[Batch], settings: CompressSettings, work: Path, device: torch.device) -> Shrunk:
    """Train with the penalty, remove channels, train on; both trainings go on from their checkpoints.

    Args:
        subject: What is made narrower.
        settings: By how much, and how.
        work: Folder of the checkpoints; each settings have one of their own in it.
        device: Where it trains.

    Raises:
        UsageError: So few multiplications cannot be reached.
        BundleError: The network's code counts on its own widths.
        DivergenceError: A training diverged.
    """
    # Other settings are another training: it must not go on from this one's checkpoints.
    work = work / hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:8]
    channels = find_channels(subject.network, subject.inputs)
    teacher = copy.deepcopy(subject.network).to(device).eval()
    scores = {"whole": subject.score(teacher)}

    sparse = copy.deepcopy(subject.network)

    def sparse_loss(network: nn.Module, batch: Batch) -> torch.Tensor:
        # Several processes wrap the network; its own weights are asked here.
        return subject.loss(network, batch) + settings.penalty * group_lasso(sparse, channels.groups)

    steps = settings.sparse_epochs * subject.epoch
    trained = train(
        sparse,
        work / "sparse" / "checkpoint.safetensors",
        _course(subject, settings, "sparse", steps),
        device=device,
        draw=subject.draw,
        loss=sparse_loss,
    )
    # The moving average has no gradients.
    trained = trained.requires_grad_(True).to(device)
    scores["sparse"] = subject.score(trained)
    batches = subject.draw(range(steps, steps + _WORTH_BATCHES))
    worth = channel_worth(trained, channels.groups, (subject.loss(trained, batch) for batch in batches))
    masked = trained.cpu()
    kept = choose_channels(masked, channels, worth, share=settings.share, multiple=settings.multiple)
    narrow = copy.deepcopy(masked)
    remove_channels(narrow, channels.groups, kept)
    mask_channels(masked, channels.groups, kept)
    difference = check_removed(narrow, masked, subject.inputs)
    scores["narrow"] = subject.score(narrow.to(device))
    log(channels=sum(group.count for group in channels.groups), kept=sum(int(one.sum()) for one in kept.values()))

    def taught_loss(network: nn.Module, batch: Batch) -> torch.Tensor:
        return subject.loss(network, batch) + _imitation(subject, settings, network, teacher, batch)

    before = steps + _WORTH_BATCHES
    tuned = train(
        narrow,
        work / "fine_tune" / "checkpoint.safetensors",
        _course(subject, settings, "fine_tune", settings.fine_tune_epochs * subject.epoch),
        device=device,
        draw=lambda some: subject.draw(range(some.start + before, some.stop + before)),
        loss=taught_loss,
    )
    scores["fine-tuned"] = subject.score(tuned.to(device))
    tuned = tuned.cpu().eval()
    after = multiplications(tuned, find_channels(tuned, subject.inputs))
    return Shrunk(
        tuned,
        scores,
        (multiplications(subject.network, channels), after),
        (_parameters(subject.network), _parameters(tuned)),
        difference,
    )


def _imitation(
    subject: Subject[Batch], settings: CompressSettings, network: nn.Module, teacher: nn.Module, batch: Batch
) -> torch.Tensor | float:
    """The distillation loss of a batch to the teacher's answers and features; 0 where the batch has no answers."""
    if not settings.answers and not settings.features:
        return 0.0
    with torch.no_grad():
        wanted, like = _seen(subject, settings.layer, teacher, batch)
    if wanted is None:
        return 0.0
    answers, features = _seen(subject, settings.layer, network, batch)
    assert answers is not None
    value = settings.answers * imitate_answers(answers, wanted, temperature=settings.temperature)
    if settings.features:
        value = value + settings.features * imitate_features(features[0], like[0])
    return value


def _seen(
    subject: Subject[Batch], layer: str | None, network: nn.Module, batch: Batch
) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
    """Answers, and what the compared layer gives.

    Raises:
        ConfigError: There is no such layer, or the answers do not come by it.
    """
    if layer is None:
        return subject.answers(network, batch), []
    with watched(network, layer) as seen:
        answers = subject.answers(network, batch)
    if answers is not None and not seen:
        raise ConfigError(f"layer {layer!r} has no part in the answers; compare another one")
    return answers, seen


def _course(subject: Subject, settings: CompressSettings, name: str, steps: int) -> Course:
    return replace(
        subject.course,
        name=f"{subject.course.name} {name}",
        steps=steps,
        rate=settings.rate,
        save_every=subject.epoch,
        check_every=steps,
        best_by=None,
        patience=None,
    )


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
