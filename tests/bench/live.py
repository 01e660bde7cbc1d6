"""The marks of live sources: ``python -m tests.bench.live equal|outage|first`` prints JSON.

- ``equal``: several RTSP cameras at once (servers loop encoded pictures of two people, 480p, 10 a second): the age of
  their frames, and the smallest share of a source. The servers' processor time is counted apart.
- ``outage``: a server that is killed, or frozen, for some seconds: how soon it is noticed, how soon after its return
  frames come again; over many cycles the threads that stay.
- ``first``: from the start of a process that imports edgeact to its first result of a running stream.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil

import edgeact
from edgeact.capture.base import SourceState
from edgeact.capture.live import LiveSource
from edgeact.capture.open import open_source
from tests.media import Picture
from tests.servers.patience import wait_until
from tests.servers.rtsp import RtspServer, write_loop

DEMO = Path(edgeact.__file__).parent / "assets" / "demo.mp4"
RATE = 10
STEADY_SECONDS = 5.0  # after which all sources run and the figures are those of a steady state


def demo_pictures(*, rate: int = RATE, seconds: float = 8.0) -> list[Picture]:
    """Pictures of the demo clip (two people, 480 lines), there and back, so that the loop has no jump."""
    with av.open(str(DEMO)) as container:
        stream = container.streams.video[0]
        step = float(stream.average_rate) / rate
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    chosen = [shown[round(number * step)] for number in range(int(seconds * rate)) if round(number * step) < len(shown)]
    return [*chosen, *chosen[-2:0:-1]]


def measure_equal(folder: Path, *, sources: int, seconds: float) -> dict[str, Any]:
    loop = write_loop(folder / "loop", demo_pictures(), rate=RATE)
    servers = [RtspServer(loop, rate=RATE) for _ in range(sources)]
    try:
        command = [sys.executable, "-m", "edgeact", "watch", *(server.address for server in servers), "--quiet"]
        command += ["--seconds", str(seconds), "--json", "-"]
        busy_before = sum(sum(psutil.Process(server.pid).cpu_times()[:2]) for server in servers)
        watching = psutil.Popen(command, stdout=subprocess.PIPE, text=True)
        text, used = _read(watching)
        busy = sum(sum(psutil.Process(server.pid).cpu_times()[:2]) for server in servers) - busy_before
    finally:
        for server in servers:
            server.kill()
    record = json.loads(text)
    frames = [source["frames"] for source in record["sources"]]
    equal = sum(frames) / len(frames)
    return {
        "mark": "4 live sources at 10 fps: age p95 < 0.5 s, no source below 80 % of an equal share",
        "age_p95": max(source["age_p95"] for source in record["sources"]),
        "smallest_share_of_equal": round(min(frames) / equal, 3),
        "frames_per_second": [round(count / record["seconds"], 2) for count in frames],
        "dropped": [source["dropped"] for source in record["sources"]],
        "watch_cores": round(used / record["seconds"], 2),
        "servers_cores": round(busy / record["seconds"], 2),
        "seconds": record["seconds"],
        "sources": record["sources"],
    }


def _read(process: psutil.Popen) -> tuple[str, float]:
    """What a process prints, and the processor time that it used."""
    used = [0.0]

    def look() -> None:
        while process.is_running():
            try:
                used[0] = sum(process.cpu_times()[:2])
            except psutil.Error:
                return
            time.sleep(0.2)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    text = process.communicate()[0]
    looking.join()
    return text, used[0]


def measure_outage(folder: Path, *, seconds: float, cycles: int) -> dict[str, Any]:
    pictures = [np.full((48, 64, 3), 20 + number, np.uint8) for number in range(20)]
    server = RtspServer(write_loop(folder / "loop", pictures))
    killed: list[dict[str, float]] = []
    frozen: list[dict[str, float]] = []
    try:
        with open_source(server.address) as source:
            assert isinstance(source, LiveSource)
            taking = threading.Thread(target=lambda: [None for _ in source.frames()], daemon=True)
            taking.start()
            wait_until(lambda: source.state is SourceState.RUNNING)
            threads = psutil.Process().num_threads()
            killed.append(_outage(source, server.kill, server.start, seconds))
            frozen.append(_outage(source, server.freeze, server.thaw, seconds))
            for _ in range(cycles):
                killed.append(_outage(source, server.kill, server.start, 0.0))
            wait_until(lambda: psutil.Process().num_threads() <= threads, seconds=20)
            after = psutil.Process().num_threads()
        taking.join(5)
    finally:
        server.kill()
    return {
        "mark": "server away for 10 s: noticed < 5 s, running < 3 s after it is back, no thread left after 50 cycles",
        "killed": killed[0],
        "frozen": frozen[0],
        "cycles": cycles,
        "cycles_slowest_noticed": max((cycle["noticed"] for cycle in killed[1:]), default=None),
        "cycles_slowest_running": max((cycle["running"] for cycle in killed[1:]), default=None),
        "threads_before": threads,
        "threads_after": after,
    }


def _outage(source: LiveSource, begin: Callable[[], None], end: Callable[[], None], seconds: float) -> dict[str, float]:
    epoch = source.epoch
    begin()
    noticed = wait_until(lambda: source.state is not SourceState.RUNNING or source.epoch > epoch)
    time.sleep(max(0.0, seconds - noticed))
    end()
    running = wait_until(lambda: source.state is SourceState.RUNNING, seconds=60)
    return {"noticed": round(noticed, 3), "running": round(running, 3)}


FIRST_RESULT = """
import sys, time
from edgeact.watching.run import watch
from edgeact.watching.watched import WatchOptions
import threading
stop = threading.Event()
def tick(sources):
    if all(source.first_result is not None for source in sources):
        stop.set()
report = watch([sys.argv[1]], None, WatchOptions(seconds=30.0), tick=tick, stop=stop)
print(report.sources[0].first_result, file=sys.stdout)
"""


def measure_first(folder: Path, *, repeats: int) -> dict[str, Any]:
    loop = write_loop(folder / "loop", demo_pictures(), rate=RATE)
    took = []
    with RtspServer(loop, rate=RATE) as server:
        for _ in range(repeats):
            began = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-c", FIRST_RESULT, server.address], capture_output=True, text=True, check=True
            )
            took.append(round(float(done.stdout) - began, 3))
    return {"mark": "import of edgeact to the first result of a live source <= 3 s", "seconds": sorted(took)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("equal", "outage", "first"))
    parser.add_argument("--sources", type=int, default=4)
    parser.add_argument("--seconds", type=float, help="of the watch (60), or of the outage (10)")
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.what == "equal":
            record = measure_equal(folder, sources=asked.sources, seconds=asked.seconds or 60.0)
        elif asked.what == "outage":
            record = measure_outage(
                folder, seconds=10.0 if asked.seconds is None else asked.seconds, cycles=asked.cycles
            )
        else:
            record = measure_first(folder, repeats=asked.repeats)
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
