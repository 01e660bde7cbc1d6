"""Whatever comes in at the topics of commands, nothing crashes and nothing of it becomes a name of ours."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeact.config import PipelineConfig
from edgeact.daemon.camera import Camera
from edgeact.daemon.config import CameraConfig
from edgeact.daemon.mqtt_topics import LARGEST_COMMAND_BYTES, Topics
from edgeact.daemon.switches import SWITCHES, Command, throw_switch

TOPICS = Topics("house/edge")


def camera(name: str) -> Camera:
    return Camera(name, CameraConfig.model_validate({"url": "rtsp://192.0.2.7/a"}), PipelineConfig(), lambda _: [])


def test_a_command_is_read_from_topic_and_content() -> None:
    assert TOPICS.command_of("house/edge/gate/set/detection", b"OFF") == Command("gate", "detection", "OFF")
    for topic in ("house/edge/gate/set", "house/edge/set/detection", "edge/gate/set/detection", "house/edge/a/b/set/c"):
        assert TOPICS.command_of(topic, b"OFF") is None
    assert TOPICS.command_of("house/edge/gate/set/detection", b"x" * (LARGEST_COMMAND_BYTES + 1)) is None


def test_a_switch_says_why_it_is_not_thrown() -> None:
    cameras = {"gate": camera("gate")}
    assert throw_switch(cameras, Command("gate", "detection", " off\n")) is None
    assert not cameras["gate"].detects
    assert throw_switch(cameras, Command("yard", "detection", "ON")) == "there is no such camera"
    assert throw_switch(cameras, Command("gate", "detection", "maybe")) == "the value is neither ON nor OFF"
    assert throw_switch(cameras, Command("gate", "recording", "ON")) == "not configured"
    assert "there is no such switch" in str(throw_switch(cameras, Command("gate", "power", "ON")))
    assert not cameras["gate"].detects
    assert throw_switch(cameras, Command("gate", "detection", "1")) is None
    assert cameras["gate"].detects


NAMES = st.one_of(
    st.text(max_size=12), st.sampled_from(["gate", "..", "../../etc", "+", "#", "", "gate\x00", *SWITCHES])
)


GATE = camera("gate")


@settings(max_examples=60)
@given(NAMES, NAMES, st.binary(max_size=400), st.text(max_size=30))
def test_anything_may_come_in(name: str, switch: str, payload: bytes, other: str) -> None:
    for topic in (f"house/edge/{name}/set/{switch}", other, f"house/edge/{other}"):
        command = TOPICS.command_of(topic, payload)
        if command is None:
            continue
        refusal = throw_switch({"gate": GATE}, command)
        assert refusal is None or refusal.isprintable()
        if refusal is None:
            assert (command.camera, command.switch) == ("gate", "detection")
    assert list(Path().glob("gate*")) == []
