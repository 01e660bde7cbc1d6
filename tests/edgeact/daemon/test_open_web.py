"""Metrics, health and the status page of a daemon that runs, and what is wrong before it does."""

import socket
import sys
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgeact.daemon.check import check_daemon
from edgeact.daemon.open_web import open_web, probe_web
from edgeact.daemon.run import run_daemon
from edgeact.daemon.standing import Standing
from edgeact.errors import MissingExtraError
from edgeact.watching.watched import Watched
from tests.edgeact.daemon.test_read_config import SECRET, SMALLEST, faults, read
from tests.edgeact.daemon.test_run import configuration, stopper
from tests.edgeact.daemon.test_web_app import Answer, ask
from tests.servers.free_port import free_port
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker, write_toy_video


def test_a_daemon_tells_metrics_and_shows_its_cameras_while_it_runs(tmp_path: Path, tiny_bundle: Path) -> None:
    pictures = [tiny_picture(320, 240, one_walker(index / 20)) for index in range(20)]
    port = free_port()
    answers: dict[str, Answer] = {}
    with HttpStreams(tmp_path, pictures) as streams:
        cameras = {
            "up": {"url": streams.address("/mjpeg")},
            "down": {"url": f"http://viewer:{SECRET}@127.0.0.1:{free_port()}/mjpeg"},
        }
        stop = threading.Event()

        def is_done(seen: dict[str, Watched]) -> bool:
            if seen["up"].frames < 5 or seen["down"].why is None:
                return False
            answers["/"] = ask(port, "/")  # at most four times a second, so that it may
            if "count" not in answers["/"].text or "reconnecting" not in answers["/"].text:
                return False
            answers.update({path: ask(port, path) for path in ("/readyz", "/healthz", "/metrics")})
            return 'edgeact_output_sent_total{output="jsonl"} 0.0' not in answers["/metrics"].text

        http, rules = {"listen": f"127.0.0.1:{port}"}, {"seen": {"when": {"persons_at_least": 1}}}
        config = configuration(tmp_path, tiny_bundle, cameras, http=http, rules=rules)
        run_daemon(config, stop=stop, tick=stopper(stop, is_done))
    assert (answers["/readyz"].status, answers["/healthz"].status) == (200, 200)
    page = answers["/"].text
    for text in ("up", "down", "the connection is refused", "<td>seen</td>", "jsonl", "tiny"):
        assert text in page
    assert SECRET not in page + answers["/metrics"].text
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answers["/metrics"].text)
        for sample in family.samples
    }
    assert samples["edgeact_ready",] == 1
    assert samples["edgeact_camera_state", "up", "running"] == 1
    assert samples["edgeact_camera_state", "down", "running"] == 0
    assert samples["edgeact_camera_frames_total", "up"] >= 1  # as the main loop saw it, a moment before
    assert samples["edgeact_camera_persons", "up"] in (0, 1)
    assert samples["edgeact_output_sent_total", "jsonl"] >= 1
    assert samples["edgeact_output_failing", "jsonl"] == 0
    assert samples["process_resident_memory_bytes",] > 1e6
    with pytest.raises(ConnectionRefusedError):
        ask(port, "/")


def test_faults_of_the_section_are_told_without_the_token(tmp_path: Path) -> None:
    for listen in ("127.0.0.1", "edge.example:80", "127.0.0.1:0", "127.0.0.1:99999", "u@127.0.0.1:80", "[::1:80", ""):
        found = faults(tmp_path, SMALLEST + f'[http]\nlisten = "{listen}"\n')
        assert "written like 127.0.0.1:8750" in found["http.listen"]
    found = faults(tmp_path, SMALLEST + '[http]\nlisten = "0.0.0.0:8750"\n')
    assert found == {"http.listen": "others can reach this address; set token, or listen at 127.0.0.1"}
    found = faults(tmp_path, SMALLEST + f'[http]\nlisten = "0.0.0.0:8750"\ntoken = "{SECRET}"\n')
    assert list(found) == ["http.token"]
    config = read(tmp_path, SMALLEST + '[http]\nlisten = "[::]:80"\ntoken = "0123456789abcdef"\n')
    assert config.http is not None
    assert config.http.address == ("::", 80)
    assert read(tmp_path, SMALLEST + '[http]\nlisten = "localhost:80"\n').http.address == ("127.0.0.1", 80)  # type: ignore[union-attr]


def test_a_check_looks_whether_the_address_can_be_had(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = {"file": {"url": str(write_toy_video(tmp_path / "clip.mp4", seconds=0.2))}}
    with socket.create_server(("127.0.0.1", 0)) as server:
        listen = f"127.0.0.1:{server.getsockname()[1]}"
        config = configuration(tmp_path, tiny_bundle, clip, http={"listen": listen})
        found = {one.name: one for one in check_daemon(config)}
    assert found["http"].state == "fail"
    assert "Address already in use" in found["http"].found
    assert found["http"].remedy == "end what uses it, or set another listen"
    assert {one.name: one.state for one in check_daemon(config)}["http"] == "ok"


def test_without_the_extra_the_line_that_installs_it_is_named(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "edgeact.daemon.web_server", raising=False)
    config = configuration(tmp_path, tiny_bundle, {"gate": {"url": "x"}}, http={})
    assert config.http is not None
    for attempt in (lambda: probe_web(config.http), lambda: open_web(config.http, Standing(None, tmp_path))):  # type: ignore[arg-type]
        with pytest.raises(MissingExtraError, match=r"\(uvicorn\): pip install \"edgeact\[daemon\]\""):
            attempt()
