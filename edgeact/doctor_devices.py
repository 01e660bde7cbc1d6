"""What this machine has that speeds edgeact up or gives it pictures: graphics processors, Jetson, cameras, decoders."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from edgeact.doctor import Check
from edgeact.installed import reinstall_command
from edgeact.plain_text import printable

# What a release of NVIDIA's Linux for Jetson is called to users, the newest first: https://developer.nvidia.com/embedded/jetpack-archive
_JETPACKS = (((36, 4), "JetPack 6.1 or 6.2"), ((36, 0), "JetPack 6.0"), ((35, 0), "JetPack 5"), ((32, 0), "JetPack 4"))
_OLDEST_LINUX = 35  # JetPack 4 has Python 3.6
_DECODERS = {"h264": "H.264", "hevc": "H.265", "mjpeg": "MJPEG", "av1": "AV1", "vp9": "VP9"}
_NEEDED_DECODERS = ("h264", "hevc", "mjpeg")  # of cameras

_GPU_REMEDY = "the graphs run on the CPU; pip install onnxruntime-gpu in its place, then use --device cuda"
_JETSON_REMEDY = (
    "the graphs run on the CPU; put the onnxruntime-gpu of NVIDIA's index for your JetPack in its place "
    "(https://pypi.jetson-ai-lab.io), then use --device cuda"
)


def look_at_devices(providers: Sequence[str], root: Path = Path("/")) -> list[Check]:
    """Check which GPUs this machine has, whether it is a Jetson, and whether ONNX Runtime can use them.

    Args:
        providers: What ONNX Runtime can run graphs on.
        root: Of the file system.
    """
    found = ", ".join(providers)
    release = _first_line(root / "etc/nv_tegra_release")
    gpus = _gpus(root)
    checks = []
    if release:
        checks.append(_jetson(release, root))
    if gpus:
        checks.append(Check("GPU", "ok", ", ".join(gpus)))
    can_use = any(name in providers for name in ("CUDAExecutionProvider", "TensorrtExecutionProvider"))
    if (release or gpus) and not can_use:
        return [*checks, Check("devices", "note", found, _JETSON_REMEDY if release else _GPU_REMEDY)]
    return [*checks, Check("devices", "ok", found)]


def look_at_video_devices(root: Path = Path("/")) -> list[Check]:
    """Check that the user may open the cameras of this machine; no row where there are none.

    Args:
        root: Of the file system.
    """
    devices = sorted(root.glob("dev/video*"), key=lambda path: (len(path.name), path.name))
    shut = [path.name for path in devices if not os.access(path, os.R_OK | os.W_OK)]
    if shut:
        remedy = "sudo usermod -aG video $USER, then log in anew; of a container: --device and --group-add video"
        return [Check("cameras", "note", f"{', '.join(shut)} may not be opened", remedy)]
    return [Check("cameras", "ok", ", ".join(path.name for path in devices))] if devices else []


def look_at_decoders(available: Sequence[str]) -> Check:
    """Check that FFmpeg can decode the video that cameras send: H.264, H.265 and MJPEG.

    Args:
        available: Names of FFmpeg's codecs.
    """
    there = [shown for name, shown in _DECODERS.items() if name in available]
    missing = [_DECODERS[name] for name in _NEEDED_DECODERS if name not in available]
    if missing:
        return Check("decoders", "fail", f"there is none for {', '.join(missing)}", reinstall_command("av"))
    return Check("decoders", "ok", ", ".join(there))


def _jetson(release: str, root: Path) -> Check:
    """The board, its release, and whether it is too old; a line like ``# R36 (release), REVISION: 4.3, …``."""
    board = _first_line(root / "proc/device-tree/model") or "Jetson"
    match = re.search(r"R(\d+) \(release\), REVISION: (\d+)", release)
    if match is None:
        return Check("Jetson", "note", f"{board}, {release[:80]}", "this release is not known here")
    version = (int(match[1]), int(match[2]))
    name = next((name for least, name in _JETPACKS if version >= least), "an old JetPack")
    found = f"{board}, {name} (L4T {match[1]}.{match[2]})"
    if version[0] < _OLDEST_LINUX:
        return Check("Jetson", "fail", found, "flash JetPack 5 or newer")
    return Check("Jetson", "ok", found)


def _gpus(root: Path) -> list[str]:
    """Names of NVIDIA's graphics processors, as the driver tells them, and its version."""
    names = []
    for path in sorted(root.glob("proc/driver/nvidia/gpus/*/information")):
        text = path.read_text(encoding="utf-8", errors="replace")
        names += [
            value.strip() for key, _, value in (line.partition(":") for line in text.splitlines()) if key == "Model"
        ]
    version = re.search(r"\b\d+\.\d+(?:\.\d+)?\b", _first_line(root / "proc/driver/nvidia/version"))
    return [*names, *([f"driver {version[0]}"] if names and version else [])]


def _first_line(path: Path) -> str:
    """The first line of a file, safe to show; empty where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace").rstrip("\0")
    except OSError:
        return ""
    return printable((text.splitlines() or [""])[0].strip())
