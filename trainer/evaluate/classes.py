"""How well a user's own classes are told apart, on sources that were not trained on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from trainer.data.class_folder import OTHER_CLASS


@dataclass(frozen=True, slots=True, eq=False)
class ClipAnswer:
    """What a network that was not trained on a clip's source says of the clip.

    Attributes:
        clip: Its path.
        source: Its source.
        label: Its class.
        probability: ``(A,)`` mean over its moments and people.
        called: The share of its moments in which each label is called, ``(A,)``; zero where none is certain.
    """

    clip: str
    source: str
    label: str
    probability: np.ndarray
    called: np.ndarray


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Of one class.

    Attributes:
        clips: How many were held out.
        best: Of how many the most probable label is the right one.
        called: Of how many the right label is called, as in use: it reaches the threshold, and for longer than others.
        wrong: Of how many another label is called.
        mistaken_for: The label that is most often the best answer instead; None where none is.
    """

    clips: int
    best: int
    called: int
    wrong: int
    mistaken_for: str | None


@dataclass(frozen=True, slots=True)
class ClassReport:
    """Of all classes.

    Attributes:
        accuracy: Share of all clips whose most probable label is the right one.
        classes: By label.
        sources: Share by source.
        worst: The label and name of clips that are mistaken, the surest mistakes first.
    """

    accuracy: float
    classes: dict[str, ClassFigures]
    sources: dict[str, float]
    worst: tuple[str, ...]

    def as_json(self) -> dict:
        """Plain values for a manifest."""
        return asdict(self)


def measure_classes(answers: Sequence[ClipAnswer], labels: Sequence[str]) -> ClassReport:
    """Count.

    Args:
        answers: One a clip; at least one.
        labels: In the order of the answers' probabilities; the last one is "other".
    """
    right = {answer.clip: _best(answer, labels) == answer.label for answer in answers}
    classes = {
        label: _figures([answer for answer in answers if answer.label == label], label, labels)
        for label in labels
        if any(answer.label == label for answer in answers)
    }
    sources = {
        source: float(np.mean([right[answer.clip] for answer in answers if answer.source == source]))
        for source in sorted({answer.source for answer in answers})
    }
    mistakes = sorted((answer for answer in answers if not right[answer.clip]), key=lambda a: -a.probability.max())
    worst = tuple(f"{answer.clip}: {answer.label}, taken for {_best(answer, labels)}" for answer in mistakes[:10])
    return ClassReport(float(np.mean(list(right.values()))), classes, sources, worst)


def _best(answer: ClipAnswer, labels: Sequence[str]) -> str:
    return labels[int(answer.probability.argmax())]


def told_label(answer: ClipAnswer, labels: Sequence[str]) -> str:
    """The label that is called for longest, as in use; "other" where none is."""
    return labels[int(answer.called.argmax())] if answer.called.max() > 0 else OTHER_CLASS


def _figures(answers: list[ClipAnswer], label: str, labels: Sequence[str]) -> ClassFigures:
    best = [_best(answer, labels) for answer in answers]
    told = [told_label(answer, labels) for answer in answers]
    mistaken = Counter(name for name in best if name != label).most_common(1)
    return ClassFigures(
        clips=len(answers),
        best=best.count(label),
        called=told.count(label),
        wrong=sum(name not in (label, OTHER_CLASS) for name in told),
        mistaken_for=mistaken[0][0] if mistaken else None,
    )


def class_rows(report: ClassReport) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The report as a table: its columns and its rows."""
    columns = ("class", "clips", "best answer right", "called right", "called wrong", "most often mistaken for")
    rows = [
        (
            label,
            str(found.clips),
            f"{found.best / found.clips:.0%}",
            f"{found.called / found.clips:.0%}",
            f"{found.wrong / found.clips:.0%}",
            found.mistaken_for or "–",
        )
        for label, found in report.classes.items()
    ]
    return columns, rows
