from pathlib import Path

import pytest

from desktop_ui.keeping.rule_file import read_book, read_own_book, write_book
from desktop_ui.model.rule_book import RuleBook
from desktop_ui.model.sources import SourceSpec
from edgeact.daemon.rule_config import RuleConfig
from edgeact.errors import ConfigError

BOOK = (
    RuleBook()
    .with_area("gate", "zone", "yard", ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)))
    .with_area("gate", "line", "door", ((0.1, 0.5), (0.9, 0.5)))
    .with_rule("in", RuleConfig.model_validate({"when": {"enter": "yard"}, "cameras": ["gate"]}))
    .with_rule("long", RuleConfig.model_validate({"when": {"dwell": "yard", "for_seconds": 9}, "cooldown_seconds": 60}))
)
GATE = {"gate": SourceSpec("rtsp://user:secret@192.0.2.7/stream")}


def test_rules_are_read_as_they_were_written_and_logins_stay_out(tmp_path: Path) -> None:
    path = tmp_path / "edgeact.toml"
    write_book(path, BOOK, GATE)
    assert "secret" not in path.read_text(encoding="utf-8")
    assert read_book(path, {"GATE_URL": "rtsp://192.0.2.7/stream"}) == BOOK
    write_book(path, RuleBook(), GATE)
    assert read_book(path, {"GATE_URL": "rtsp://192.0.2.7/stream"}).rules == {}


def test_the_rest_of_a_configuration_stays_with_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "edgeact.toml"
    mine = 'schema = 1\nstate = "here"  # mine\n\n[cameras.gate]\nurl = "/dev/video0"\nfps = 5\n\n[http]\n'
    path.write_text(mine, encoding="utf-8")
    write_book(path, BOOK, GATE)
    text = path.read_text(encoding="utf-8")
    assert 'state = "here"  # mine' in text
    assert "fps = 5" in text
    assert "[http]" in text
    assert read_book(path, {}) == BOOK


def test_what_is_no_toml_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "edgeact.toml"
    path.write_text("schema = = 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="choose another file"):
        write_book(path, BOOK, GATE)
    assert path.read_text(encoding="utf-8") == "schema = = 1"


def test_the_windows_own_file_needs_no_logins_and_a_broken_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    write_book(path, BOOK, GATE)
    assert "${GATE_URL}" in path.read_text(encoding="utf-8")
    assert read_own_book(path) == BOOK
    path.write_text("schema = 7", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"kept as rules\.toml\.unread"):
        read_own_book(path)
    assert (tmp_path / "rules.toml.unread").exists()
