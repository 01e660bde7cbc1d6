import json
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO

from desktop_ui.keeping.clip_file import write_clip
from desktop_ui.keeping.training_export import export_samples
from edgeact.skeleton import BODY_21
from tests.desktop_ui.model.test_corrections import correction
from trainer.data.class_folder import read_class_folder


def test_the_folder_is_what_training_reads_and_the_poses_are_coco(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    picture = np.zeros((40, 40, 3), np.uint8)
    for name in ("a", "b", "d", "e"):
        write_clip(kept / f"{name}.mp4", [(0.0, picture), (0.1, picture)])
    (kept / "c.jpg").write_bytes(b"picture")
    joints = BODY_21.joints
    pose = tuple((10.0 + number, 20.0, 1.0 if number == 0 else 0.3) for number in range(len(joints)))
    made = export_samples(
        [
            correction(id="a", label="wave", material="a.mp4"),
            correction(id="b", label="walk fast", material="b.mp4"),
            correction(
                "joint",
                id="c",
                material="c.jpg",
                joint="nose",
                pose=pose,
                joints=joints,
                box=(5, 5, 30, 39),
                size=(40, 40),
            ),
            correction("not_person", id="d", material="d.mp4"),
            correction("identity", id="e", becomes=7, carries_on=True, start=1, end=1.5, material="e.mp4"),
        ],
        lambda _: kept,
        tmp_path / "out",
    )
    assert (made.clips, made.persons) == (2, 1)
    assert read_class_folder(tmp_path / "out" / "classes").labels == ("walk_fast", "wave")
    coco = COCO(str(tmp_path / "out" / "keypoints" / "annotations.json"))
    (annotation,) = coco.loadAnns(coco.getAnnIds())
    assert annotation["keypoints"][:3] == [10.0, 20.0, 2]
    assert annotation["keypoints"][5] == 1
    assert annotation["num_keypoints"] == 17
    assert annotation["track_id"] == 7, "who the person was said to be, which carries on"
    assert (tmp_path / "out" / "people" / "gate" / "7" / "e.mp4").is_file()
    (image,) = coco.loadImgs(coco.getImgIds())
    assert (tmp_path / "out" / "keypoints" / image["file_name"]).read_bytes() == b"picture"
    assert (tmp_path / "out" / "not_a_person" / "gate" / "d.mp4").is_file()
    assert len(json.loads((tmp_path / "out" / "corrections.json").read_text("utf-8"))["corrections"]) == 5
