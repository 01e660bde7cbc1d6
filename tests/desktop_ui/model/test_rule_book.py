import pytest

from desktop_ui.model.camera_names import camera_names
from desktop_ui.model.rule_book import RuleBook, daemon_config
from desktop_ui.model.sources import SourceItem, SourceSpec
from edgeact.daemon.rule_config import RuleConfig

CORNERS = ((0.1, 0.1), (0.9, 0.1), (0.5, 0.912345))
ENTER = RuleConfig.model_validate({"when": {"enter": "zone-1"}, "cameras": ["gate"]})


def book() -> RuleBook:
    return RuleBook().with_area("gate", "zone", "zone-1", CORNERS).with_rule("in", ENTER)


def test_a_zone_is_drawn_named_and_judged_by() -> None:
    made = book()
    assert made.next_name("gate", "zone") == "zone-2"
    assert made.of("gate").points_of("zone-1")[2] == (0.5, 0.9123)
    config = daemon_config(made, "gate")
    assert config is not None
    assert [rule.name for rule in config.rules_of("gate")] == ["in"]
    assert daemon_config(made, "dock") is None


def test_a_zone_goes_with_its_rules_and_the_book_before_stays_as_it_was() -> None:
    made = book()
    less = made.without_area("gate", "zone-1")
    assert (less.of("gate").names, dict(less.rules)) == ((), {})
    assert made.of("gate").names == ("zone-1",)


def test_what_nobody_can_be_in_is_refused() -> None:
    with pytest.raises(ValueError, match="no area"):
        book().with_area("gate", "zone", "thin", ((0.1, 0.1), (0.9, 0.1), (0.5, 0.1)))
    with pytest.raises(ValueError, match="no length"):
        book().with_area("gate", "line", "point", ((0.1, 0.1), (0.1, 0.1)))


def test_sources_have_names_that_a_configuration_takes() -> None:
    specs = [
        SourceSpec("0"),
        SourceSpec("a/Yard 1.mp4"),
        SourceSpec("b/yard_1.mp4", title="Yard 1.mp4"),
        SourceSpec("7.mp4"),
    ]
    names = camera_names([SourceItem(number, spec) for number, spec in enumerate(specs, 1)])
    assert names == {1: "camera-0", 2: "yard-1-mp4", 3: "yard-1-mp4-2", 4: "source-7-mp4"}
