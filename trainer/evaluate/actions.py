"""Action accuracy and the honesty of "other", of the shipped graph."""

from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.base import Backend
from trainer.data.action_sequences import (
    LABELS,
    OTHER,
    PENN_LABELS,
    JointSequence,
    jhmdb,
    own_tracks,
    penn_action,
    studio_motions,
)
from trainer.data.action_windows import deployed_clips, whole_clip
from trainer.data.kinect_sequences import nwucla
from trainer.data.pose_noise import add_pose_noise
from trainer.evaluate.calibrate import OpenSetRates, open_set_rates
from trainer.evaluate.graphs import open_named
from trainer.inputs.action_clip import spread_common


def classify(backend: Backend, clips: np.ndarray, *, batch: int = 64) -> np.ndarray:
    """Probabilities (N, A) of common-joint clips (N, T, 13, 3)."""
    features = spread_common(clips)
    return np.concatenate(
        [backend.run({"features": features[i : i + batch]})["actions"] for i in range(0, len(features), batch)]
    )


def action_accuracy(probability: np.ndarray, sequences: list[JointSequence], labels: tuple[str, ...] = LABELS) -> float:
    """Share of sequences whose likeliest action is one that they may be.

    Args:
        probability: ``(N, A)`` in the order of `LABELS`.
        sequences: N.
        labels: The actions that are asked about; the others are left out.
    """
    columns = [LABELS.index(label) for label in labels]
    best = probability[:, columns].argmax(1)
    return float(np.mean([labels[b] in sequence.allowed for b, sequence in zip(best, sequences, strict=True)]))


def noisy_clips(sequences: list[JointSequence], bank: np.ndarray, seed: int) -> np.ndarray:
    """Whole-sequence clips (N, 32, 13, 3) with our pose errors on them and one joint in twelve lost for a while."""
    clips = []
    for number, sequence in enumerate(sequences):
        rng = np.random.default_rng((seed, number))
        joints = add_pose_noise(sequence.joints, bank, rng)
        lost = rng.random((1, 13, 1)) < 1 / 12
        span = np.zeros(len(joints), bool)
        start = int(rng.integers(len(joints)))
        span[start : start + max(len(joints) // 3, 1)] = True
        joints[..., 2:] = np.where(lost & span[:, None, None], 0.0, joints[..., 2:])
        clips.append(
            whole_clip(
                JointSequence(
                    sequence.source, sequence.split, sequence.name, joints, sequence.frame_rate, sequence.allowed
                )
            )
        )
    return np.stack(clips)


def evaluate_actions(bundle: Bundle, data: Path, tracks_folder: Path, errors: np.ndarray) -> dict:
    """Accuracy on Penn Action's official test split (annotated, noisy, as deployed), on held-out tracks end to end, and
    the open set.
    """
    backend = open_named(bundle, "action")
    threshold = bundle.plan.heads[0].score
    penn = [s for s in penn_action(data / "penn_action") if s.split == "test"]
    clean = classify(backend, np.stack([whole_clip(s) for s in penn]))
    noisy = [classify(backend, noisy_clips(penn, errors, seed)) for seed in range(3)]
    deployed = np.stack([classify(backend, deployed_clips(s)).mean(0) for s in penn])
    tracks = [s for s in own_tracks(tracks_folder) if s.split == "test"]
    studio = [s for s in studio_motions(data / "studio") if s.split == "test"]
    unknown = {
        "nwucla": list(nwucla(data / "nwucla")),
        "unseen_studio": [s for s in studio if s.source == "unseen_studio"],
        "ut_interaction_none": [s for s in tracks if s.source == "ut_interaction" and OTHER in s.allowed],
        "surveillance_fights": [s for s in tracks if s.source == "surveillance_fights"],
    }
    result: dict = {
        "penn_action": {
            "sequences": len(penn),
            "annotated": action_accuracy(clean, penn, PENN_LABELS),
            "annotated_all_labels": action_accuracy(clean, penn),
            "noisy": float(np.mean([action_accuracy(p, penn, PENN_LABELS) for p in noisy])),
            "noisy_all_labels": float(np.mean([action_accuracy(p, penn) for p in noisy])),
            "deployed_windows": action_accuracy(deployed, penn, PENN_LABELS),
            "annotated_open_set": _rates(open_set_rates(clean, penn, threshold)),
            "noisy_open_set": _rates(open_set_rates(noisy[0], penn, threshold)),
        },
        "jhmdb_split1": _group(backend, [s for s in jhmdb(data / "jhmdb") if s.split == "validation"], threshold),
        "ut_interaction_tracks": _group(
            backend, [s for s in tracks if s.source == "ut_interaction" and OTHER not in s.allowed], threshold
        ),
        "studio_motion": _group(backend, [s for s in studio if s.source == "studio"], threshold),
        "unknown": {name: _group(backend, sequences, threshold) for name, sequences in unknown.items()},
    }
    return result


def _group(backend: Backend, sequences: list[JointSequence], threshold: float) -> dict[str, float]:
    """Accuracy and open-set rates of sequences by the mean over their deployed clips, and the peak that would start an
    event.
    """
    if not sequences:
        return {"sequences": 0}
    every = [classify(backend, deployed_clips(s)) for s in sequences]
    mean = np.stack([p.mean(0) for p in every])
    return {"sequences": len(sequences), "accuracy": action_accuracy(mean, sequences)} | _rates(
        open_set_rates(mean, sequences, threshold)
    )


def _rates(rates: OpenSetRates) -> dict[str, float]:
    values = {
        "known_as_other": rates.known_as_other,
        "known_as_wrong": rates.known_as_wrong,
        "other_as_known": rates.other_as_known,
    }
    return {name: value for name, value in values.items() if value == value}  # NaN: no such clips in this group
