"""What the tests of several layouts write."""

from pathlib import Path

from tests.toy_video import write_toy_video


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def voc(*things: tuple[str, str]) -> str:
    """An annotation in the manner of Pascal VOC with one box for each name: xmin, ymin, xmax, ymax."""
    objects = ""
    for name, corners in things:
        tags = zip(("xmin", "ymin", "xmax", "ymax"), corners.split(), strict=True)
        box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
        objects += f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"
    return f"<annotation>{objects}</annotation>"


def write_clip(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_toy_video(path, seconds=0.2, size=(32, 24))
