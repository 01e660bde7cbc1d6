"""The people of Leeds Sports Pose extended that trainings use: those with joints enough, with a box around them.

Their coordinates are the file's own, in which the first pixel is 1: the weights that ship learned from these, and in
float32 seven of the joints do not come back from pixels that count from 0.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from trainer.data.sample import FEWEST_JOINTS, Sample, box_around
from trainer.data.sets.lsp import read_lsp_extended


def lspet_people(root: Path) -> list[Sample]:
    """Every person with at least `FEWEST_JOINTS` labelled joints, in the order of `trainer.data.sets.lsp.LSP_JOINTS`.

    Raises:
        SourceNotFoundError, SourceFormatError: ``joints.mat`` is missing or damaged.
    """
    return [
        replace(sample, boxes=box_around(sample.joints[0, 0])[None, None])
        for sample in read_lsp_extended(root, first_pixel=0).samples
        if np.isfinite(sample.joints[0, 0]).all(1).sum() >= FEWEST_JOINTS
    ]
