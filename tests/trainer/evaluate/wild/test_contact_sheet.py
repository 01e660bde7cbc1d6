"""Who comes onto the sheets."""

from tests.trainer.evaluate.wild.surveys import posed_person, survey
from trainer.evaluate.wild.contact_sheet import missed_people, worst_poses
from trainer.evaluate.wild.detectors import OURS


def test_the_worst_poses_and_the_largest_missed_people_come_first() -> None:
    poses = [posed_person({OURS: offset}) for offset in (5, 300, 40)]
    surveys = [survey("coco_mini", [0.1, 0.9, -1.0], [], posed=tuple(poses))]
    assert [round(error, 2) for _, _, error in worst_poses(surveys)] == [1.0, 0.4, 0.05]
    assert [box[3] for _, box in missed_people(surveys, 0.35)] == [120, 100]
