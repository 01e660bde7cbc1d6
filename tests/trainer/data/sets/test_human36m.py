"""Human3.6M, on a tiny copy of its official layout."""

from pathlib import Path

import numpy as np
import pytest
from cdflib import cdfwrite

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, pixels_of, write_clip
from trainer.data.sample import Video
from trainer.data.sets.human36m import read_human36m


def write_pose(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    variable = {
        "Variable": "Pose", "Data_Type": 44, "Num_Elements": 1, "Rec_Vary": False,
        "Dim_Sizes": list(values.shape), "Var_Type": "zVariable", "Dim_Vary": [True] * values.ndim,
    }  # fmt: skip
    with cdfwrite.CDF(path, cdf_spec={"Majority": "row_major"}) as file:
        file.write_var(variable, var_data=values.astype(np.float32))


def test_human36m(tmp_path: Path) -> None:
    rows = np.arange(2 * 32 * 3.0).reshape(2, 32, 3)
    for person, action in (("S9", "Eating 1.54138969"), ("S1", "Eating.54138969"), ("S1", "Walking 2.60457274")):
        write_pose(tmp_path / person / "MyPoseFeatures" / "D3_Positions_mono" / f"{action}.cdf", rows.reshape(1, 2, 96))
    flat = tmp_path / "S1" / "MyPoseFeatures" / "D2_Positions" / "Eating.54138969.cdf"
    write_pose(flat, rows[..., :2].reshape(1, 2, 64))
    write_clip(tmp_path / "S1" / "Videos" / "Eating.54138969.mp4")
    found = read_human36m(tmp_path)
    assert found.actions == ("Eating", "Walking")
    by_name = {sample.name: sample for sample in found.samples}
    first, test = by_name["S1/Eating.54138969"], by_name["S9/Eating 1.54138969"]
    assert (first.split, test.split, test.source) == ("train", "test", "S9")
    assert first.joints_3d.shape == (2, 1, 17, 3)
    assert first.joints_3d[1, 0, 4] == pytest.approx(rows[1, 6] / 1000)
    assert first.joints[1, 0, 4] == pytest.approx(rows[1, 6, :2])
    assert isinstance(first.media, Video)
    assert pixels_of(first) == CLIP
    assert (test.joints, test.media) == (None, None)
    (tmp_path / "S9" / "MyPoseFeatures" / "D3_Positions_mono" / "Eating 1.54138969.cdf").write_text("no CDF")
    with pytest.raises(SourceFormatError, match="cannot be read as CDF"):
        read_human36m(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_human36m(tmp_path)
