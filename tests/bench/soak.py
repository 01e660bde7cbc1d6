"""An hour of faults: ``python -m tests.bench.soak --minutes 60 --samples FILE`` prints JSON; see ``make soak``.

One daemon with four cameras (RTSP through a proxy, MJPEG over HTTP, a UDP stream, and one whose people are hidden), all
outputs, recordings and a small disk of its own. What can break around it breaks in turn, again and again. Servers loop
pictures of two people that were encoded before, and an empty picture in between, so that events come and go; their
processor time is counted apart. The daemon is never started anew: that is what `tests.faults` does.
"""

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

from tests.bench.live import demo_pictures
from tests.bench.soak_samples import Sampler, figures
from tests.faults import camera_faults, change_faults, output_faults, process_faults
from tests.faults.outcome import Outcome
from tests.faults.plant import RATE, Plant
from tests.media import Picture
from tests.servers.rtsp_record import RtspRecorder

DISK_MEGABYTES = 256
EMPTY_SECONDS = 2.0
EVERY_SECONDS = 30.0  # from the beginning of one fault to the next
WARM_UP_SECONDS, WINDOW_SECONDS = 600.0, 600.0
CLOCK_STEPS = (3600.0, -7200.0, 3600.0)

CONFIG = """
bundle = "compact"
[cameras.gate]
url = "{gate}"
timeout = {timeout}
fps = 5
[cameras.yard]
url = "{yard}"
timeout = {timeout}
fps = 5
[cameras.hall]
url = "{hall}"
timeout = {timeout}
fps = 5
[cameras.porch]
url = "{yard}"
timeout = {timeout}
fps = 5
privacy = "heads"
[rules.seen]
when = {{ persons_at_least = 1 }}
gap_seconds = 0.2
[events]
actions = false
[jsonl]
frames = true
rotate_megabytes = 2
keep_files = 4
[mqtt]
port = {broker}
[webhook.guard]
url = "{guard}"
timeout = 2
[record]
mode = "continuous"
before_seconds = 2
after_seconds = 2
segment_seconds = 20
free_gb = 0.05
[snapshots]
[restream.view]
camera = "hall"
fps = 2
"""

Fault = Callable[[], Outcome]


def shown() -> list[Picture]:
    """Two people for some seconds, then nobody."""
    people = [cv2.resize(one, (320, 240), interpolation=cv2.INTER_AREA) for one in demo_pictures(seconds=2.0)]
    return [*people, *([np.full((240, 320, 3), 110, np.uint8)] * round(EMPTY_SECONDS * RATE))]


def faults(plant: Plant, disk: Path | None, shift: Path, recorder: RtspRecorder) -> dict[str, Fault]:
    """All that breaks, by name, in turn."""
    chosen: dict[str, Callable[[Plant], Outcome]] = {
        "stall": camera_faults.stall,
        "reset": camera_faults.reset,
        "viewers": change_faults.viewers,
        "broker": output_faults.broker_down,
        "off": partial(camera_faults.off, seconds=20.0),
        "reload-broken": change_faults.broken_config,
        "frozen": camera_faults.frozen,
        "webhook": output_faults.webhook_down,
        "no-video": camera_faults.no_video,
        "reload": change_faults.other_config,
        "codec": camera_faults.other_codec,
        "switches": change_faults.switches,
        "size": camera_faults.other_size,
        "clock": partial(process_faults.set_clock, shift=shift, steps=CLOCK_STEPS),
        "packets": camera_faults.packet_loss,
        "restream": partial(output_faults.restream_down, recorder=recorder),
        "password": camera_faults.other_password,
        "bundle": change_faults.damaged_bundle,
        "rubbish": change_faults.rubbish,
    }
    if disk is not None:
        chosen["disk"] = partial(output_faults.fill_disk, disk=disk)
    return {name: partial(fault, plant) for name, fault in chosen.items()}


def soak(*, minutes: float, every: float, samples: Path, only: str = "") -> dict[str, Any]:
    """Break one thing after the other for some minutes, and say what the daemon has used meanwhile."""
    now = [""]
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    failures: list[str] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeact-soak-")))
        recorder = stack.enter_context(RtspRecorder(folder))
        may_mount = output_faults.may_mount()
        disk = stack.enter_context(output_faults.small_disk(DISK_MEGABYTES)) if may_mount else folder
        shift = folder / "shift"
        shift.write_text("0", encoding="utf-8")
        config = CONFIG + f'url = "{recorder.address()}"\n'
        plant = stack.enter_context(
            Plant(
                state=disk / "state",
                config=config,
                shown=shown(),
                before=process_faults.SHIFTED_CLOCK.format(path=str(shift)),
            )
        )
        plant.start()
        sampler = Sampler(plant.daemon, samples, lambda: now[0])
        servers, until = Usage(plant, recorder), time.monotonic() + 60.0 * minutes
        everything = faults(plant, disk if may_mount else None, shift, recorder)
        rounds = [name for name in everything if only in name]
        number = 0
        while time.monotonic() < until:
            name, begun = rounds[number % len(rounds)], time.monotonic()
            now[0], number = name, number + 1
            try:
                outcomes[name].append(everything[name]())
                say(f"{sampler.seconds:.0f} s: {name}: {outcomes[name][-1]}")
            except Exception as error:  # noqa: BLE001 - what breaks next is still worth seeing
                failures.append(f"{sampler.seconds:.0f} s: {name}: {' '.join(str(error).split())[:500] or repr(error)}")
                say(f"FAILED {failures[-1]}")
                mend(plant, recorder, shift)
            now[0] = ""
            servers.note()
            time.sleep(max(0.0, min(every - (time.monotonic() - begun), until - time.monotonic())))
        seconds = sampler.seconds
        time.sleep(WAITING_SECONDS)
        lost = sum(one.events_lost for found in outcomes.values() for one in found) + plant.lost_events()
        waiting = {key[1]: value for key, value in plant.daemon.numbers().items() if key[0] == "edgeact_output_waiting"}
        events = len(plant.daemon.kept())
        sampler.stop()
        stopped = plant.daemon.stop()
    short = min(1.0, seconds / (6.0 * WARM_UP_SECONDS))
    return {
        "mark": "60 minutes with every fault recurring: memory, threads and handles flat, age p95 stable",
        "minutes": round(seconds / 60.0, 1),
        "faults_injected": sum(map(len, outcomes.values())) + len(failures),
        "faults_recovered": sum(map(len, outcomes.values())),
        "failures": failures,
        "events": events,
        "events_lost": lost,
        "events_still_waiting": waiting,
        "stop_seconds": round(stopped, 2),
        "servers_cores": round(servers.seconds / seconds, 3),
        **figures(sampler.samples, warm_up=short * WARM_UP_SECONDS, window=short * WINDOW_SECONDS),
        "faults": {name: _of(found) for name, found in outcomes.items()},
    }


WAITING_SECONDS = 5.0  # for what was on its way when the last fault ended


def _of(found: Sequence[Outcome]) -> dict[str, Any]:
    """All outcomes of one fault."""
    recovered = [one.recovered for one in found if one.recovered is not None]
    detected = [one.detected for one in found if one.detected is not None]
    frames = [one.frames_lost for one in found if one.frames_lost is not None]
    return {
        "fault": found[0].fault,
        "times": len(found),
        "told_after_median_worst": _median_and_worst(detected),
        "recovered_after_median_worst": _median_and_worst(recovered),
        "frames_lost_median": round(statistics.median(frames)) if frames else None,
        "events_lost": sum(one.events_lost for one in found),
    }


def _median_and_worst(values: Sequence[float]) -> list[float] | None:
    return [round(statistics.median(values), 2), round(max(values), 2)] if values else None


class Usage:
    """Counts the processor time of the servers and of this process, which is the other servers."""

    def __init__(self, plant: Plant, recorder: RtspRecorder) -> None:
        self.seconds = 0.0
        self._plant, self._recorder = plant, recorder
        self._before: dict[int, float] = {}
        self.note()
        self.seconds = 0.0

    def note(self) -> None:
        """Add what was used since the last call; of a server that was started anew, since its start."""
        for pid in (self._plant.rtsp.pid, self._plant.broker.pid, self._recorder.pid, None):
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                used = sum(process.cpu_times()[:2])
                self.seconds += used - self._before.get(process.pid, 0.0)
                self._before[process.pid] = used


def mend(plant: Plant, recorder: RtspRecorder, shift: Path) -> None:
    """Put everything around the daemon back, after a scenario that failed half-way."""
    plant.mend()
    process_faults.write_whole(shift, "0")
    recorder.kill()
    recorder.start()


def say(text: str) -> None:
    """Tell how it goes."""
    sys.stderr.write(f"{text}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=EVERY_SECONDS, help="seconds from one fault to the next")
    parser.add_argument("--samples", type=Path, default=Path("soak.jsonl"), help="written to as the soak goes on")
    parser.add_argument("--only", default="", help="faults whose names contain this")
    asked = parser.parse_args()
    record = soak(minutes=asked.minutes, every=asked.every, samples=asked.samples, only=asked.only)
    sys.stdout.write(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
