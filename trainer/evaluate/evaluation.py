"""`edgeact eval`: bundles on one held-out data set, as findings for a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.errors import UsageError
from trainer.data.labelled_samples import LabelledSample, measured_split, stanford40, ut_interaction
from trainer.data.spread import spread
from trainer.evaluate.attention_strips import attention_strips, mapping_graph, surest_mistakes
from trainer.evaluate.held_out import HeadAnswers, Progress, answer
from trainer.evaluate.metrics.accuracy import confusion, top1
from trainer.evaluate.metrics.average_precision import average_precision, mean_average_precision
from trainer.evaluate.pose_curves import pose_findings
from trainer.evaluate.report.facts import day_and_machine
from trainer.evaluate.report.findings import Chart, Classes, Curve, Figure, Findings, Strip
from trainer.evaluate.report.paper_figures import reported

SetName = Literal["stanford40", "ut_interaction", "lspet", "mpii", "coco"]
POSE_SETS = ("lspet", "mpii", "coco")
_SHOWN_MISTAKES, _SHOWN_STRIPS = 24, 6
_MOST_CLASSES_IN_FULL = 2  # heads whose classes are all drawn; more would hide the others


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of one evaluation.

    Attributes:
        data_set: Name of the data set.
        root: Folder of the data set.
        limit: At most so many samples, evenly over all; None takes all.
        created: Date of the evaluation, ``YYYY-MM-DD``.
    """

    data_set: SetName
    root: Path
    limit: int | None
    created: str


def evaluate_bundles(bundles: Sequence[Bundle], asked: Asked, *, progress: Progress) -> Findings:
    """Measure bundles on the part of a set that they were not trained on: ``test``, or ``validation`` without one.

    Raises:
        SourceNotFoundError, SourceFormatError: The set is missing or damaged.
        UsageError: A bundle does not judge such samples.
        BackendError: A graph failed.
    """
    if asked.data_set in POSE_SETS:
        facts = _facts(bundles, asked.created)
        return pose_findings(bundles, asked.data_set, asked.root, facts, limit=asked.limit, progress=progress)
    clips = asked.data_set == "ut_interaction"
    samples, actions = (ut_interaction if clips else stanford40)(asked.root)
    split = measured_split(samples)
    chosen = spread([sample for sample in samples if sample.split == split], asked.limit)
    if not chosen:
        raise UsageError(f"{asked.root} holds nothing out; give a set with a test or a validation part")
    labels = np.array([sample.label for sample in chosen])
    said = {bundle.manifest.name: answer(bundle, chosen, actions, clips=clips, progress=progress) for bundle in bundles}
    figures: list[Figure] = []
    classes: list[Classes] = []
    points: list[Curve] = []
    for bundle in bundles:
        for found in said[bundle.manifest.name]:
            of = f"{bundle.manifest.name}: {found.graph.name}/{found.head.name}"
            figures += head_figures(found, labels, of, _letter(bundle), asked.data_set)
            points.append(Curve(of, (found.milliseconds,), (mean_average_precision(found.probability, labels),)))
            if len(classes) < _MOST_CLASSES_IN_FULL:
                classes.append(_classes(found, labels, actions, of))
        figures += _together(said[bundle.manifest.name], labels, bundle.manifest.name)
    facts = (*_facts(bundles, asked.created), ("data", _said_of(asked.data_set, split, len(chosen), len(samples))))
    speed = Chart("Speed and accuracy", "ms a call, one thread", "mAP", tuple(points), joined=False, marked=True)
    worst, strips = _pictures(bundles[0], said[bundles[0].manifest.name], chosen, actions)
    title = f"{', '.join(said)} on {asked.data_set}"
    return Findings(title, facts, tuple(figures), tuple(classes), (speed,), worst, strips)


def head_figures(found: HeadAnswers, labels: np.ndarray, of: str, letter: str | None, data_set: str) -> list[Figure]:
    """The figures of one head, each with the paper's figure where the paper reports one for such a head."""
    paper = reported(letter, data_set, found.head.name)
    mean = mean_average_precision(found.probability, labels)
    rows = [
        Figure("mAP", of, mean, paper=paper.value if paper else None, paper_of=paper.of if paper else ""),
        Figure("right at first guess", of, top1(found.probability, labels)),
    ]
    if found.single is not None:
        rows[1] = Figure("right, mean of all clips of a video", of, top1(found.probability, labels))
        rows.append(Figure("right, the clip in the middle alone", of, top1(found.single, labels)))
    return [*rows, Figure("time of a call", of, found.milliseconds, unit="ms")]


def _together(answers: Sequence[HeadAnswers], labels: np.ndarray, name: str) -> list[Figure]:
    """The mean of a person's and a scene's first head, where a bundle has both: with and without the given box."""
    person, scene = (next((a for a in answers if a.graph.scope == scope), None) for scope in ("person", "scene"))
    if person is None or scene is None:
        return []
    mean = (person.probability + scene.probability) / 2
    of = f"{name}: {person.head.name} and {scene.head.name} together"
    return [
        Figure("mAP", of, mean_average_precision(mean, labels)),
        Figure("right at first guess", of, top1(mean, labels)),
    ]


def _classes(found: HeadAnswers, labels: np.ndarray, actions: Sequence[str], of: str) -> Classes:
    precision = tuple(average_precision(found.probability[:, row], labels == row) for row in range(len(actions)))
    return Classes(of, tuple(actions), precision, confusion(found.probability, labels))


def _pictures(
    bundle: Bundle,
    said: Sequence[HeadAnswers],
    chosen: Sequence[LabelledSample],
    actions: Sequence[str],
) -> tuple[tuple[Strip, ...], tuple[Strip, ...]]:
    mapped = next((found for found in said if mapping_graph(bundle, found.graph)), said[0])
    worst = surest_mistakes(said[0], chosen, actions, _SHOWN_MISTAKES)
    sections = (Strip(f"The surest mistakes: {bundle.manifest.name}", worst),) if worst else ()
    return sections, attention_strips(bundle, mapped, chosen, actions, _SHOWN_STRIPS)


def _letter(bundle: Bundle) -> str | None:
    system = bundle.manifest.training.get("system")
    return system.get("letter") if isinstance(system, dict) else None


def _facts(bundles: Sequence[Bundle], created: str) -> tuple[tuple[str, str], ...]:
    named = (f"{bundle.manifest.name} {bundle.manifest.version} ({bundle.digest[:12]})" for bundle in bundles)
    return ("bundles", ", ".join(named)), *day_and_machine(created)


def _said_of(name: str, split: str, count: int, every: int) -> str:
    box = "; persons are given with their own box, scenes without" if name == "stanford40" else ""
    return f"{name}, {count} samples of the part {split} (of {every} samples in all){box}"
