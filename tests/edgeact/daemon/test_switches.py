import pytest

from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.switches import Command, check_command, is_on, privacy_modes, switched
from edgeact.errors import UsageError


def of_file(**more: object) -> DaemonConfig:
    cameras = {"gate": {"url": "x", "privacy": "heads"}, "yard": {"url": "x"}, "off": {"url": "x", "enabled": False}}
    return DaemonConfig.model_validate({"schema": 1, "state": "state", "cameras": cameras, **more})


FILE = of_file(record={"mode": "continuous"})


def thrown(switch: str, value: str, *, camera: str = "gate", file: DaemonConfig = FILE) -> DaemonConfig:
    return switched(file, file, Command(camera, switch, value))


def test_recording_is_switched_off_and_on_to_what_the_file_says() -> None:
    off = thrown("recording", "OFF")
    assert [off.record_mode(name) for name in ("gate", "yard")] == ["off", "continuous"]
    assert switched(off, FILE, Command("gate", "recording", " on\n")).record_mode("gate") == "continuous"
    assert thrown("recording", "events").record_mode("gate") == "events"
    quiet = of_file(record={"mode": "off"})
    assert thrown("recording", "ON", file=quiet).record_mode("gate") == "events"
    with pytest.raises(UsageError, match="no section"):
        thrown("recording", "ON", file=of_file())
    with pytest.raises(UsageError, match="neither ON nor OFF"):
        thrown("recording", "maybe")


def test_people_can_be_hidden_more_than_the_file_says_and_not_less() -> None:
    more = thrown("privacy", "Skeleton")
    assert [more.cameras[name].privacy for name in ("gate", "yard")] == ["skeleton", "none"]
    assert switched(more, FILE, Command("gate", "privacy", "heads")) == FILE  # back to what the file says
    with pytest.raises(UsageError, match="none of heads, persons, skeleton"):
        thrown("privacy", "none")
    assert privacy_modes(FILE, "yard") == ("none", "heads", "persons", "skeleton")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Command("hall", "detection", "ON"), "no such camera"),
        (Command("off", "detection", "ON"), "no such camera"),
        (Command("gate", "power", "ON"), "no such switch; there are detection, recording, privacy"),
        (Command("gate", "privacy", "x" * 33), "too long"),
    ],
)
def test_a_command_for_what_there_is_not_is_refused(command: Command, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_command(FILE, command)


def test_on_and_off_have_several_spellings() -> None:
    assert [is_on(Command("gate", "detection", value)) for value in ("ON", "true", "1", "off", "False", "0")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
