"""MoveNet Thunder finds joints, and its joints are merged with PP-TinyPose's labels."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.trainer.teacher_networks import write_teachers
from trainer.folders import Folders
from trainer.precomputed.movenet import MoveNetThunder, decode_movenet
from trainer.precomputed.second_opinion import join_opinions, join_poses

SPOT = (202.0, 150.0)
BOX = [150.0, 60.0, 250.0, 260.0]


def spotted() -> np.ndarray:
    """A dark frame with a bright spot that fills one cell of the maps, and its neighbours in part."""
    frame = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(frame, (round(SPOT[0]), round(SPOT[1])), 3, (255, 255, 255), -1)
    return frame


def test_the_bright_spot_is_found_and_its_score_is_the_heat(tmp_path: Path) -> None:
    joints = MoveNetThunder(write_teachers(tmp_path))(spotted(), np.array(BOX))
    assert joints.shape == (17, 3)
    assert np.abs(joints[:, :2] - SPOT).max() < 4
    assert joints[:, 2] == pytest.approx(1 / (1 + np.exp(-6)), abs=0.01)


def test_maps_are_decoded_around_the_person_in_the_middle() -> None:
    shape = (64, 64)
    heat, centre = np.full((2, *shape), -9.0, np.float32), np.full((1, *shape), -9.0, np.float32)
    regress, offset = np.zeros((4, *shape), np.float32), np.zeros((4, *shape), np.float32)
    centre[0, 34, 30] = 2.0
    centre[0, 4, 4] = 3.0  # surer, but at the border: somebody else
    regress[:, 34, 30] = (-10, 0, 20, 5)  # y, x of both joints from the centre
    heat[0, 25, 31], heat[0, 60, 60] = 1.0, 2.0  # the second one is far from where the joint is expected
    heat[1, 55, 36] = 0.0
    offset[:2, 25, 31] = (0.25, -0.5)
    joints = decode_movenet(heat, regress, centre, offset)
    assert joints[0] == pytest.approx([30.5 * 4, 25.25 * 4, 1 / (1 + np.exp(-1))])
    assert joints[1] == pytest.approx([36 * 4, 55 * 4, 0.5])


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(data=tmp_path / "data", teachers=write_teachers(tmp_path / "teachers"), work=tmp_path / "work")


def person(place: tuple[float, float], score: float = 0.8) -> dict:
    return {"box": BOX, "score": 0.9, "joints": [[*place, score]] * 17}


def write_labels(folders: Folders, name: str, rows: list[dict]) -> None:
    folders.labels.mkdir(parents=True, exist_ok=True)
    (folders.labels / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def read_agreed(folders: Folders, name: str) -> list[dict]:
    return [json.loads(line) for line in (folders.agreed_labels / f"{name}.jsonl").read_text().splitlines()]


def test_agreement_is_kept_and_a_contradicted_joint_is_half_as_sure(folders: Folders) -> None:
    images = folders.data / "street_people/images"
    images.mkdir(parents=True)
    cv2.imwrite(str(images / "000001.png"), spotted())
    near, far = person(SPOT), person((160.0, 70.0))
    near["joints"] = [
        [*place, 0.8] for place in MoveNetThunder(folders.teachers)(spotted(), np.array(BOX))[:, :2].tolist()
    ]
    row = {"file": "images/000001.png", "frame": 0, "size": [400, 300], "persons": [near, far]}
    write_labels(folders, "street_people", [row, {**row, "persons": []}])
    join_opinions(folders, ["street_people"])
    joined, nobody = read_agreed(folders, "street_people")
    assert nobody["persons"] == []
    same, other = (np.array(someone["joints"]) for someone in joined["persons"])
    assert np.abs(same[:, :2] - SPOT).max() < 4
    assert same[:, 2] == pytest.approx((0.8 + 0.998) / 2, abs=0.01)
    assert np.abs(other[:, :2] - SPOT).max() < 4  # the second teacher is surer
    assert other[:, 2] == pytest.approx(0.998 / 2, abs=0.01)
    before = (folders.agreed_labels / "street_people.jsonl").stat().st_mtime_ns
    join_opinions(folders, ["street_people"])  # done
    assert (folders.agreed_labels / "street_people.jsonl").stat().st_mtime_ns == before


def test_a_neighbours_joint_does_not_replace_the_persons_own() -> None:
    box, score = np.array([100.0, 100.0, 200.0, 300.0]), np.array([0.6, 0.6, 0.6, 0.6], np.float32)
    first = np.column_stack([[120, 180, 120, 215], [120, 120, 280, 280], score]).astype(np.float32)
    second = first.copy()
    second[:, 2] = 0.9
    second[0, 0] = 60  # outside the box: a neighbour's
    second[1, 1] = 220  # elsewhere, but inside
    second[3, 0] = 216  # both say outside
    joints = join_poses(first, second, box)
    assert joints[0] == pytest.approx([120, 120, 0.3])
    assert joints[1] == pytest.approx([180, 220, 0.45])
    assert joints[2] == pytest.approx([120, 280, 0.75])
    assert joints[3] == pytest.approx([215.6, 280, 0.75])


def test_frames_of_clips_are_those_of_their_lines(folders: Folders) -> None:
    clips = folders.data / "ut_interaction/clips"
    clips.mkdir(parents=True)
    for name in ("a", "b"):
        with av.open(str(clips / f"{name}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=10, options={"crf": "1"})
            stream.width, stream.height = 400, 300
            for index in range(6):
                frame = spotted() if (index == 5) == (name == "a") else np.zeros((300, 400, 3), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
            container.mux(stream.encode())
    rows = [
        {"file": f"clips/{name}.mp4", "frame": frame, "size": [400, 300], "persons": [person(SPOT)]}
        for name in ("a", "b")
        for frame in (0, 5)
    ]
    write_labels(folders, "ut_interaction", rows)
    join_opinions(folders, ["ut_interaction"])
    joined = read_agreed(folders, "ut_interaction")
    assert [(row["file"], row["frame"]) for row in joined] == [(row["file"], row["frame"]) for row in rows]
    scores = [row["persons"][0]["joints"][0][2] for row in joined]
    assert [score > 0.45 for score in scores] == [False, True, True, False]
