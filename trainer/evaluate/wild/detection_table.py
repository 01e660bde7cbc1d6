"""The detectors' figures, of a survey of pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from trainer.evaluate.wild.detectors import ACCURATE_PEER, COMPACT_PEER, OURS, TestedDetector
from trainer.evaluate.wild.groups import GROUPS
from trainer.evaluate.wild.matching import budget_threshold
from trainer.evaluate.wild.statistics import Estimate, difference, share, worst
from trainer.evaluate.wild.survey import Survey

FALSE_BOXES_LIMIT = 0.1  # a picture
COCO_SETS = ("coco_mini", "coco_more")


def detection_figures(
    surveys: Sequence[Survey], empty: Sequence[Survey], detectors: Sequence[TestedDetector]
) -> dict[str, dict]:
    """By detector: its thresholds, found people by group and by source, false boxes, overlap, and for ours agreement.

    Args:
        surveys: Of pictures with people.
        empty: Of checked pictures without.
        detectors: Ours first.
    """
    complete = [survey for survey in surveys if survey.picture.is_complete]
    budgets = {detector.name: _budget(detector.name, complete, empty) for detector in detectors}
    figures = {}
    for detector in detectors:
        name, budget = detector.name, budgets[detector.name]
        own = _recalls(surveys, name, detector.threshold)
        figures[name] = {
            "own_threshold": detector.threshold,
            "budget_threshold": budget,
            "found_at_own": _dicts(own),
            "found_at_budget": _dicts(_recalls(surveys, name, budget)),
            "worst_source_at_budget": worst_source(surveys, name, budget),
            "minus_peer_at_budget": {
                peer: asdict(_difference(surveys, (name, budget), (peer, budgets[peer])))
                for peer in (COMPACT_PEER, ACCURATE_PEER)
                if peer in budgets
            },
            "false_boxes_labelled": asdict(_false_boxes(complete, name, detector.threshold)),
            "false_boxes_empty": asdict(_false_boxes(empty, name, detector.threshold)),
            "false_boxes_labelled_at_budget": asdict(_false_boxes(complete, name, budget)),
            "false_boxes_empty_at_budget": asdict(_false_boxes(empty, name, budget)),
            "mean_iou": asdict(_mean_iou(surveys, name, detector.threshold)),
        }
    ours = figures[OURS]
    for key, threshold in (("own", detectors[0].threshold), ("budget", budgets[OURS])):
        ours[f"agreement_at_{key}"] = _dicts(_agreement(surveys, threshold))
    return figures


def worst_source(surveys: Sequence[Survey], name: str, threshold: float) -> dict[str, object]:
    """The set in which a detector finds the smallest share of people, with that share."""
    recalls = _recalls(surveys, name, threshold)
    source, value = worst({key: row.value for key, row in recalls.items() if key not in GROUPS and key != "coco"})
    return {"source": source, "value": value}


def _budget(name: str, complete: Sequence[Survey], empty: Sequence[Survey]) -> float:
    sources: dict[str, tuple[np.ndarray, int]] = {}
    for label, rows in (("labelled", complete), ("empty", empty)):
        scores = [survey.matches[name].false_scores for survey in rows]
        sources[label] = (np.concatenate([np.zeros(0), *scores]), len(rows))
    return budget_threshold(sources, limit=FALSE_BOXES_LIMIT)


def _hits(survey: Survey, name: str, threshold: float, group: str) -> tuple[int, int]:
    member = np.array([group in groups for groups in survey.groups], bool)
    # A person whom no box found has the score −1; a threshold of 0 takes every box and nobody else.
    return int((survey.matches[name].scores[member] >= max(threshold, 0.0)).sum()), int(member.sum())


def _recalls(surveys: Sequence[Survey], name: str, threshold: float) -> dict[str, Estimate]:
    """Share of people found by group, by set, and in both sets of COCO."""

    def recall(rows: Sequence[Survey], group: str) -> Estimate:
        pairs = np.array([_hits(survey, name, threshold, group) for survey in rows]).reshape(-1, 2)
        return share(pairs[:, 0], pairs[:, 1])

    recalls = {group: recall(surveys, group) for group in GROUPS}
    recalls["coco"] = recall([survey for survey in surveys if survey.picture.source in COCO_SETS], "all")
    for source in sorted({survey.picture.source for survey in surveys if len(survey.people)}):
        recalls[source] = recall([survey for survey in surveys if survey.picture.source == source], "all")
    return recalls


def _difference(surveys: Sequence[Survey], mine: tuple[str, float], peer: tuple[str, float]) -> Estimate:
    """Share found of the COCO part minus a peer's, each with its name and its own threshold."""
    rows = [survey for survey in surveys if survey.picture.source in COCO_SETS]
    first, second = (
        np.array([_hits(survey, *detector, "all") for survey in rows]).reshape(-1, 2) for detector in (mine, peer)
    )
    return difference(first[:, 0], second[:, 0], first[:, 1])


def _false_boxes(surveys: Sequence[Survey], name: str, threshold: float) -> Estimate:
    counts = [int((survey.matches[name].false_scores >= threshold).sum()) for survey in surveys]
    return share(counts, np.ones(len(counts)))


def _mean_iou(surveys: Sequence[Survey], name: str, threshold: float) -> Estimate:
    sums, counts = [], []
    for survey in surveys:
        found = survey.matches[name].scores >= max(threshold, 0.0)
        sums.append(survey.matches[name].ious[found].sum())
        counts.append(found.sum())
    return share(sums, counts)


def _agreement(surveys: Sequence[Survey], threshold: float) -> dict[str, Estimate]:
    """Of the people on whom two teachers agree, the share that ours finds; by set, and of all."""
    sources = sorted({survey.picture.source for survey in surveys if len(survey.agreed.scores)})
    agreement = {}
    for source in ("all", *sources):
        rows = [survey.agreed.scores for survey in surveys if source in ("all", survey.picture.source)]
        agreement[source] = share([int((s >= max(threshold, 0.0)).sum()) for s in rows], [len(s) for s in rows])
    return agreement


def _dicts(estimates: Mapping[str, Estimate]) -> dict[str, dict]:
    return {name: asdict(estimate) for name, estimate in estimates.items()}
