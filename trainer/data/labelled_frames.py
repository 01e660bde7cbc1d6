"""Read the frames of video clips that label lines are about."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from trainer.data.frame_pictures import frames_at


def labelled_frames(root: Path, rows: Sequence[dict]) -> Iterator[tuple[dict, np.ndarray | None]]:
    """Yield each label line of video clips with its frame ``(H, W, 3)`` uint8 RGB, or None where nobody is labelled.

    Args:
        root: Folder that the lines' files are relative to.
        rows: Lines of `trainer.precomputed.label`, sorted by clip and frame.
    """
    by_clip: dict[str, list[dict]] = {}
    for row in rows:
        by_clip.setdefault(row["file"], []).append(row)
    for clip, lines in by_clip.items():
        images = dict(frames_at(root / clip, {row["frame"] for row in lines if row["persons"]}))
        for row in lines:
            yield row, images.get(row["frame"])
