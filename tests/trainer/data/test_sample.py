"""Arrays of one sample fit each other, or are refused."""

from pathlib import Path

import numpy as np
import pytest

from trainer.data.sample import Picture, Sample, Video


def test_arrays_that_do_not_fit_each_other_are_refused() -> None:
    joints = np.zeros((2, 1, 14, 2), np.float32)
    visibility = np.zeros((2, 1, 14), np.int8)
    Sample("a", "a", joints=joints, visibility=visibility)
    for wrong in (
        {"joints": joints},
        {"joints": joints, "visibility": visibility[:, :, :13]},
        {"joints": joints, "visibility": visibility, "boxes": np.zeros((1, 1, 4))},
        {"boxes": np.zeros((1, 4))},
        {"joints": joints[..., :1], "visibility": visibility},
    ):
        with pytest.raises(ValueError, match="a: arrays do not fit each other"):
            Sample("a", "a", **wrong)


def test_only_a_picture_has_the_file_of_one() -> None:
    assert Sample("a", "a", Picture(Path("a.jpg"))).picture == Path("a.jpg")
    for media in (Video(Path("a.avi")), None):
        with pytest.raises(ValueError, match="a is no picture but"):
            _ = Sample("a", "a", media).picture
