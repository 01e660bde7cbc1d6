from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest

from desktop_ui.model.corrected import SourceCorrections
from desktop_ui.model.corrections import Correction, Corrections, path_beside, read_corrections
from desktop_ui.model.history import HistoryLog
from desktop_ui.model.timeline import Stretch, time_of_file
from desktop_ui.model.undo import UndoStack
from edgeact.errors import ConfigError
from edgeact.skeleton import BODY_21
from edgeact.types import Reading
from tests.desktop_ui.bridge.test_newest_frame import observation


def correction(kind: str = "label", **other: object) -> Correction:
    values = {"id": "01A", "kind": kind, "source": "gate", "clock": "file", "start": 2, "end": 4, "track": 4, **other}
    return Correction.model_validate(values)


def test_a_label_replaces_what_the_network_said_of_that_time() -> None:
    own = [Stretch(4, "walk", 0, 10)]
    assert SourceCorrections((correction(label="wave"),)).stretches(own, 4) == (
        Stretch(4, "walk", 0, 2),
        Stretch(4, "wave", 2, 4, is_corrected=True),
        Stretch(4, "walk", 4, 10),
    )
    nobody = SourceCorrections((correction("not_person"),))
    assert nobody.stretches(own, 4) == (Stretch(4, "walk", 0, 2), Stretch(4, "walk", 4, 10))


def test_what_somebody_else_did_moves_to_that_row() -> None:
    said = SourceCorrections((correction("identity", becomes=7),))
    assert said.stretches([Stretch(4, "walk", 0, 10)], 4) == (
        Stretch(4, "walk", 0, 2),
        Stretch(7, "walk", 2, 4, is_corrected=True, seen_as=4),
        Stretch(4, "walk", 4, 10),
    )
    assert [said.number(4, at) for at in (1, 3, 5)] == [4, 7, 4]
    assert said.track(7, 3) == 4
    assert said.track(7, 5) == 7


def test_two_persons_who_were_mixed_up_are_exchanged() -> None:
    said = SourceCorrections(
        (
            correction("identity", becomes=7, end=inf),
            correction("identity", id="01B", track=7, becomes=4, end=inf),
            correction("label", id="01C", label="wave", start=5, end=6),
        )
    )
    assert [said.number(track, 9) for track in (4, 7)] == [7, 4]
    assert said.stretches([Stretch(4, "walk", 5, 8)], 4) == (
        Stretch(7, "wave", 5, 6, is_corrected=True, seen_as=4),
        Stretch(7, "walk", 6, 8, is_corrected=True, seen_as=4),
    )
    logs = {track: HistoryLog(1) for track in (4, 7)}
    for track, log in logs.items():
        for at in range(6):
            log.append(at, at, np.full(1, track, np.float32), np.full(1, track, np.float32), ())
    seven = said.history(lambda track: logs[track].history(), 7, time_of_file)
    assert seven.raw[:, 0].tolist() == [7, 7, 4, 4, 4, 4]


def test_a_frame_is_shown_as_it_was_corrected() -> None:
    seen = observation(50)  # the person is 4, at two seconds
    reading = Reading("actions", np.ones(2, np.float32), np.ones(2, np.float32), ("walk",), (0.6,))
    seen = replace(seen, persons=(replace(seen.persons[0], readings=(reading,)),))
    joint = correction("joint", start=2, end=2, joint=BODY_21.joints[9], x=3, y=5, joints=BODY_21.joints)
    said = SourceCorrections((correction(label="wave"), joint, correction("identity", becomes=7)))
    (person,) = said.observation(seen).persons
    assert (person.track_id, person.readings[0].labels) == (7, ("wave",))
    assert person.pose.joints[9].tolist() == [3, 5]
    assert seen.persons[0].pose.joints[9].tolist() == [50, 50], "what was perceived stays"
    assert SourceCorrections((correction("not_person"),)).observation(seen).persons == ()
    assert SourceCorrections((correction("not_person", start=3),)).observation(seen).persons == seen.persons


def test_corrections_are_saved_read_again_and_taken_back(tmp_path: Path) -> None:
    undo, told = UndoStack(), []
    made = Corrections(tmp_path / "corrections.json", undo)
    made.changed.connect(lambda: told.append(len(made.all)))
    made.add(correction(label="wave"), "one")
    made.saving()()
    again = Corrections(made.path, UndoStack())
    again.load()
    assert again.all == made.all
    undo.undo()
    undo.redo()
    assert told == [1, 0, 1]


def test_a_file_that_cannot_be_read_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "corrections.json"
    path.write_text('{"version": 2, "corrections": []}', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"kept as corrections\.json\.unread"):
        Corrections(path, UndoStack()).load()
    assert not path.exists()
    assert (tmp_path / "corrections.json.unread").exists()


def test_corrections_of_results_lie_beside_them(tmp_path: Path) -> None:
    results = str(tmp_path / "clip.frames.jsonl")
    made = Corrections(tmp_path / "own" / "corrections.json", UndoStack())
    made.add(correction(label="wave", beside=results), "one")
    made.add(correction(label="walk", id="01B"), "two")
    made.saving()()
    assert path_beside(results) == tmp_path / "clip.corrections.json"
    (read,) = read_corrections(path_beside(results))
    assert (read.id, read.label, read.beside) == ("01A", "wave", None)
    assert [one.id for one in read_corrections(made.path)] == ["01B"]
    again = Corrections(made.path, UndoStack())
    again.load()
    for _ in range(2):  # opened twice
        again.take_beside(results, "clip", [read])
    assert [(one.id, one.source, one.beside) for one in again.all] == [("01B", "gate", None), ("01A", "clip", results)]


def test_a_clip_outside_the_folder_of_corrections_is_refused() -> None:
    with pytest.raises(ValueError, match="material"):
        correction(label="wave", material="../../etc/passwd")


def test_a_cameras_number_of_an_earlier_day_is_somebody_elses_by_now(tmp_path: Path) -> None:
    made = Corrections(tmp_path / "corrections.json", UndoStack())
    made.add(correction("identity", becomes=7, carries_on=True, clock="utc"), "one")
    made.add(correction("identity", id="01B", becomes=7, carries_on=True), "two")
    made.saving()()
    made.load()
    camera, file = made.all
    assert (camera.carries_on, file.carries_on) == (False, True)
    assert camera.end > 1e9, "it carried on until the file was written"
