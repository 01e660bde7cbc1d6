from pathlib import Path

import pytest

from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.judge import check_actions
from edgeact.errors import ConfigError
from edgeact.rules.camera_rules import Rule
from edgeact.rules.conditions import CountsPersons, CrossesLine, DoesAction, InPosture, MovesThrough, StaysIn
from edgeact.rules.schedule import parse_window
from tests.edgeact.daemon.test_read_config import SMALLEST, faults, read
from tests.results import bundle_without_graphs

AREAS = """
[cameras.gate.zones]
door = [[0.12, 0.30], [0.48, 0.30], [0.48, 0.98], [0.12, 0.98]]
[cameras.gate.lines]
fence = [[0.0, 0.5], [1.0, 0.5]]
[jsonl]
"""


def with_rule(text: str) -> str:
    return f"{SMALLEST}{AREAS}[rules.one]\n{text}\n"


@pytest.mark.parametrize(
    ("when", "condition"),
    [
        ('posture = "lying"', InPosture("lying")),
        ('posture = "sitting", zone = "door"', InPosture("sitting", "door")),
        ('action = "wave"', DoesAction("wave")),
        ('enter = "door"', MovesThrough("door", "enter")),
        ('leave = "door"', MovesThrough("door", "leave")),
        ('dwell = "door"', StaysIn("door")),
        ('cross = "fence"', CrossesLine("fence")),
        ('cross = "fence", direction = "backward"', CrossesLine("fence", "backward")),
        ('persons_at_least = 5, zone = "door"', CountsPersons(at_least=5, zone="door")),
        ("persons_at_most = 0", CountsPersons(at_most=0)),
    ],
)
def test_what_a_rule_asks_for(tmp_path: Path, when: str, condition: object) -> None:
    (rule,) = read(tmp_path, with_rule(f"when = {{ {when} }}")).rules_of("gate")
    assert rule == Rule("one", condition)  # type: ignore[arg-type]


def test_a_rule_with_everything(tmp_path: Path) -> None:
    text = """
        when = { dwell = "door", for_seconds = 30 }
        cameras = ["gate"]
        cooldown_seconds = 60
        gap_seconds = 1.5
        schedule = "Mon-Fri 08:00-18:00, Sat 10:00-12:00"
        then = []
    """
    config = read(tmp_path, with_rule(text))
    windows = (parse_window("Mon-Fri 08:00-18:00"), parse_window("Sat 10:00-12:00"))
    assert config.rules_of("gate") == (Rule("one", StaysIn("door"), 30.0, 1.5, 60.0, windows),)
    assert config.rules_of("other") == ()
    assert config.outputs_of("one") == ()
    assert config.outputs_of(None) == ("jsonl",)


@pytest.mark.parametrize(
    ("rule", "key", "problem"),
    [
        ("when = {}", "rules.one.when", "and not for nothing"),
        ('when = { posture = "lying", action = "wave" }', "rules.one.when", "not for posture and action"),
        ('when = { enter = "door", for_seconds = 3 }', "rules.one.when", "for_seconds does not go with enter"),
        ('when = { dwell = "door", zone = "door" }', "rules.one.when", "zone does not go with dwell"),
        ('when = { posture = "flying" }', "rules.one.when.posture", "should be 'standing'"),
        ('when = { enter = "hall" }', "rules.one.when.enter", "the camera gate has no zone 'hall'; it has door"),
        ('when = { cross = "door" }', "rules.one.when.cross", "the camera gate has no line 'door'; it has fence"),
        ('when = { action = "wave" }\nthen = ["mqtt"]', "rules.one.then.0", "'mqtt' is no output; there are jsonl"),
        ('when = { action = "wave" }\ncameras = ["yard"]', "rules.one.cameras.0", "'yard' is no camera"),
        ('when = { action = "wave" }\nschedule = "always"', "rules.one.schedule", "'always' is no time"),
    ],
)
def test_a_fault_of_a_rule_is_told_with_its_key(tmp_path: Path, rule: str, key: str, problem: str) -> None:
    found = faults(tmp_path, with_rule(rule))
    assert problem in found[key]
    assert len(found) == 1


def test_faults_of_areas_and_of_the_time_zone_are_told(tmp_path: Path) -> None:
    text = (
        SMALLEST.replace("schema = 1\n", 'schema = 1\ntimezone = "Europe/Atlantis"\n')
        + """
        [cameras.gate.zones]
        flat = [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]
        [cameras.gate.lines]
        dot = [[0.1, 0.1]]
    """
    )
    found = faults(tmp_path, text)
    assert "no area" in found["cameras.gate.zones.flat"]
    assert "two ends" in found["cameras.gate.lines.dot"]
    assert "'Europe/Atlantis' is no time zone" in found["timezone"]


def test_an_action_that_the_bundle_does_not_know_is_refused(tmp_path: Path) -> None:
    plan = bundle_without_graphs().plan

    def config(label: str) -> DaemonConfig:
        return read(tmp_path, with_rule(f'when = {{ action = "{label}" }}'))

    check_actions(config("wave"), plan)
    check_actions(config("any"), plan)
    for label in ("dance", "other"):
        with pytest.raises(ConfigError, match=f"rules.one.when.action: '{label}' is no action"):
            check_actions(config(label), plan)
