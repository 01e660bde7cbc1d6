import pytest

from desktop_ui.model.standing import Help, Phase, WarmUp, standing_of
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.capture.live import LiveSource
from edgeact.errors import PipelineError, SourceNotFoundError
from edgeact.watching.watched import Watched
from tests.edgeact.capture.scripted_connection import Script, ScriptedConnection, pictures
from tests.servers.patience import wait_until

CUT = SourceFaultError("camera", FaultKind.CONNECTION, "the connection was cut")


def test_what_is_not_opened_yet_is_opening_and_with_closed_graphs_warming_up() -> None:
    watched = Watched("camera")
    assert standing_of(watched, None).phase is Phase.OPENING
    warm = standing_of(watched, WarmUp(10.0, 40.0), now=15.0)
    assert (warm.phase, warm.seconds, warm.expected) == (Phase.WARMING_UP, 5.0, 40.0)


@pytest.mark.parametrize(
    ("error", "button"),
    [
        (SourceFaultError("camera", FaultKind.AUTH, "the server refuses user name or password"), Help.EDIT),
        (SourceFaultError("camera", FaultKind.TIMEOUT, "it does not answer"), Help.RETRY),
        (SourceNotFoundError("clip.mp4 cannot be found; check the path"), Help.EDIT),
        (PipelineError("camera: a thread failed; restart it"), Help.RETRY),
    ],
)
def test_a_failure_has_its_reason_its_remedy_and_the_button_that_helps(error: Exception, button: Help) -> None:
    watched = Watched("camera")
    watched.error = error  # type: ignore[assignment]
    standing = standing_of(watched, None)
    assert (standing.phase, standing.help) == (Phase.FAILED, button)
    assert standing.reason
    assert standing.remedy
    assert not standing.reason.startswith("camera: ")


def test_a_source_that_waits_for_its_next_attempt_counts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeact.capture import supervisor

    monkeypatch.setattr(supervisor, "seconds_to_wait", lambda outage, **_: 30.0)
    watched = Watched("camera")
    script = Script(ScriptedConnection(pictures(2), then=CUT))
    watched.source = LiveSource(script.open, name="camera", timeout=30.0)
    try:
        wait_until(lambda: standing_of(watched, None).phase is Phase.RECONNECTING)
        standing = standing_of(watched, None)
        assert 20.0 < standing.seconds <= 30.0
        assert standing.reason == "the connection was cut"
    finally:
        watched.close()
