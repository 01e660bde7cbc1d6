"""The command: ``python -m tests.faults [--only WORDS] [--kills N] [--json FILE]``; see ``make faults``."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.faults import camera_faults, output_faults, process_faults
from tests.faults.outcome import Outcome, markdown_table
from tests.faults.plant import Plant


def main() -> int:
    """Run the scenarios, print the table, and write it as JSON where that is asked for."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--only", default="", help="scenarios whose names contain this")
    parser.add_argument("--kills", type=int, default=100, help="how often the daemon is killed")
    parser.add_argument("--off", type=float, default=120.0, help="seconds for which a camera is off")
    parser.add_argument("--json", type=Path, help="write the outcomes to this file, too")
    given = parser.parse_args()
    in_plant: dict[str, Callable[[Plant], Outcome]] = {
        "stall": camera_faults.stall,
        "reset": camera_faults.reset,
        "password": camera_faults.other_password,
        "no-video": camera_faults.no_video,
        "codec": camera_faults.other_codec,
        "size": camera_faults.other_size,
        "frozen": camera_faults.frozen,
        "packets": camera_faults.packet_loss,
        "broker": output_faults.broker_down,
        "webhook": output_faults.webhook_down,
        "bundle": process_faults.corrupt_bundle,
        "off": partial(camera_faults.off, seconds=given.off),
    }
    alone: dict[str, Callable[[], Outcome]] = {
        "clock": process_faults.clock_set,
        "killed": partial(process_faults.killed, times=given.kills),
        "many": process_faults.many_sources,
    }
    if output_faults.may_mount():
        alone["disk"] = output_faults.disk_full
    elif given.only in "disk":
        say("disk: left out, because a small disk cannot be mounted here")
    outcomes: list[Outcome] = []
    failures: list[str] = []

    def run(name: str, scenario: Callable[[], Outcome]) -> None:
        begun = time.monotonic()
        try:
            outcomes.append(scenario())
        except Exception as error:  # noqa: BLE001 - the others are still worth running
            failures.append(f"{name}: {' '.join(str(error).split())[:500] or type(error).__name__}")
            say(f"{name}: FAILED: {failures[-1]}")
        else:
            say(f"{name}: {outcomes[-1]} in {time.monotonic() - begun:.0f} s")

    chosen = {name: scenario for name, scenario in in_plant.items() if given.only in name}
    if chosen:
        with Plant() as plant:
            plant.start()
            for name, scenario in chosen.items():
                run(name, partial(scenario, plant))
    for name, one in alone.items():
        if given.only in name:
            run(name, one)
    sys.stdout.write(markdown_table(outcomes))
    if given.json is not None:
        record = {"outcomes": [one.as_record() for one in outcomes], "failures": failures}
        given.json.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if failures or any(one.events_lost for one in outcomes) else 0


def say(text: str) -> None:
    """Tell how it goes."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
