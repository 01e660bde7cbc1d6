from edgeact.sinks.deferred import DeferredSink
from edgeact.types import Event, Observation
from tests.results import ended_event, result


class Noted:
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.takes = frozenset({"observations"})

    def write(self, observation: Observation, picture: object) -> None:
        self.calls.append("write")

    def write_event(self, event: Event) -> None:
        self.calls.append("event")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


def test_a_sink_is_opened_with_its_first_frame_and_then_told_everything() -> None:
    noted, opened = Noted(), []

    def open_sink(first: Observation) -> Noted:
        opened.append(first)
        return noted

    sink = DeferredSink(frozenset({"observations"}), open_sink)
    assert sink.takes == {"observations"}
    sink.write_event(ended_event())
    assert opened == []
    first = result(0)
    sink.write(first, None)
    sink.write(result(0), None)
    sink.write_event(ended_event())
    sink.close()
    sink.abort()
    assert opened == [first]
    assert noted.calls == ["write", "write", "event", "close", "abort"]


def test_without_a_frame_there_is_nothing_to_finish() -> None:
    sink = DeferredSink(frozenset({"observations"}), lambda first: Noted())
    sink.close()
    sink.abort()
