"""Scenarios around the process: it is killed, its clock is set, its bundle is damaged, it has many cameras."""

import contextlib
import random
import signal
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import av

from tests.faults.daemon_process import DaemonProcess
from tests.faults.outcome import Outcome
from tests.faults.plant import RATE, Plant, pictures
from tests.servers.guard import Guard
from tests.servers.http_streams import HttpStreams, write_segments
from tests.tiny_bundle import build_tiny_bundle, tiny_picture

CLOCK_STEPS = (3600.0, -7200.0)  # seconds by which the clock is set, one after the other
LIFE_SECONDS = 4.0  # of a process that is killed after it was ready, at most
SOURCES = 20
# A recording plays once its first fragment, of a second, is written; the machine may be busy.
BEGUN_SECONDS = 4.0

# The time of day of the daemon is what the system says, and what a file says on top of that.
SHIFTED_CLOCK = """
import datetime, importlib, pathlib
shift = pathlib.Path({path!r})
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, zone=None):
        return datetime.datetime.now(zone) + datetime.timedelta(seconds=float(shift.read_text()))
for name in ("wall_clock", "event_store", "run"):
    importlib.import_module("edgeact.daemon." + name).datetime = Shifted
"""


def clock_set(*, timeout: float = 4.0) -> Outcome:
    """The clock is set forward by an hour, then back by two: events go on, and none lasts longer than it did."""
    with tempfile.TemporaryDirectory(prefix="edgeact-clock-") as name:
        shift = Path(name) / "shift"
        shift.write_text("0", encoding="utf-8")
        with Plant(timeout=timeout, before=SHIFTED_CLOCK.format(path=str(shift))) as plant:
            plant.start()
            outcome = set_clock(plant, shift, CLOCK_STEPS)
            plant.daemon.stop()
            lengths = [
                (one.end - one.start).total_seconds() for one in plant.daemon.kept().values() if one.end is not None
            ]
            assert 0.0 <= min(lengths) <= max(lengths) < 60.0, "an event that lasts a second lasted as long as a step"
    return replace(outcome, told=f"events last {min(lengths):.1f} to {max(lengths):.1f} s")


def set_clock(plant: Plant, shift: Path, steps: Sequence[float]) -> Outcome:
    """Set the clock of a daemon, several times one after the other; events go on.

    Args:
        plant: Runs with `SHIFTED_CLOCK`.
        shift: The file that this reads.
        steps: Seconds.
    """
    count, shifted = plant.count_frames("gate"), float(shift.read_text(encoding="utf-8"))
    for step in steps:
        shifted += step
        write_whole(shift, str(shifted))
        posted = len(plant.guard.got)
        plant.daemon.wait(lambda posted=posted: len(plant.guard.got) > posted + 6, "events go on")
    words = ", then ".join(f"{'forward' if step > 0 else 'back'} by {abs(step) / 3600:.0f} h" for step in steps)
    return Outcome(f"the clock is set {words}", None, None, count.lost(), plant.lost_events())


def write_whole(path: Path, text: str) -> None:
    """Replace a file that another process reads at any time."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def corrupt_bundle(plant: Plant) -> Outcome:
    """The bundle is damaged on the disk, and the configuration is read again and names another damaged one."""
    graph = next(plant.bundle.glob("*.onnx"))
    content, text = graph.read_bytes(), plant.text
    count = plant.count_frames("gate")
    graph.write_bytes(content[: len(content) // 2])
    other = plant.folder / "other"
    build_tiny_bundle(other)
    next(other.glob("*.onnx")).write_bytes(b"no graph")
    plant.daemon.write(text.replace(f'bundle = "{plant.bundle}"', f'bundle = "{other}"'))
    plant.daemon.signal(signal.SIGHUP)
    detected = plant.daemon.wait(lambda: "under bundle needs a new start" in plant.daemon.log, "the bundle is told")
    time.sleep(2.0)
    lost = count.lost()
    lost_events = plant.lost_events()
    plant.daemon.stop()
    plant.daemon.start(wait=False)  # a new start with it is refused in one line
    code = plant.daemon.wait_for_end()
    assert code in (14, 15), f"a damaged bundle ended the daemon with {code}"
    plant.daemon.close()
    graph.write_bytes(content)
    plant.daemon.write(text)
    mended = time.monotonic()
    plant.start()
    recovered = time.monotonic() - mended
    told = f"goes on with the old one; a new start is refused (exit code {code})"
    return Outcome("the bundle is damaged at a reload", detected, recovered, lost, lost_events, told)


def killed(*, times: int = 100, life: float = LIFE_SECONDS, seed: int = 1) -> Outcome:
    """The daemon is killed at random moments, also while it starts; nothing that was acknowledged is lost."""
    chance = random.Random(seed)
    slowest = 0.0
    with (
        tempfile.TemporaryDirectory(prefix="edgeact-killed-") as name,
        HttpStreams(Path(name), pictures(), rate=RATE) as streams,
        contextlib.closing(Guard()) as guard,
    ):
        folder = Path(name)
        write_segments(folder, pictures(), rate=RATE)
        bundle = build_tiny_bundle(folder / "bundle")
        text = (
            f'bundle = "{bundle}"\n[cameras.yard]\nurl = "{streams.address("/mjpeg")}"\n[rules.seen]\n'
            f'when = {{ persons_at_least = 1 }}\ngap_seconds = 0.2\n[jsonl]\n[webhook.guard]\nurl = "{guard.url}"\n'
        )
        text += (
            f'[cameras.hall]\nurl = "{streams.address("/transport")}"\nkind = "live"\n[record]\nmode = "continuous"\n'
        )
        daemon = DaemonProcess(folder, text)
        played: dict[Path, bool] = {}
        try:
            begun = time.monotonic()
            daemon.start()
            start_seconds = time.monotonic() - begun
            daemon.stop()
            for number in range(times):
                is_starting = number % 2 == 1  # every other one is killed before it gives frames, or just then
                daemon.start(wait=not is_starting)
                time.sleep(chance.uniform(0.0, start_seconds if is_starting else life))
                daemon.kill()
                check_after_kill(daemon, guard)
                check_recordings(daemon.state, played, datetime.now(timezone.utc))
            begun = time.monotonic()
            posted = len(guard.got)
            daemon.start()
            daemon.wait(lambda: len(guard.got) > posted + 2, "events after the kills")
            slowest = time.monotonic() - begun
            daemon.stop()
            kept = daemon.kept()
            written, sent = {line["id"] for line in daemon.lines()}, {record["id"] for record in guard.got}
            ended = {record["id"] for record in guard.got if record["phase"] == "end"}
            assert {record.phase for record in kept.values()} == {"end"}, "an event was left open"
            lost = len(set(kept) - written) + len(set(kept) - sent) + len(set(kept) - ended)
            lost += len(sent - set(kept)) + len(written - set(kept))  # told, and then not kept
        finally:
            daemon.close()
    told = f"{len(kept)} events, {len(guard.got) - len(set(map(_phase, guard.got)))} phases sent twice"
    told += (
        f"; {sum(played.values())} recordings play, {len(played) - sum(played.values())} had not got their first second"
    )
    return Outcome(f"kill −9 of the daemon, {times} times", None, slowest, None, lost, told)


def _phase(record: dict[str, object]) -> tuple[object, ...]:
    return record["id"], record["phase"], record["end"], record["score"]


def check_after_kill(daemon: DaemonProcess, guard: Guard) -> None:
    """What a killed process has left: a whole data base, whole lines but the last, and all that it had told."""
    path = daemon.state / "events.db"
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'events'").fetchall()
        kept = {str(row[0]) for row in connection.execute("SELECT id FROM events")} if tables else set()
    told = {str(line["id"]) for line in daemon.lines()} | {str(record["id"]) for record in list(guard.got)}
    assert told <= kept, f"{len(told - kept)} events were told and not kept"


def check_recordings(state: Path, played: dict[Path, bool], killed: datetime) -> None:
    """Recordings that a killed process has left play, but for those that it had just begun.

    Args:
        state: The folder of state.
        played: Whether each file that was looked at plays; is added to.
        killed: When the process was.
    """
    for path in sorted((state / "recordings").rglob("*.m*")):
        if path in played:
            continue
        played[path] = _plays(path)
        began = datetime.strptime(f"{path.parent.name} {path.stem}", "%Y-%m-%d %H%M%S.%fZ").replace(tzinfo=timezone.utc)
        lasted = (killed - began).total_seconds()
        assert played[path] or lasted < BEGUN_SECONDS, f"{path.name} does not play after {lasted:.1f} s"


def _plays(path: Path) -> bool:
    try:
        with av.open(str(path)) as container:
            return next(container.decode(video=0), None) is not None
    except (av.FFmpegError, IndexError):
        return False


def many_sources(*, count: int = SOURCES, seconds: float = 20.0) -> Outcome:
    """Many cameras at once; one of them breaks, and the others go on."""
    small = [tiny_picture(64, 48, [(8 + index, 8, 16 + index, 40)] if index < 10 else ()) for index in range(20)]
    with (
        tempfile.TemporaryDirectory(prefix="edgeact-many-") as name,
        HttpStreams(Path(name), small, rate=5) as streams,
        HttpStreams(Path(name), small, rate=5) as other,
    ):
        folder = Path(name)
        bundle = build_tiny_bundle(folder / "bundle")
        sections = [
            f'[cameras.c{number}]\nurl = "{(other if number == 0 else streams).address("/mjpeg")}"\nfps = 5\n'
            for number in range(count)
        ]
        daemon = DaemonProcess(folder, f'bundle = "{bundle}"\n' + "".join(sections))
        try:
            daemon.start()
            names = [f"c{number}" for number in range(count)]
            all_run = daemon.wait(lambda: all(daemon.runs(one) for one in names), "all sources running", seconds=120.0)
            other.is_stalled.set()
            detected = daemon.wait(lambda: not daemon.runs("c0"), "told that one has stalled")
            before, begun = {one: daemon.frames(one) for one in names[1:]}, time.monotonic()
            time.sleep(seconds)
            numbers = daemon.numbers()
            passed = time.monotonic() - begun
            got = [numbers["edgeact_camera_frames_total", one] - before[one] for one in names[1:]]
            other.is_stalled.clear()
            recovered = daemon.wait(lambda: daemon.runs("c0"), "well again")
        finally:
            daemon.close()
    equal = sum(got) / len(got)
    told = f"all run after {all_run:.1f} s; the others had {min(got) / equal:.0%} of an equal share at least"
    told += f", {equal / passed:.1f} frames a second each"
    return Outcome(f"{count} sources at once, one of them stalls", detected, recovered, None, 0, told)
