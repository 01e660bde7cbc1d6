"""The fast part of the fault matrix; all of it is `make faults`."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults import camera_faults, output_faults, process_faults
from tests.faults.outcome import Outcome, markdown_table
from tests.faults.plant import Plant

pytestmark = [pytest.mark.mqtt, pytest.mark.rtsp]

# What a fault may take on a busy machine; the figures of `docs/daemon.md` are those of a whole run.
SOON_SECONDS = 20.0


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    with Plant(timeout=2.0) as one:
        one.start()
        yield one


@pytest.fixture(autouse=True)
def _short_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that are lost are counted here, but not judged: `make faults` takes the time to know the rate."""
    monkeypatch.setattr("tests.faults.plant.STEADY_SECONDS", 0.3)


@pytest.mark.parametrize(
    "break_it",
    [
        camera_faults.reset,
        lambda plant: camera_faults.off(plant, seconds=0.0),
        lambda plant: output_faults.broker_down(plant, seconds=0.0),
        lambda plant: output_faults.webhook_down(plant, seconds=0.0),
    ],
    ids=["reset", "off", "broker", "webhook"],
)
def test_a_fault_is_told_and_survived_without_losing_an_event(
    plant: Plant, break_it: Callable[[Plant], Outcome]
) -> None:
    outcome = break_it(plant)
    assert outcome.events_lost == 0
    assert outcome.detected is not None
    assert outcome.recovered is not None
    assert outcome.detected < SOON_SECONDS
    assert outcome.recovered < SOON_SECONDS


def test_a_daemon_that_is_killed_three_times_loses_nothing_that_it_acknowledged() -> None:
    assert process_faults.killed(times=3, life=1.5).events_lost == 0


def test_a_full_disk_is_told_and_events_wait_until_it_is_freed() -> None:
    if not output_faults.may_mount():  # then `tests/edgeact/daemon/test_event_sink.py` alone holds it
        return
    outcome = output_faults.disk_full(timeout=2.0, seconds=3.0)
    assert outcome.events_lost == 0
    assert outcome.frames_lost is not None


def test_the_table_has_a_row_for_each_fault() -> None:
    table = markdown_table([Outcome("a fault", 0.24, None, 3, 0, "stalled"), Outcome("another", None, 2.0, None, 1)])
    assert table.splitlines()[2:] == ["| a fault | 0.2 s |  | 3 | 0 | stalled |", "| another |  | 2.0 s |  | 1 |  |"]
