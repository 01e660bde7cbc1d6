"""Looks at the machine: what is there, what is missing, and what to do about it."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.markup import escape
from rich.table import Table

from edgeact.doctor_opencv import opencv_remedy, try_opencv
from edgeact.errors import EdgeactError
from edgeact.installed import OTHERS_OF_THE_RUNTIME, RUNTIME, installed_version, reinstall_command

CheckState = Literal["ok", "note", "fail"]

_OPTIONAL = ("torch", "onnx", "onnxscript", "ai-edge-litert", "tensorrt", "pillow-heif")
_ONNXRUNTIMES = ("onnxruntime", "onnxruntime-gpu")  # either gives the module onnxruntime
_FREE_BYTES = 2 * 2**30
_DEMO_CLIP = Path(__file__).parent / "assets" / "demo.mp4"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``remedy`` is empty when nothing is to be done."""

    name: str
    state: CheckState
    found: str
    remedy: str = ""


def examine(folder: Path | None = None) -> list[Check]:
    """Look at Python, packages, codecs, a frame, devices, cameras, cores, memory, the clock, disk and the bundle.

    Args:
        folder: Where outputs would go; None takes the current folder.
    """
    looks: tuple[Callable[[], list[Check]], ...] = (
        _python,
        _packages,
        _opencv,
        _codecs,
        _frame,
        _providers,
        _cameras,
        _machine,
        _clock,
        lambda: _disk(folder or Path.cwd()),
        _bundle,
    )
    return [check for look in looks for check in _looked(look)]


def _looked(look: Callable[[], list[Check]]) -> list[Check]:
    """What a look finds; one that cannot look because a package is missing finds that, and the others still look."""
    try:
        return look()
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        remedy = reinstall_command(package) if package in RUNTIME else "mend what failed above"
        return [Check(look.__name__.strip("_"), "fail", _in_one_line(error), remedy)]


def doctor_table(checks: Sequence[Check]) -> Table:
    """A row a check, and what to do about it under what was found."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    colours = {"ok": "green", "note": "yellow", "fail": "red"}
    for check in checks:
        remedy = f"\n[bold]→ {escape(check.remedy)}[/]" if check.remedy else ""
        table.add_row(f"[{colours[check.state]}]{check.state}[/]", check.name, escape(check.found) + remedy)
    return table


def machine_in_words() -> str:
    """Processor, cores, memory and system in one line."""
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    return f"{_processor()}, {usable_cores()} cores, {memory:.0f} GB memory, {platform.system()} {platform.machine()}"


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in ("model name", "Model") and value.strip():
                return value.strip()
    except OSError:
        pass  # not a Linux
    return platform.processor() or platform.machine()


def _python() -> list[Check]:
    return [Check("Python", "ok", f"{platform.python_version()} ({sys.executable})")]


def _packages() -> list[Check]:
    checks, found = [], []
    for package in (*RUNTIME, *OTHERS_OF_THE_RUNTIME):
        names = _ONNXRUNTIMES if package == "onnxruntime" else (package,)
        versions = [f"{name} {version}" for name in names if (version := installed_version(name)) is not None]
        found += versions
        if not versions:
            checks.append(Check(package, "fail", "not installed", f"pip install {package}"))
        elif len(versions) > 1:
            checks.append(Check(package, "note", ", ".join(versions), "they overwrite each other: keep one of the two"))
    checks.append(Check("packages", "ok", ", ".join(found)))
    there = [f"{package} {version}" for package in _OPTIONAL if (version := installed_version(package)) is not None]
    missing = [package for package in _OPTIONAL if installed_version(package) is None]
    checks.append(
        Check(
            "extras",
            "ok",
            ", ".join([*there, *(f"no {package}" for package in missing)]) + " (none is needed to annotate)",
        )
    )
    return checks


def _opencv() -> list[Check]:
    try:
        return [Check("OpenCV", "ok", try_opencv())]
    except Exception as error:  # noqa: BLE001 - another package's code, which may be half there: it raises anything
        return [Check("OpenCV", "fail", f"cv2 does not work ({_in_one_line(error)})", opencv_remedy(error))]


def _codecs() -> list[Check]:
    try:
        import av
    except ImportError as error:
        return [Check("FFmpeg", "fail", str(error), reinstall_command("av"))]
    libraries = ", ".join(
        f"{name} {'.'.join(str(part) for part in version)}" for name, version in sorted(av.library_versions.items())
    )
    if "libx264" not in av.codecs_available:
        return [Check("FFmpeg", "fail", libraries, f"this build has no H.264 encoder: {reinstall_command('av')}")]
    from edgeact.doctor_devices import look_at_decoders

    return [Check("FFmpeg", "ok", libraries), look_at_decoders(sorted(av.codecs_available))]


def _frame() -> list[Check]:
    """Read a frame as the pipeline does: decoded, turned upright, and fitted into a graph's input."""
    try:
        from edgeact.capture.open import open_source
        from edgeact.geometry import letterbox

        with open_source(_DEMO_CLIP) as source:
            image = next(iter(source.frames())).image
        height, width = image.shape[:2]
        contrast = float(letterbox(image, width=64, height=64).std())
    except Exception as error:  # noqa: BLE001 - whatever is missing above also ends here
        remedy = f"mend what failed above; if nothing did: {reinstall_command('edgeact')}"
        return [Check("frame", "fail", f"{_DEMO_CLIP.name} cannot be read ({_in_one_line(error)})", remedy)]
    if contrast < 1.0:  # of 0..255; the clip's own frames have some 50
        return [Check("frame", "fail", f"{_DEMO_CLIP.name} is read as one colour", reinstall_command("av"))]
    return [Check("frame", "ok", f"read {width}×{height} from {_DEMO_CLIP.name}")]


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _providers() -> list[Check]:
    try:
        import onnxruntime
    except ImportError as error:
        return [Check("devices", "fail", str(error), reinstall_command("onnxruntime"))]
    from edgeact.doctor_devices import look_at_devices

    return look_at_devices(onnxruntime.get_available_providers())


def _cameras() -> list[Check]:
    from edgeact.doctor_devices import look_at_video_devices

    return look_at_video_devices()


def _clock() -> list[Check]:
    from edgeact.doctor_clock import look_at_clock

    return [look_at_clock()]


def _machine() -> list[Check]:
    found = machine_in_words()
    if usable_cores() < 2:
        return [Check("machine", "note", found, "with one core the stages take turns; two or more are faster")]
    return [Check("machine", "ok", found)]


def _disk(folder: Path) -> list[Check]:
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GB free in {folder}"
    if not os.access(folder, os.W_OK):
        return [Check("disk", "note", found, "this folder cannot be written: choose another with --out")]
    if free < _FREE_BYTES:
        return [Check("disk", "note", found, "a minute of drawn video takes some 20 MB: free some space")]
    return [Check("disk", "ok", found)]


def _bundle() -> list[Check]:
    from edgeact.bundle.load import load_bundle

    try:
        bundle = load_bundle()
        for graph in bundle.manifest.graphs:
            bundle.read_graph(graph)
    except EdgeactError as error:
        return [Check("bundle", "fail", str(error), f"{reinstall_command('edgeact')}, or give your own with --bundle")]
    return [
        Check(
            "bundle",
            "ok",
            f"{bundle.manifest.name} {bundle.manifest.version}, {len(bundle.manifest.graphs)} graphs, hashes match",
        )
    ]
