"""What decides the outputs of an input: the input itself, and the settings it is done with."""

import hashlib
from pathlib import Path
from typing import Any

import edgeact
from edgeact.batch.record import InputRecord
from edgeact.bundle.load import Bundle
from edgeact.config import FIRST_MAP, PipelineConfig

# These change how fast results come, or whether an input is refused, but not which results come.
_SPEED_KEYS = {"queue_frames", "memory_megabytes", "threads", "max_megapixels"}


def run_settings(
    bundle: Bundle, config: PipelineConfig, *, every: int, video: bool, turn: int = 0, stream: int | None = None
) -> dict[str, Any]:
    """What decides the outputs of an input, comparable between runs."""
    # Absent without, so that what was finished before these options still counts.
    turned = {"turn": turn} if turn else {}
    chosen = {"attention": config.attention} if config.attention != FIRST_MAP else {}
    return turned | {
        "edgeact": edgeact.__version__,
        "bundle": bundle.digest,
        "every": every,
        "video": video,
        **({} if stream is None else {"stream": stream}),
        "config": config.model_dump(mode="json", exclude={*_SPEED_KEYS, "attention"}) | chosen,
    }


def fingerprint_input(path: Path) -> InputRecord:
    """Identify a file, or a folder of images, without reading its content.

    Raises:
        OSError: It cannot be looked at.
    """
    files = sorted(child for child in path.iterdir() if child.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        status = file.stat()
        digest.update(f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return InputRecord(path=str(path.resolve()), fingerprint=digest.hexdigest())
