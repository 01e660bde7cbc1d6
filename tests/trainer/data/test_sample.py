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


def test_only_a_picture_has_the_file_of_one_and_only_a_video() -> None:
    picture, video = Sample("a", "a", Picture(Path("a.jpg"))), Sample("b", "b", Video(Path("b.avi")))
    assert (picture.picture, video.video) == (Path("a.jpg"), Path("b.avi"))
    for sample in (video, Sample("c", "c")):
        with pytest.raises(ValueError, match=f"{sample.name} is no picture but"):
            _ = sample.picture
    for sample in (picture, Sample("c", "c")):
        with pytest.raises(ValueError, match=f"{sample.name} is no video but"):
            _ = sample.video
