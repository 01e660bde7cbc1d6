"""Tracks as MOTChallenge text: ``frame,id,left,top,width,height,confidence,-1,-1,-1``, frames and pixels from 1."""

import csv
from pathlib import Path

import numpy as np

from edgeact.atomic import PartialText
from edgeact.errors import UsageError
from edgeact.results.records import Results


def write_mot(results: Results, path: Path) -> None:
    """Write one line for each person in each frame; nothing is left where that fails.

    The number of a frame is its position in the source plus 1, also where only every n-th frame was used.

    Args:
        results: What to write.
        path: The final name; the file must not be there, or may be replaced.

    Raises:
        UsageError: Numbers of frames begin anew, so that MOT could not tell them apart.
        SourceFormatError: The file of the frames was cut off or damaged.
        OutputError: It cannot be written.
    """
    file = PartialText(path)
    last = -1
    try:
        rows = csv.writer(file, lineterminator="\n")
        for frame in results.frames:
            if frame.index <= last:
                raise UsageError(
                    f"{results.path} has frame {frame.index} after {last}, which MOT cannot say; use --to csv"
                )
            last = frame.index
            for person in sorted(frame.persons, key=lambda person: person.track_id):
                x_min, y_min, x_max, y_max = np.nan_to_num(person.box.astype(np.float64))
                box = (f"{value:.2f}" for value in (x_min + 1, y_min + 1, x_max - x_min, y_max - y_min))
                score = f"{np.nan_to_num(person.score):.4f}"
                rows.writerow((frame.index + 1, person.track_id, *box, score, -1, -1, -1))
        file.close()
    finally:
        file.abort()
