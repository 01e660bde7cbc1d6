"""Pictures that cannot be read are named."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from trainer.data.read_picture import read_bgr, read_rgb


def test_colours_come_in_the_order_that_the_name_says(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((4, 5, 3), (0, 0, 255), np.uint8))
    assert read_bgr(path)[0, 0].tolist() == [0, 0, 255]
    assert read_rgb(path)[0, 0].tolist() == [255, 0, 0]
    assert read_rgb(path).shape == (4, 5, 3)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"none\.jpg"):
        read_bgr(tmp_path / "none.jpg")
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(SourceFormatError, match=r"text\.jpg"):
        read_rgb(tmp_path / "text.jpg")
