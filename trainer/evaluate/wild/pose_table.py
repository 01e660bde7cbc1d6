"""The pose networks' figures, of a survey of pictures."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from edgeact.skeleton import LIMB_JOINTS
from trainer.evaluate.calibrate import expected_calibration_error
from trainer.evaluate.wild.detectors import OURS
from trainer.evaluate.wild.groups import GROUPS
from trainer.evaluate.wild.poses import RIGHT, TINYPOSE
from trainer.evaluate.wild.statistics import Estimate, area_under_curve, difference, resampled, share, worst
from trainer.evaluate.wild.survey import PosedPerson, Survey

_NO_GROUP = "everybody"


def pose_figures(surveys: Sequence[Survey], names: Sequence[str]) -> dict[str, dict]:
    """By network: PCK by group and by set, what it lies above or below TinyPose, and what its scores are worth."""
    figures: dict[str, dict] = {}
    sources = sorted({survey.picture.source for survey in surveys if survey.posed})
    for name in names:
        by_source = {
            source: _pck([s for s in surveys if s.picture.source == source], name, "all", RIGHT) for source in sources
        }
        figures[name] = {
            "pck_0.2": {group: asdict(_pck(surveys, name, group, RIGHT)) for group in GROUPS},
            "pck_0.1": {group: asdict(_pck(surveys, name, group, RIGHT / 2)) for group in GROUPS},
            "pck_0.2_by_source": {source: asdict(value) for source, value in by_source.items()},
            "worst_source": _worst(by_source),
            "minus_tinypose_pck_0.2": asdict(_minus_tinypose(surveys, name)),
            "confidence": confidence_figures(surveys, name),
        }
    figures[OURS]["agreement"] = _agreement(surveys)
    return figures


def people_counts(surveys: Sequence[Survey]) -> dict[str, int]:
    """How many people of each group were posed."""
    return {group: sum(group in person.groups for s in surveys for person in s.posed) for group in GROUPS}


def confidence_figures(surveys: Sequence[Survey], name: str) -> dict[str, object]:
    """Area under the ROC curve and calibration error of the limb joints' scores, and the ends that scores reach."""
    parts = [_scores(survey.posed, name) for survey in surveys]
    every = np.concatenate([np.zeros(0), *(person.found[name][:, 2] for s in surveys for person in s.posed)])
    return {
        "auroc": asdict(resampled(parts, area_under_curve)),
        "calibration_error": asdict(resampled(parts, expected_calibration_error)),
        "lowest": float(every.min()) if len(every) else float("nan"),
        "highest": float(every.max()) if len(every) else float("nan"),
    }


def _scores(people: Sequence[PosedPerson], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Scores (M,) and whether right (M,) of the labelled limb joints."""
    errors = np.concatenate([np.zeros(0), *(person.errors(name) for person in people)])
    scores = np.concatenate([np.zeros(0), *(person.found[name][list(LIMB_JOINTS), 2] for person in people)])
    known = ~np.isnan(errors)
    # A peer's score is the height of its map: it may exceed 1 a little.
    return scores[known].clip(0, 1), errors[known] <= RIGHT


def _counts(people: Sequence[PosedPerson], name: str, group: str, threshold: float) -> tuple[int, int]:
    right = total = 0
    for person in people:
        if group == _NO_GROUP or group in person.groups:
            errors = person.errors(name)
            total += int((~np.isnan(errors)).sum())
            right += int((errors <= threshold).sum())  # NaN is not
    return right, total


def _pck(surveys: Sequence[Survey], name: str, group: str, threshold: float) -> Estimate:
    pairs = np.array([_counts(survey.posed, name, group, threshold) for survey in surveys]).reshape(-1, 2)
    return share(pairs[:, 0], pairs[:, 1])


def _minus_tinypose(surveys: Sequence[Survey], name: str) -> Estimate:
    mine, peer = (
        np.array([_counts(survey.posed, network, "all", RIGHT) for survey in surveys]).reshape(-1, 2)
        for network in (name, TINYPOSE)
    )
    return difference(mine[:, 0], peer[:, 0], mine[:, 1])


def _agreement(surveys: Sequence[Survey]) -> dict[str, dict]:
    """By set: of the joints that TinyPose with its mirrored look is sure of, the share that ours puts in reach."""
    agreement = {}
    for source in sorted({survey.picture.source for survey in surveys if survey.agreed_posed}):
        rows = [_counts(s.agreed_posed, OURS, _NO_GROUP, RIGHT) for s in surveys if s.picture.source == source]
        pairs = np.array(rows).reshape(-1, 2)
        agreement[source] = asdict(share(pairs[:, 0], pairs[:, 1]))
    return agreement


def _worst(by_source: dict[str, Estimate]) -> dict[str, object]:
    if not by_source:
        return {"source": "", "value": float("nan")}
    source, value = worst({name: estimate.value for name, estimate in by_source.items()})
    return {"source": source, "value": value}
