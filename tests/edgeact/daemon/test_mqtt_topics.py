"""Whatever comes in at the topics of commands, nothing crashes and nothing of it becomes a name of ours."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.mqtt_topics import LARGEST_COMMAND_BYTES, Topics
from edgeact.daemon.switches import SWITCHES, Command, check_command, switched
from edgeact.errors import UsageError

TOPICS = Topics("house/edge")


def test_a_command_is_read_from_topic_and_content() -> None:
    assert TOPICS.command_of("house/edge/gate/set/detection", b"OFF") == Command("gate", "detection", "OFF")
    for topic in ("house/edge/gate/set", "house/edge/set/detection", "edge/gate/set/detection", "house/edge/a/b/set/c"):
        assert TOPICS.command_of(topic, b"OFF") is None
    assert TOPICS.command_of("house/edge/gate/set/detection", b"x" * (LARGEST_COMMAND_BYTES + 1)) is None


NAMES = st.one_of(
    st.text(max_size=12), st.sampled_from(["gate", "..", "../../etc", "+", "#", "", "gate\x00", *SWITCHES])
)
FILE = DaemonConfig.model_validate({"schema": 1, "state": "state", "cameras": {"gate": {"url": "x"}}, "record": {}})


@settings(max_examples=60)
@given(
    NAMES,
    NAMES,
    st.one_of(st.binary(max_size=400), st.sampled_from([b"ON", b"off", b"skeleton"])),
    st.text(max_size=30),
)
def test_anything_may_come_in(name: str, switch: str, payload: bytes, other: str) -> None:
    for topic in (f"house/edge/{name}/set/{switch}", other, f"house/edge/{other}"):
        command = TOPICS.command_of(topic, payload)
        if command is None:
            continue
        try:
            check_command(FILE, command)
            config = FILE if command.switch == "detection" else switched(FILE, FILE, command)
        except UsageError:
            continue
        assert command.camera == "gate"
        assert set(config.cameras) == {"gate"}
        assert DaemonConfig.model_validate(config.model_dump(by_alias=True)) == config
