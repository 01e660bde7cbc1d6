"""Measure a bundle's graphs on splits that nothing was trained on or chosen by; every number here is of the shipped
ONNX files.
"""

import numpy as np

from edgeact.bundle.load import Bundle
from trainer.evaluate.actions import evaluate_actions
from trainer.evaluate.pose import evaluate_pose
from trainer.folders import Folders


def evaluate(bundle: Bundle, folders: Folders, *, tracks_of: str) -> dict:
    """Every measure of a bundle, rounded to four digits.

    The errors that the noisy actions are measured with are those on the test persons; training saw those on the
    validation persons.
    """
    with np.load(folders.pose_errors(tracks_of)) as file:
        errors = file["test"]
    metrics = {
        "pose": evaluate_pose(bundle, folders.pose, teachers=folders.teachers),
        "actions": evaluate_actions(bundle, folders.data, folders.tracks(tracks_of), errors),
    }
    return _rounded(metrics)


def _rounded(value: dict) -> dict:
    return {
        key: _rounded(inner) if isinstance(inner, dict) else round(inner, 4) if isinstance(inner, float) else inner
        for key, inner in value.items()
    }
