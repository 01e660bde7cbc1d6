import re
from pathlib import Path

from edgeact.formats.kinds import KINDS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")


def test_the_document_says_of_each_format_what_the_help_says() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| (.+) \| (.+) \|$", DOCUMENT, flags=re.MULTILINE)
    said = {name: (writes, left_out) for name, writes, left_out in rows if name in KINDS}
    assert said == {name: (kind.writes, kind.left_out) for name, kind in KINDS.items()}
