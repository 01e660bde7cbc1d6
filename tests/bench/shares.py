"""Eight cameras of one daemon: ``python -m tests.bench.shares`` prints JSON.

RTSP servers loop encoded pictures of two people (480p, 10 a second); their processor time is counted apart. The daemon
gives up what it must until nothing changes any more, and then the frames of each camera are counted.
"""

import argparse
import contextlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.bench.live import RATE, demo_pictures
from tests.faults.daemon_process import DaemonProcess
from tests.servers.rtsp import RtspServer, write_loop

CALM_SECONDS, LONGEST_SECONDS = (
    20.0,
    150.0,
)  # without a change, after which it is settled; and for which that is awaited
AGE_SECONDS = 0.5
GIVEN_UP = re.compile(r"(\S+): there is (?:not time for everything|time again); given up is (.*)")
ORDER = ("attention", "clip", "detector", "frames")


def measure(folder: Path, *, sources: int, seconds: float, bundle: str) -> dict[str, Any]:
    names = [f"c{number}" for number in range(sources)]
    with contextlib.ExitStack() as stack:
        loop = write_loop(folder / "loop", demo_pictures(), rate=RATE)
        servers = [stack.enter_context(RtspServer(loop, rate=RATE)) for _ in names]
        text = f'bundle = "{bundle}"\n'
        for name, server in zip(names, servers, strict=True):
            text += f'[cameras.{name}]\nurl = "{server.address}"\nfps = {RATE}\n'
        daemon = DaemonProcess(folder, text + "[jsonl]\n")
        stack.callback(daemon.close)
        daemon.start()
        daemon.wait(lambda: all(daemon.runs(name) for name in names), "all running", seconds=120.0)
        settled = settle(daemon)
        process, pids = psutil.Process(daemon.pid), [server.pid for server in servers]
        begun, before = time.monotonic(), daemon.numbers()
        used, served = seconds_of([process.pid]), seconds_of(pids)
        ages: list[float] = []
        while time.monotonic() < begun + seconds:
            numbers = daemon.numbers()
            ages += [numbers["edgeact_camera_frame_age_seconds", name] for name in names]
            time.sleep(AGE_SECONDS)
        passed, after = time.monotonic() - begun, daemon.numbers()
        used, served = seconds_of([process.pid]) - used, seconds_of(pids) - served
        frames = [
            after["edgeact_camera_frames_total", name] - before["edgeact_camera_frames_total", name] for name in names
        ]
        steps = [(name, kept.split(", ")) for name, kept in GIVEN_UP.findall(daemon.log)]
        still = all(after["edgeact_camera_state", name, "running"] for name in names)
    return {
        "mark": "8 sources on two cores: stays up, sheds as stated, each at least 80 % of an equal share over 60 s",
        "all_running_at_the_end": still,
        "smallest_share_of_equal": round(min(frames) / (sum(frames) / len(frames)), 3),
        "frames_per_second": [round(count / passed, 2) for count in frames],
        "given_up": {name: int(after["edgeact_camera_given_up", name]) for name in names},
        "steps": len(steps),
        "sheds_as_stated": is_as_stated(names, steps),
        "settled_after_seconds": round(settled, 1),
        "age_p95": round(float(np.percentile(ages, 95)), 3),
        "daemon_cores": round(used / passed, 2),
        "servers_cores": round(served / passed, 2),
        "seconds": round(passed, 1),
    }


def settle(daemon: DaemonProcess) -> float:
    """Wait until nothing more is given up or comes back; the seconds that it took."""
    begun = changed = time.monotonic()
    length = daemon.log_length
    while time.monotonic() - changed < CALM_SECONDS and time.monotonic() - begun < LONGEST_SECONDS:
        time.sleep(1.0)
        if daemon.log_length != length:
            changed, length = time.monotonic(), daemon.log_length
    return time.monotonic() - begun


def is_as_stated(names: Sequence[str], steps: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether all cameras gave up the first thing before one gave up the second, in the stated order.

    Args:
        names: Of all cameras.
        steps: One after the other: the camera, and all that it has given up from then on.
    """
    levels = dict.fromkeys(names, 0)
    for name, told in steps:
        given_up = () if "nothing" in told else told
        if tuple(given_up) != ORDER[: len(given_up)]:
            return False
        levels[name] = len(given_up)
        if max(levels.values()) - min(levels.values()) > 1:
            return False
    return True


def seconds_of(pids: Sequence[int]) -> float:
    """Processor time of processes."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--bundle", default="compact")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgeact-shares-") as name:
        record = measure(Path(name), sources=asked.sources, seconds=asked.seconds, bundle=asked.bundle)
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
