"""Who is still to be seen is counted by labelled joints: here on two pictures of the toy world."""

import json
from pathlib import Path

import cv2

from edgeact.bundle.load import load_bundle
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from trainer.evaluate.privacy import Concealed, Exposed, measure_privacy, privacy_table

FOUND, MISSED = (60, 40, 84, 140), (200, 40, 224, 140)


def write_pictures(data: Path) -> None:
    """Two people are labelled in each picture, with a nose and an ankle; in the second picture one is not to be
    found.
    """
    folder = data / "coco_more" / "images"
    folder.mkdir(parents=True)
    images, annotations = [], []
    for number, boxes in enumerate(([FOUND, MISSED], [FOUND])):
        name = f"{number:012d}.png"
        cv2.imwrite(str(folder / name), tiny_picture(320, 240, boxes))
        images.append({"id": number, "file_name": name, "split": "val2017"})
        for x0, y0, x1, y1 in (FOUND, MISSED):
            keypoints = [0.0] * 51
            keypoints[0:3] = [(x0 + x1) / 2, y0 + 0.1 * (y1 - y0), 2]
            keypoints[45:48] = [(x0 + x1) / 2 + 4, y1 - 2, 2]
            annotations.append(
                {
                    "image_id": number,
                    "category_id": 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "keypoints": keypoints,
                    "iscrowd": 0,
                }
            )
    (data / "coco_more" / "person_keypoints.json").write_text(
        json.dumps({"images": images, "annotations": annotations})
    )
    (data / "stanford40").mkdir()


def test_a_person_who_is_not_found_is_to_be_seen_wholly(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    found = measure_privacy(bundle, tmp_path, progress=lambda items, what: items)
    assert [[one.left for one in picture.people] for picture in found["heads"]] == [[0, 0], [0, 1]]
    assert [[one.left for one in picture.people] for picture in found["persons"]] == [[0, 0], [0, 2]]
    assert {one.joints for one in found["persons"][0].people} == {2}
    assert 0 < found["heads"][1].hidden < found["persons"][1].hidden < 0.3


def test_shares_are_of_people_of_a_height() -> None:
    pictures = [
        Concealed((Exposed(150, 5, 1), Exposed(100, 5, 5), Exposed(80, 5, 0), Exposed(90, 5, 0)), 0.1),
        Concealed((Exposed(20, 2, 2),), 0.3),
    ]
    rows = {row[0]: row[1:] for row in privacy_table({"heads": pictures}).rows}
    count, some, whole, hidden = rows["heads, 60 px high or more"]
    assert (count, hidden) == ("4", "20 %")
    assert some.startswith("50.0 %")
    assert whole.startswith("25.0 %")
    assert rows["heads, under 60 px"][0] == "1"
