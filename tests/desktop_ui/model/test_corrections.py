from pathlib import Path

import pytest

from desktop_ui.model.corrections import Correction, Corrections, corrected
from desktop_ui.model.timeline import Stretch
from desktop_ui.model.undo import Step, UndoStack
from edgeact.errors import ConfigError


def correction(kind: str = "label", **other: object) -> Correction:
    values = {"id": "01A", "kind": kind, "source": "gate", "clock": "file", "start": 2, "end": 4, "track": 4, **other}
    return Correction.model_validate(values)


def test_a_label_replaces_what_the_network_said_of_that_time() -> None:
    own = [Stretch(4, "walk", 0, 10)]
    assert corrected(own, 4, [correction(label="wave")]) == (
        Stretch(4, "walk", 0, 2),
        Stretch(4, "wave", 2, 4, is_corrected=True),
        Stretch(4, "walk", 4, 10),
    )
    assert corrected(own, 4, [correction("not_person")]) == (Stretch(4, "walk", 0, 2), Stretch(4, "walk", 4, 10))


def test_what_somebody_else_did_moves_to_that_row() -> None:
    said = correction("identity", becomes=7, label="walk")
    assert corrected([Stretch(4, "walk", 2, 4)], 4, [said]) == ()
    assert corrected([], 7, [said]) == (Stretch(7, "walk", 2, 4, is_corrected=True),)


def test_corrections_are_saved_read_again_and_taken_back(tmp_path: Path) -> None:
    undo, told = UndoStack(), []
    made = Corrections(tmp_path / "corrections.json", undo)
    made.changed.connect(lambda: told.append(len(made.all)))
    made.add(correction(label="wave"), Step("one", lambda: None, lambda: None))
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
