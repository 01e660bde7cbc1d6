"""Which networks stand side by side."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from trainer.evaluate.wild.poses import open_poses


@pytest.mark.data
def test_movenet_is_left_out_where_its_runtime_is_absent(shared_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.evaluate.wild.poses.importlib.util.find_spec", lambda name: None)
    panel = open_poses(load_bundle(), shared_folder / "teachers")
    image, box = np.zeros((64, 48, 3), np.uint8), np.array([4, 4, 40, 60], np.float32)
    assert panel.names == ("edgeact", "TinyPose", "TinyPose + flip")
    assert {name: joints.shape for name, joints in panel.estimate(image, box).items()} == dict.fromkeys(
        panel.names, (17, 3)
    )
    assert set(panel.graphs(image, box)) == {"edgeact", "TinyPose"}
