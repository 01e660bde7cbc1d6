"""Rendered pictures of people, as a claim's command leaves them."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.skeleton import BODY_21
from tests.trainer.studio_people import FOCAL, write_studio_poses
from trainer.data.sample import SEEN, Picture
from trainer.data.sets.studio_poses import POSES_FILE, read_focal_lengths, read_studio_poses


def test_people_come_with_their_joints_in_3d(tmp_path: Path) -> None:
    joints = write_studio_poses(tmp_path / "set", trained=3, measured=1)
    found = read_studio_poses(tmp_path / "set")
    assert found.joints == BODY_21.joints
    assert [sample.split for sample in found.samples] == ["train"] * 3 + ["test"]
    assert [sample.source for sample in found.samples] == ["clip0", "clip0", "clip1", "clip1"]
    last = found.samples[3]
    assert last.joints_3d is not None
    assert last.joints_3d[0, 0] == pytest.approx(joints[3])
    assert last.joints is not None
    x, _, z = joints[3, 5]
    assert last.joints[0, 0, 5, 0] == pytest.approx(127.5 + FOCAL * x / z, abs=1e-3)
    assert last.visibility is not None
    assert (last.visibility == SEEN).all()
    assert isinstance(last.media, Picture)
    assert last.media.path.is_file()
    assert read_focal_lengths(tmp_path / "set") == dict.fromkeys(("0.jpg", "1.jpg", "2.jpg", "3.jpg"), FOCAL)


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="claim pictures3d` renders"):
        read_studio_poses(tmp_path)
    write_studio_poses(tmp_path / "set", trained=2, measured=1)
    path = tmp_path / "set" / POSES_FILE
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(path, **{**arrays, "boxes": arrays["boxes"][:2]})
    with pytest.raises(SourceFormatError, match="do not fit each other"):
        read_studio_poses(tmp_path / "set")
    path.write_bytes(b"no arrays")
    with pytest.raises(SourceFormatError, match="remove it and render again"):
        read_studio_poses(tmp_path / "set")
