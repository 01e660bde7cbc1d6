"""`edgeact eval`: bundles on one held-out data set, as findings for a page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.errors import UsageError
from trainer.data.labelled_samples import measured_split
from trainer.data.recipe_sets import CLIP_SETS, read_action_set
from trainer.data.spread import spread
from trainer.evaluate.action_figures import action_figures, title_of
from trainer.evaluate.attention_strips import as_given, attention_strips, drawn_strips, mapping_graph, surest_mistakes
from trainer.evaluate.held_out import HeadAnswers, Progress
from trainer.evaluate.judged import HeldOut, Judged, judge
from trainer.evaluate.metrics.accuracy import confusion
from trainer.evaluate.metrics.average_precision import average_precision, mean_average_precision
from trainer.evaluate.pose_curves import pose_findings
from trainer.evaluate.report.facts import day_and_machine
from trainer.evaluate.report.figure_names import MEAN_PRECISION
from trainer.evaluate.report.findings import Chart, Classes, Curve, Findings, Shown, Strip

POSE_SETS = ("lspet", "mpii", "coco")
_SHOWN_MISTAKES, _SHOWN_STRIPS = 24, 6
_IN_FULL = 2  # heads whose classes are all drawn, of several bundles the first of each; more would hide the rest


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of one evaluation.

    Attributes:
        data_set: Of `POSE_SETS`, or one of actions that `trainer.data.recipe_sets` reads.
        root: Folder of the data set.
        limit: At most so many samples, evenly over all; None takes all.
        kept: Folder for the people who are found in clips; created where they are needed.
        created: Date of the evaluation, ``YYYY-MM-DD``.
    """

    data_set: str
    root: Path
    limit: int | None
    kept: Path
    created: str


def evaluate_bundles(bundles: Sequence[Bundle], asked: Asked, *, progress: Progress) -> Findings:
    """Measure bundles on the part of a set that they were not trained on: ``test``, or ``validation`` without one.

    Raises:
        SourceNotFoundError, SourceFormatError: The set is missing or damaged.
        UsageError: A bundle does not judge such samples.
        BackendError: A graph failed.
        OutputError: People of clips cannot be written.
    """
    if asked.data_set in POSE_SETS:
        facts = _facts(bundles, asked.created)
        return pose_findings(bundles, asked.data_set, asked.root, facts, limit=asked.limit, progress=progress)
    samples, actions = read_action_set(asked.data_set, asked.root)
    split = measured_split(samples)
    chosen = spread([sample for sample in samples if sample.split == split], asked.limit)
    if not chosen:
        raise UsageError(f"{asked.root} holds nothing out; give a set with a test or a validation part")
    part = HeldOut(asked.data_set, split, chosen, actions, asked.data_set in CLIP_SETS)
    judged = [judge(bundle, part, kept=asked.kept, progress=progress) for bundle in bundles]
    heads = [(one, found, title_of(one, found)) for one in judged for found in one.heads]
    in_full = heads[:_IN_FULL] if len(judged) == 1 else [head for head in heads if head[1] is head[0].heads[0]]
    classes = tuple(_classes(found, part, of) for _, found, of in in_full)
    pictures = [_pictures(one, part, len(judged)) for one in judged]
    return Findings(
        f"{', '.join(bundle.manifest.name for bundle in bundles)} on {asked.data_set}",
        (*_facts(bundles, asked.created), *_protocol(judged, part, len(samples))),
        tuple(figure for one in judged for figure in action_figures(one, part)),
        classes,
        (_speed(heads, part),),
        tuple(section for worst, _ in pictures for section in worst),
        tuple(strip for _, strips in pictures for strip in strips),
    )


def _speed(heads: Sequence[tuple[Judged, HeadAnswers, str]], part: HeldOut) -> Chart:
    """Time beside accuracy: of clips of everything that is done for a frame, so that all bundles compare."""
    points = tuple(
        Curve(
            of,
            (one.frame_milliseconds or found.milliseconds,),
            (mean_average_precision(found.probability, part.labels),),
        )
        for one, found, of in heads
    )
    axis = "ms a frame, everything, one thread" if part.clips else "ms a call, one thread"
    return Chart("Speed and accuracy", axis, MEAN_PRECISION, points, joined=False, marked=True)


def _classes(found: HeadAnswers, part: HeldOut, of: str) -> Classes:
    labels, rows = part.labels, range(len(part.actions))
    shown = labels == 1 if part.is_multi_label else labels[:, None] == np.array(rows)
    precision = tuple(average_precision(found.probability[:, row], shown[:, row]) for row in rows)
    matrix = None if part.is_multi_label else confusion(found.probability, labels)
    return Classes(of, tuple(part.actions), precision, matrix)


def _pictures(judged: Judged, part: HeldOut, of: int) -> tuple[list[Strip], list[Strip]]:
    """The surest mistakes of a bundle's first head, and where its first head with maps looked; of several bundles each
    has fewer.
    """
    bundle, said = judged.bundle, judged.heads
    count = 0 if part.is_multi_label else _SHOWN_MISTAKES // of
    mistakes = surest_mistakes(said[0], part.samples, part.actions, count)
    if judged.runs:
        worst = tuple(Shown(judged.runs[row].picture(1), caption) for row, caption in mistakes)
        strips = drawn_strips(judged.runs, said[0], part.samples, part.actions, max(_SHOWN_STRIPS // of, 1))
    else:
        worst = tuple(Shown(as_given(said[0], part.samples[row]), caption) for row, caption in mistakes)
        mapped = next((found for found in said if mapping_graph(bundle, found.graph)), said[0])
        strips = attention_strips(bundle, mapped, part.samples, part.actions, max(_SHOWN_STRIPS // of, 1))
    name = bundle.manifest.name
    named = strips if of == 1 else (replace(strip, title=f"{name}, {strip.title}") for strip in strips)
    return [Strip(f"The surest mistakes: {name}", worst)] if worst else [], list(named)


def _facts(bundles: Sequence[Bundle], created: str) -> tuple[tuple[str, str], ...]:
    named = (f"{bundle.manifest.name} {bundle.manifest.version} ({bundle.digest[:12]})" for bundle in bundles)
    return ("bundles", ", ".join(named)), *day_and_machine(created)


def _protocol(judged: Sequence[Judged], part: HeldOut, every: int) -> tuple[tuple[str, str], ...]:
    """What was measured on, and how, as rows of the page's head."""
    box = "" if part.clips else "; persons are given with their own box, scenes without"
    count = len(part.samples)
    rows = [("data", f"{part.data_set}, {count} samples of the part {part.split} (of {every} samples in all){box}")]
    run = [one.bundle.manifest.name for one in judged if one.runs]
    if run:
        several = (
            "; of several people in a frame the mean counts" if any(one.bundle.plan.persons for one in judged) else ""
        )
        rows.append(("run as a whole", f"{', '.join(run)}: every frame, as annotate does{several}"))
    for one in judged:
        more = {len(found.head.labels) for found in one.heads if len(found.head.labels) > len(part.actions)}
        if more:
            name, known = one.bundle.manifest.name, max(more)
            rows.append(("labels", f"of the {known} labels of {name} only the set's {len(part.actions)} compete"))
    if any(maps for one in judged for _, maps in one.maps):
        whose = "of the people whom the default bundle finds in the clips" if part.clips else "of the data set"
        rows.append(("maps", f"those of the likeliest action, beside boxes {whose}"))
    return tuple(rows)
