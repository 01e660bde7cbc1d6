from pathlib import Path

import motrics
import numpy as np

from edgeact.formats.mot import write_mot
from edgeact.results.load import load_results
from tests.results import person, result, write_results


def test_a_mot_reader_reads_tracks_and_boxes(tmp_path: Path) -> None:
    frames = write_results(
        tmp_path, [result(0), result(1, persons=(person(8), person(7))), result(4, persons=(person(7),))]
    )
    write_mot(load_results(frames), tmp_path / "clip.txt")
    read = motrics.load_motchallenge(str(tmp_path / "clip.txt"))
    assert sorted(read) == [2, 5]  # from 1
    identities, boxes = read[2]
    assert list(identities) == [7, 8]
    np.testing.assert_allclose(boxes[0], [2.25, 3.5, 31.12, 41.0], atol=0.011)  # pixels from 1
    first = (tmp_path / "clip.txt").read_text(encoding="utf-8").splitlines()[0]
    assert first == "2,7,2.25,3.50,28.87,37.50,0.8765,-1,-1,-1"
