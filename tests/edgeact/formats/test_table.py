"""CSV, Parquet and pandas hold the same table, read back by pandas and pyarrow."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from pyarrow import parquet

import edgeact
from edgeact.formats.csv import write_csv
from edgeact.formats.parquet import write_parquet
from edgeact.results.records import Results
from tests.results import ended_event, person, result, write_results


@pytest.fixture
def results(tmp_path: Path) -> Results:
    observations = [result(0), result(1, persons=(person(7), person(8, action=False))), result(2, persons=(person(7),))]
    return edgeact.load_results(write_results(tmp_path, observations, [ended_event(7), ended_event(None)]))


def test_pandas_gets_a_row_for_each_person_in_each_frame(results: Results) -> None:
    table = results.to_dataframe()
    assert table[["index", "track"]].to_numpy().tolist() == [[1, 7], [1, 8], [2, 7]]
    assert table["time"].tolist() == [0.04, 0.04, 0.08]
    assert table["action"].tolist() == ["wave", pandas.NA, "wave"]
    row = table.iloc[0]
    assert (row["box_x_min"], row["box_y_max"]) == (1.25, 40.0)
    assert (row["left_eye_x"], row["left_eye_y"]) == pytest.approx((1.33, 2.33))
    assert (row["action_score"], row["smoothed_kick"], row["raw_wave"]) == pytest.approx((0.6, 0.3, 0.7))
    assert row["left_hand_x_min"] == -5.0
    assert np.isnan(row["right_hand_x_min"])
    assert table["nose_x"].dtype == np.float32
    events = results.to_dataframe("events")
    assert events["label"].tolist() == ["wave", "wave"]
    assert events["track"].tolist() == [7, pandas.NA]


def test_csv_and_parquet_read_back_as_the_same_table(results: Results, tmp_path: Path) -> None:
    write_csv(results, tmp_path / "clip.csv")
    write_parquet(results, tmp_path / "clip.parquet")
    expected = results.to_dataframe()
    for read in (pandas.read_csv(tmp_path / "clip.csv"), pandas.read_parquet(tmp_path / "clip.parquet")):
        assert list(read.columns) == list(expected.columns)
        assert read[["index", "track"]].to_numpy().tolist() == expected[["index", "track"]].to_numpy().tolist()
        assert read["action"].fillna("").tolist() == expected["action"].fillna("").tolist()
        numbers = [name for name in expected.columns if expected[name].dtype == np.float32]
        np.testing.assert_allclose(
            read[numbers].to_numpy(np.float64), expected[numbers].to_numpy(np.float64), rtol=1e-6
        )
    metadata = parquet.read_schema(tmp_path / "clip.parquet").metadata
    assert json.loads(metadata[b"edgeact"])["source"]["name"] == "clip.mp4"


def test_a_result_without_anybody_gives_the_columns_alone(tmp_path: Path) -> None:
    results = edgeact.load_results(write_results(tmp_path, [result(0)]))
    write_csv(results, tmp_path / "clip.csv")
    write_parquet(results, tmp_path / "clip.parquet")
    shapes = [
        results.to_dataframe().shape,
        pandas.read_csv(tmp_path / "clip.csv").shape,
        pandas.read_parquet(tmp_path / "clip.parquet").shape,
    ]
    assert [shape[0] for shape in shapes] == [0, 0, 0]
    assert len({shape[1] for shape in shapes}) == 1


def test_scenes_and_depth_have_their_columns(tmp_path: Path) -> None:
    path = write_results(tmp_path, [result(0, persons=(person(7),)), result(1)])
    header, first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    said = {"label": "fire", "smoothed": {"fire": 0.75, "other": 0.25}, "raw": {"fire": 1.0, "other": 0.0}}
    header["heads"] = [
        {"name": "action", "scope": "person", "labels": header["labels"]},
        {"name": "action", "scope": "scene", "labels": ["fire", "other"]},  # a name may be that of a head of persons
    ]
    first["scene"], second["scene"] = {"action": None}, {"action": said}
    first["persons"][0]["joints_3d"] = [[0.25, 0.5, 0.75]] * 21
    path.write_text("".join(json.dumps(line) + "\n" for line in (header, first, second)), encoding="utf-8")
    table = edgeact.load_results(path).to_dataframe()
    assert table["track"].tolist() == [7, pandas.NA, pandas.NA]
    assert table["scene_action_action"].tolist() == [pandas.NA, pandas.NA, "fire"]
    assert table["scene_action_smoothed_fire"].fillna(-1).tolist() == [-1, -1, 0.75]
    assert table.iloc[0][["nose_x_m", "nose_y_m", "nose_z_m"]].tolist() == [0.25, 0.5, 0.75]
