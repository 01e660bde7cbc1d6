from pathlib import Path

from desktop_ui.model.layers import Layers
from desktop_ui.model.settings import RememberedSource, SettingsFile


def test_settings_are_the_same_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "edgeact" / "window.json"
    file = SettingsFile(path)
    file.change(theme="light", layers=Layers(trails=True, attention_opacity=0.4), left_width=300)
    file.values = file.values.with_recent(RememberedSource(name="clip.mp4", title="Gate"))
    file.save()
    again = SettingsFile(path)
    assert again.fault is None
    assert again.values == file.values
    assert again.values.layers.trails


def test_a_file_that_cannot_be_read_is_kept_aside_and_named(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    for broken in ("{", '{"version": 2}', '{"version": 1, "unknown": 3}'):
        path.write_text(broken, encoding="utf-8")
        file = SettingsFile(path)
        assert file.fault is not None
        assert "window.json.unread" in file.fault
        assert file.values.theme == "system"
        assert (tmp_path / "window.json.unread").read_text(encoding="utf-8") == broken


def test_a_source_is_remembered_once_and_the_newest_comes_first(tmp_path: Path) -> None:
    values = SettingsFile(tmp_path / "window.json").values
    for number in (*range(12), 5):
        values = values.with_recent(RememberedSource(name=str(number)))
    assert [source.name for source in values.recent] == ["5", "11", "10", "9", "8", "7", "6", "4", "3", "2"]
