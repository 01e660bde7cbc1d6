"""Corrections of the window are read as it keeps and exports them."""

import json
from pathlib import Path

import pytest

from desktop_ui.keeping.training_export import export_samples
from desktop_ui.model.corrections import Correction, Corrections
from desktop_ui.model.undo import UndoStack
from edgeact.errors import SourceFormatError
from tests.desktop_ui.model.test_corrections import correction
from trainer.data.class_corrections import read_corrections


def kept(folder: Path) -> list[Correction]:
    """Two corrected labels with clips, one without, and one of what is no person."""
    made = [
        correction(id="a", label="walk fast", source="gate", material="a.mp4"),
        correction(id="b", label="other", source="yard", material="b.mp4"),
        correction(id="c", label="other", material=None),
        correction("not_person", id="d", material="d.mp4"),
    ]
    folder.mkdir()
    model = Corrections(folder / "corrections.json", UndoStack())
    for one in made:
        model.add(one, "")
        if one.material:
            (folder / one.material).touch()
    model.saving()()
    return made


@pytest.mark.parametrize("exported", [False, True])
def test_labels_are_those_that_somebody_said_and_cameras_are_sources(tmp_path: Path, exported: bool) -> None:
    folder = tmp_path / "kept"
    made = kept(folder)
    if exported:
        export_samples(made, lambda _: tmp_path / "kept", tmp_path / "out")
        folder = tmp_path / "out"
    found = read_corrections(folder / "corrections.json")
    assert [(clip.label, clip.path.name) for clip in found.clips] == [("walk fast", "a.mp4"), ("other", "b.mp4")]
    assert found.labels == ("walk fast",)
    assert [note for note in found.notes if "1 corrections of the kind not_person teach no action" in note]
    assert [note for note in found.notes if "their clips are missing: c (1 in all)" in note]


def test_a_file_without_clips_or_of_another_kind_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "corrections.json"
    row = correction(id="../a", label="wave").model_dump(mode="json")
    (tmp_path.parent / "a.mp4").touch()
    file.write_text(json.dumps({"version": 1, "corrections": [row]}))
    with pytest.raises(SourceFormatError, match="1 corrected labels, and 1 of them have no clip"):
        read_corrections(file)
    file.write_text(json.dumps({"version": 2}))
    with pytest.raises(SourceFormatError, match="is not of version 1"):
        read_corrections(file)
    file.write_text(json.dumps({"version": 1, "corrections": [{"id": "a"}]}))
    with pytest.raises(SourceFormatError, match="is not as the window writes it"):
        read_corrections(file)


def test_the_person_of_a_clip_and_what_happened_before_are_known(tmp_path: Path) -> None:
    kept(tmp_path / "kept")
    file = tmp_path / "kept" / "corrections.json"
    boxes = ((2, 1.0, 2.0, 3.0, 4.0), (9, 1.0, 2.0, 5.0, 4.0))
    row = correction(id="a", label="wave", lead=5, boxes=boxes).model_dump(mode="json")
    file.write_text(json.dumps({"version": 1, "corrections": [row]}))
    (clip,) = read_corrections(file).clips
    assert clip.lead == 5
    assert clip.part is not None
    assert (clip.part.first, clip.part.last, clip.part.who) == (0, 9, "track 4")
    assert clip.part.boxes[1] == (9, (1.0, 2.0, 5.0, 4.0))
