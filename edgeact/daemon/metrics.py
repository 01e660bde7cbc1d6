"""Prometheus metrics of the daemon. Needs the extra ``daemon``."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from edgeact import __version__
from edgeact.capture.base import SourceState
from edgeact.daemon.standing import Standing


class StandingCollector(Collector):
    """Collects the metrics from the state of the daemon.

    Args:
        standing: What is told.
    """

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def collect(self) -> Iterable[Metric]:
        """All metrics, as they are now."""
        standing = self._standing
        yield InfoMetricFamily("edgeact", "What runs.", value={"version": __version__, "bundle": standing.bundle})
        yield GaugeMetricFamily("edgeact_ready", "1: graphs are warm, a camera gives frames.", int(standing.is_ready))
        free = standing.free_bytes()
        if free is not None:
            yield GaugeMetricFamily("edgeact_state_free_bytes", "Room on the disk of the folder of state.", free)
        yield from self._of_cameras()
        yield from self._of_outputs()

    def _of_cameras(self) -> Iterable[Metric]:
        state = GaugeMetricFamily("edgeact_camera_state", "1: the camera is in this state.", labels=["camera", "state"])
        given_up = GaugeMetricFamily("edgeact_camera_given_up", "Steps that are given up for time.", labels=["camera"])
        detects = GaugeMetricFamily("edgeact_camera_detects", "0: detection is switched off.", labels=["camera"])
        persons = GaugeMetricFamily("edgeact_camera_persons", "Persons in the newest frame.", labels=["camera"])
        age = GaugeMetricFamily(
            "edgeact_camera_frame_age_seconds", "From the newest frame's capture to its observation.", labels=["camera"]
        )
        frames = CounterMetricFamily("edgeact_camera_frames", "Frames that were perceived.", labels=["camera"])
        dropped = CounterMetricFamily(
            "edgeact_camera_frames_dropped", "Frames that gave way to newer ones.", labels=["camera"]
        )
        reconnects = CounterMetricFamily("edgeact_camera_reconnects", "Connections after the first.", labels=["camera"])
        restarts = CounterMetricFamily("edgeact_camera_restarts", "Runs that failed.", labels=["camera"])
        for camera in self._standing.cameras:
            for one in SourceState:
                state.add_metric([camera.name, one.value], int(one is camera.state))
            given_up.add_metric([camera.name], len(camera.given_up))
            detects.add_metric([camera.name], int(camera.detects))
            persons.add_metric([camera.name], camera.persons)
            age.add_metric([camera.name], camera.age)
            frames.add_metric([camera.name], camera.frames)
            dropped.add_metric([camera.name], camera.dropped)
            reconnects.add_metric([camera.name], camera.reconnects)
            restarts.add_metric([camera.name], camera.restarts)
        return state, given_up, detects, persons, age, frames, dropped, reconnects, restarts

    def _of_outputs(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily("edgeact_output_waiting", "Phases of events that wait.", labels=["output"])
        sent = CounterMetricFamily(
            "edgeact_output_sent", "Phases of events that were sent, or pictures.", labels=["output"]
        )
        failing = GaugeMetricFamily("edgeact_output_failing", "1: the last attempt failed.", labels=["output"])
        for output in self._standing.outputs():
            if output.waiting is not None:
                waiting.add_metric([output.name], output.waiting)
            sent.add_metric([output.name], output.sent)
            failing.add_metric([output.name], int(output.error is not None))
        return waiting, sent, failing


def registry_of(standing: Standing) -> CollectorRegistry:
    """The metrics of the daemon and of its process.

    Args:
        standing: What is told.
    """
    registry = CollectorRegistry()
    registry.register(StandingCollector(standing))
    ProcessCollector(registry=registry)
    return registry


def metrics_text(registry: CollectorRegistry) -> bytes:
    """All metrics in Prometheus' text format, UTF-8."""
    return bytes(generate_latest(registry))
