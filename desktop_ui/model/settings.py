"""What the window remembers from one start to the next, as a file of JSON."""

import json
import logging
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from desktop_ui.model.layers import Layers
from edgeact.atomic import write_text
from edgeact.regular_file import read_regular

logger = logging.getLogger(__name__)

VERSION = 1
_LARGEST_BYTES = 2**20
_MOST_RECENT = 10


class RememberedSource(BaseModel):
    """A source to open again; of an address only what holds no secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str = ""
    size: tuple[int, int] | None = None
    rate: float | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    turn: int = 0


class Settings(BaseModel):
    """What is remembered.

    A key that is not known is an error: a file of a newer window is kept aside, never half read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = VERSION
    theme: Literal["system", "dark", "light"] = "system"
    language: Literal["system", "en", "de"] = "system"
    bundle: str | None = None
    layers: Layers = Field(default_factory=Layers)
    window: str = ""  # position and size, as Qt writes them, in base64
    left_width: Annotated[int, Field(ge=0, le=10_000)] = 220
    right_width: Annotated[int, Field(ge=0, le=10_000)] = 300
    bottom_height: Annotated[int, Field(ge=0, le=10_000)] = 270
    shows_left: bool = True
    shows_right: bool = True
    shows_bottom: bool = True
    recent: tuple[RememberedSource, ...] = ()
    last_folder: str = ""
    recordings: str = ""
    warm_up_seconds: dict[str, float] = Field(default_factory=dict)  # by bundle and device

    def with_recent(self, source: RememberedSource) -> "Settings":
        """The same with a source at the head of the recent ones."""
        others = tuple(known for known in self.recent if known.name != source.name)
        return self.model_copy(update={"recent": (source, *others)[:_MOST_RECENT]})


class SettingsFile:
    """Reads and writes the settings.

    Args:
        path: Of the file; its folder is made when something is written.

    Attributes:
        values: As they are now.
        fault: Why the file could not be used, for a message; None where it could.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.values = path, Settings()
        self.fault: str | None = None
        if path.exists():
            self._read()

    def change(self, **values: Any) -> None:
        """Set some values; `save` writes them."""
        self.values = Settings.model_validate(self.values.model_dump() | values)

    def save(self) -> None:
        """Write the file.

        Raises:
            OutputError: It cannot be written.
            OSError: Its folder cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self.path, self.values.model_dump_json(indent=1) + "\n")

    def _read(self) -> None:
        try:
            self.values = Settings.model_validate(json.loads(read_regular(self.path, limit=_LARGEST_BYTES)))
        except (OSError, ValueError, ValidationError) as error:
            reason = " ".join(str(error).split())
            logger.warning("%s cannot be used: %s", self.path, reason)
            kept = self.path.with_name(f"{self.path.name}.unread")
            self.fault = f"the settings in {self.path} cannot be read; they are kept as {kept.name}, and new ones begin"
            try:
                self.path.replace(kept)
            except OSError:
                self.fault = f"the settings in {self.path} cannot be read, nor moved; check the folder's permissions"
