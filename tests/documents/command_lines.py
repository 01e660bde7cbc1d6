"""The command lines of the documents that start edgeact, and how one is run within a test."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from edgeact.cli import main

REPOSITORY = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/*.md", "trainer/models/README.md", "desktop_ui/README.md")
# Where a command begins: alone, behind another one, or as a module.
_START = re.compile(r"(?:^|&& |; |-m )edgeact(?= [a-z\[-]|$)")


def command_lines() -> dict[str, str]:
    """Every command line with the program ``edgeact`` in it, without comment, and the document that has it first.

    Lines that are set apart by four spaces, and code within a sentence that is made of two commands.
    """
    found: dict[str, str] = {}
    for page in (path for pattern in PAGES for path in sorted(REPOSITORY.glob(pattern))):
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        lines = re.findall(r"^ {4}(\S.*)$", text, flags=re.MULTILINE) + re.findall(r"`([^`\n]* && [^`\n]*)`", text)
        for line in lines:
            if _START.search(line):
                found.setdefault(without_comment(line), page.relative_to(REPOSITORY).as_posix())
    return found


def commands_in_sentences() -> list[str]:
    """Every command of the program that stands within a sentence, as code."""
    pages = [path for pattern in PAGES for path in sorted(REPOSITORY.glob(pattern))]
    texts = [path.read_text(encoding="utf-8") for path in pages]
    return sorted({span for text in texts for span in re.findall(r"`(edgeact -{0,2}[a-z][^`\n]*)`", text)})


def without_comment(line: str) -> str:
    """The command of a line whose comment stands behind two spaces or more."""
    return re.sub(r"\s{2,}# .*$", "", line).strip()


def run_line(line: str, stands_for: Mapping[str, str], added: str) -> int:
    """Run a command line in the working folder as a shell would: one command within this process, several by ``sh``.

    Args:
        line: As the document has it.
        stands_for: What is put in the place of what a reader has to fill in.
        added: Options behind it.

    Returns:
        The exit code.
    """
    for text, value in stands_for.items():
        assert text in line, f"{text!r} is no part of {line!r}"
        line = line.replace(text, value)
    if not line.startswith("edgeact "):
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return subprocess.run(
            ["/bin/sh", "-c", f"{line} {added}"], env={**os.environ, "PATH": path}, check=False, timeout=300
        ).returncode
    command, _, target = line.partition(" > ")
    with contextlib.ExitStack() as stack:
        if target:
            file = stack.enter_context(Path(target).open("w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stdout(file))
        with pytest.raises(SystemExit) as stopped:
            main([*shlex.split(command)[1:], *shlex.split(added)])
    code = stopped.value.code
    assert isinstance(code, int)
    return code
