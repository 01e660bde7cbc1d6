"""How well an action network tells the validation sequences of each source; the worst source chooses networks."""

from collections.abc import Sequence

import numpy as np
import torch

from trainer.data.action_sequences import LABELS, JointSequence
from trainer.data.action_windows import deployed_clips
from trainer.data.pose_noise import add_pose_noise
from trainer.evaluate.calibrate import FEWEST_CLIPS
from trainer.models.edge_action import EdgeAction


@torch.no_grad()
def accuracy_by_source(network: EdgeAction, sequences: Sequence[JointSequence], bank: np.ndarray) -> dict[str, float]:
    """Share of validation sequences whose likeliest action is one that they may be, for each source.

    Each sequence is seen as the runtime would see it: with errors of our own pose network on its joints, in the clips
    that the runtime cuts, whose probabilities are averaged. A source with fewer validation sequences than
    `FEWEST_CLIPS` says too little and is left out.

    Args:
        network: Of the actions of `LABELS`; left in evaluation mode.
        sequences: Of every split; only those of "validation" are looked at.
        bank: Errors of our own pose network (`trainer.data.pose_noise`).
    """
    network.eval()
    right: dict[str, list[bool]] = {}
    for number, sequence in enumerate(one for one in sequences if one.split == "validation"):
        noisy = add_pose_noise(sequence.joints, bank, np.random.default_rng((0, number)))
        seen = JointSequence(sequence.source, "validation", sequence.name, noisy, sequence.frame_rate, sequence.allowed)
        probability = torch.softmax(network(torch.from_numpy(deployed_clips(seen))), -1).mean(0)
        right.setdefault(sequence.source, []).append(LABELS[int(probability.argmax())] in sequence.allowed)
    return {source: float(np.mean(found)) for source, found in right.items() if len(found) >= FEWEST_CLIPS}
