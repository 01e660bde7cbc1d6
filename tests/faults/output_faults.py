"""Scenarios in which the broker, a webhook receiver or the disk fails."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.plant import Plant
from tests.servers.guard import Guard
from tests.servers.rtsp_record import RtspRecorder

DISK_MEGABYTES = 4
FULL_SECONDS = 6.0
LOOP_SECONDS = 3.0  # a loop of a camera, and a little


def broker_down(plant: Plant, *, seconds: float = 10.0) -> Outcome:
    """The broker is killed, and comes back with an empty memory."""
    begun = time.monotonic()
    plant.broker.kill()
    plant.daemon.wait(lambda: plant.daemon.fails("mqtt"), "told that the broker is away")
    detected = time.monotonic() - begun
    time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    plant.broker.start()
    recovered = plant.daemon.wait(lambda: not plant.daemon.fails("mqtt"), "well with the broker")
    return Outcome(
        f"the broker is away for {seconds:.0f} s", detected, recovered, None, plant.lost_events(), "output mqtt fails"
    )


def webhook_down(plant: Plant, *, seconds: float = 10.0) -> Outcome:
    """The webhook's server is gone, and comes back at its port after a while, busy at first."""
    begun, old = time.monotonic(), plant.guard
    old.close()
    plant.daemon.wait(lambda: plant.daemon.fails("webhook.guard"), "told that the webhook is away")
    detected = time.monotonic() - begun
    time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    plant.guard = Guard(old.port)
    plant.guard.got, plant.guard.answers = old.got, [503]
    recovered = plant.daemon.wait(lambda: not plant.daemon.fails("webhook.guard"), "well with the webhook")
    return Outcome(
        f"a webhook is away for {seconds:.0f} s, then answers 503 once",
        detected,
        recovered,
        None,
        plant.lost_events(),
        "output webhook.guard fails",
    )


def restream_down(plant: Plant, recorder: RtspRecorder, *, seconds: float = 8.0) -> Outcome:
    """The server that a camera's drawn picture is published to is gone, and comes back."""
    begun = time.monotonic()
    recorder.kill()
    plant.daemon.wait(lambda: plant.daemon.fails("restream.view"), "told that the server of the restream is away")
    detected = time.monotonic() - begun
    time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    recorder.forget()
    recorder.start()
    recovered = plant.daemon.wait(lambda: not plant.daemon.fails("restream.view"), "well with the restream")
    told = "output restream.view fails"
    return Outcome(f"a restream's server is away for {seconds:.0f} s", detected, recovered, None, 0, told)


def may_mount() -> bool:
    """Whether a small disk can be made here."""
    return os.geteuid() == 0 and _try_mount()


def _try_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
        )
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


@contextlib.contextmanager
def small_disk(megabytes: int = DISK_MEGABYTES) -> Iterator[Path]:
    """A disk of a few megabytes."""
    with tempfile.TemporaryDirectory(prefix="edgeact-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def disk_full(*, timeout: float = 4.0, seconds: float = FULL_SECONDS) -> Outcome:
    """The disk of the folder of state is filled up by somebody else, and freed after a while."""
    with small_disk() as disk, Plant(timeout=timeout, state=disk / "state") as plant:
        plant.start()
        plant.daemon.wait(lambda: len(plant.daemon.lines()) > 2, "events come")
        return fill_disk(plant, disk, seconds=seconds)


def fill_disk(plant: Plant, disk: Path, *, seconds: float = FULL_SECONDS) -> Outcome:
    """Fill the disk of the folder of state, and free it after a while.

    Args:
        plant: Runs, with its folder of state on the disk.
        disk: Where that is mounted.
        seconds: From the beginning until it is freed, at least.
    """
    count, begun, full = plant.count_frames("gate"), time.monotonic(), datetime.now(timezone.utc)
    mark, filling = plant.daemon.log_length, disk / "filling"
    fill_up(filling)

    def is_told() -> bool:
        fill_up(filling)  # the daemon may have removed what is old
        return "events wait in memory" in plant.daemon.log_since(mark)

    try:
        detected = plant.daemon.wait(is_told, "told that the disk is full")
        time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
        posted, freed = len(plant.guard.got), datetime.now(timezone.utc)
    finally:
        filling.unlink()
    recovered = plant.daemon.wait(lambda: len(plant.guard.got) > posted, "events are kept again")
    lost = count.lost()
    time.sleep(LOOP_SECONDS)  # so that what was in memory and what came later are both there
    kept = [record for record in plant.daemon.kept().values() if full < record.start < freed]
    assert kept, "somebody comes in each loop of the camera, but nothing of the time of the full disk was kept"
    told = f"events wait in memory; {len(kept)} of that time were kept after it"
    return Outcome(f"the disk is full for {seconds:.0f} s", detected, recovered, lost, plant.lost_events(), told)


def fill_up(path: Path) -> None:
    """Let a file grow until its disk is full."""
    with contextlib.suppress(OSError), path.open("ab") as filling:
        while True:
            filling.write(bytes(2**14))
            filling.flush()
