"""Scenarios in which a camera or its network breaks."""

import time

from tests.faults.outcome import Outcome
from tests.faults.plant import PASSWORD, RATE, Plant, pictures
from tests.servers.rtsp import write_loop

LOST_SHARE = 0.3  # of the packets
LOSSY_SECONDS = 10.0


def nothing() -> None:
    """Mend nothing: the fault is over by itself."""


def stall(plant: Plant) -> Outcome:
    """The connection stays, and nothing comes."""
    return plant.break_camera(
        "a stream stalls, its connection stays", "gate", plant.proxy.stall, plant.proxy.go_on, hold=8.0
    )


def reset(plant: Plant) -> Outcome:
    """The connection is reset, and the next one works."""
    return plant.break_camera("a TCP reset", "gate", plant.proxy.reset, nothing)


def other_password(plant: Plant) -> Outcome:
    """The server wants another password from now on, and then the old one again."""

    def begin() -> None:
        plant.rtsp.kill()
        plant.rtsp.start(password="changed")  # noqa: S106 - of the test's own server
        plant.proxy.reset()

    def end() -> None:
        plant.rtsp.kill()
        plant.rtsp.start(password=PASSWORD)

    return plant.break_camera("the password is refused (401)", "gate", begin, end, hold=5.0)


def no_video(plant: Plant) -> Outcome:
    """The server answers something that is no video."""

    def begin() -> None:
        plant.http.instead = "/page"
        plant.http.is_ending.set()  # those that are open
        time.sleep(0.5)
        plant.http.is_ending.clear()

    def end() -> None:
        plant.http.instead = None

    return plant.break_camera("what comes is no video that can be decoded", "yard", begin, end, hold=3.0)


def other_codec(plant: Plant) -> Outcome:
    """The camera comes back with another codec, and stays with it."""
    loop = write_loop(plant.folder / "mjpeg", pictures(), codec="mjpeg", rate=RATE)

    def begin() -> None:
        plant.rtsp.kill()
        plant.rtsp.start(path=str(loop), codec="mjpeg")

    outcome = plant.break_camera("another codec (H.264, then MJPEG)", "gate", begin, nothing)
    plant.rtsp.kill()
    plant.rtsp.start(path=str(plant.loop), codec="h264")
    _wait_for_frames(plant)
    return outcome


def other_size(plant: Plant) -> Outcome:
    """The camera comes back with pictures of another size."""
    loop = write_loop(plant.folder / "small", pictures(160, 120), rate=RATE)

    def begin() -> None:
        plant.rtsp.kill()
        plant.rtsp.start(path=str(loop))

    outcome = plant.break_camera("another size (320×240, then 160×120)", "gate", begin, nothing)
    plant.rtsp.kill()
    plant.rtsp.start(path=str(plant.loop))
    _wait_for_frames(plant)
    return outcome


def off(plant: Plant, *, seconds: float = 120.0) -> Outcome:
    """The camera has no power for a while."""

    def begin() -> None:
        plant.rtsp.kill()
        plant.proxy.shut()

    def end() -> None:
        plant.rtsp.start()
        plant.proxy.listen()

    return plant.break_camera(f"a camera is off for {seconds:.0f} s", "gate", begin, end, hold=seconds)


def frozen(plant: Plant) -> Outcome:
    """The server is stopped by SIGSTOP, as a camera that hangs."""
    return plant.break_camera("SIGSTOP of the server", "gate", plant.rtsp.freeze, plant.rtsp.thaw, hold=8.0)


def packet_loss(plant: Plant) -> Outcome:
    """A part of the packets of a UDP stream is lost; the stream goes on."""
    count, epoch = plant.count_frames("hall"), plant.daemon.reconnects("hall")
    plant.udp.lost_share = LOST_SHARE
    time.sleep(LOSSY_SECONDS)
    plant.udp.lost_share = 0.0
    at_end = plant.daemon.frames("hall")
    recovered = plant.daemon.wait(lambda: plant.daemon.frames("hall") > at_end, "well after packet loss")
    lost = count.lost()
    told = f"running, {plant.daemon.reconnects('hall') - epoch} reconnects"
    return Outcome(
        f"{LOST_SHARE:.0%} of the packets of a UDP stream are lost for {LOSSY_SECONDS:.0f} s",
        None,
        recovered,
        lost,
        plant.lost_events(),
        told,
    )


def _wait_for_frames(plant: Plant) -> None:
    """Wait until the camera is as it was."""
    plant.daemon.wait(lambda: plant.daemon.runs("gate"), "as before")
    before = plant.daemon.frames("gate")
    plant.daemon.wait(lambda: plant.daemon.frames("gate") > before + RATE, "as before")
