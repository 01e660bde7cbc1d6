"""The documents say what is so: links lead somewhere, and tables and options are those of the code."""

import contextlib
import inspect
import json
import re
import shlex
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from edgeact import errors
from edgeact.bundle.load import load_bundle
from edgeact.capture.base import SourceInfo
from edgeact.cli.app import app
from edgeact.config import PipelineConfig
from edgeact.daemon.event_record import EventRecord, parse_utc
from edgeact.daemon.read_config import read_config
from edgeact.sinks.events import COLUMNS
from edgeact.sinks.jsonl import JsonlSink
from edgeact.types import Frame, Observation, PartCrop, Person, Pose, Reading
from tests.documents.command_lines import command_lines
from tests.documents.ways import WAYS
from tests.tiny_bundle import build_tiny_bundle

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
FILES_PAGE = (REPOSITORY / "docs/files.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """The text between two markers of the README or of the page of files, exit codes and settings."""
    return (README + FILES_PAGE).partition(f"<!-- {name}:begin -->")[2].partition(f"<!-- {name}:end -->")[0]


def table(name: str) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    rows = [line.strip("| ").split("|") for line in section(name).splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in row] for row in rows[2:]]


PAGES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for pattern in ("*.md", "docs/*.md", "trainer/models/*.md", "desktop_ui/*.md")
    for path in REPOSITORY.glob(pattern)
)


def anchors(text: str) -> set[str]:
    """What a link may name of a page: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    path = REPOSITORY / page
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if link.startswith(("https:", "http:")):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            dead.append(link)
    assert dead == []


def test_the_exit_codes_are_those_of_the_errors() -> None:
    families = {
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.EdgeactError)
    }
    codes = {(str(kind.exit_code), kind.__name__) for kind in families}
    codes |= {("0", ""), (str(errors.INTERRUPTED_EXIT_CODE), "")}
    assert {(code, name) for code, name, _ in table("exit-codes")} == codes


def test_the_labels_are_those_of_the_default_bundle() -> None:
    labels = [label for _, row in table("labels") for label in re.findall(r"[a-z_]+", row)]
    assert sorted(labels) == sorted(load_bundle().plan.labels)


def test_labels_systems_and_limits_stand_before_the_first_command() -> None:
    top = README.partition("## Two commands")[0]
    for words in ("labels:begin", "**Systems.**", "**Not yet.**", "Windows does not work"):
        assert words in top


def test_the_settings_are_those_of_the_pipeline() -> None:
    settings = [(key, value.strip('"'), meaning) for key, value, meaning in table("settings")]
    assert settings == [
        (key, str(field.default), field.description) for key, field in PipelineConfig.model_fields.items()
    ]


@pytest.mark.parametrize(("verb", "heading"), [("annotate", "Annotate videos"), ("watch", "Watch cameras and streams")])
def test_the_options_are_those_of_the_command(verb: str, heading: str) -> None:
    command = typer.main.get_command(app).get_command(None, verb)  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    text = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = "\n".join(re.findall(r"^\| (`--[^|]*(?:\\\|[^|]*)*) \|", text, flags=re.MULTILINE))
    assert set(re.findall(r"`(--[a-z-]+)", rows)) <= known
    assert rows
    assert {
        option
        for line in re.findall(rf"^    edgeact {verb} .*$", README, flags=re.MULTILINE)
        for option in re.findall(r"--[a-z-]+", line)
    } <= known


def written_lines(folder: Path) -> tuple[Any, Any]:
    """A header and a frame with one person, as the sink writes them."""
    bundle = load_bundle(build_tiny_bundle(folder / "tiny"))
    box, scores = np.zeros(4, np.float32), np.full(len(bundle.plan.labels), 0.5, np.float32)
    pose = Pose(
        np.zeros((len(bundle.skeleton.joints), 2), np.float32), np.ones(len(bundle.skeleton.joints), np.float32)
    )
    parts = (PartCrop("head", box), PartCrop("right_hand", box), PartCrop("left_hand", box))
    person = Person(1, box, 0.9, pose, parts=parts, readings=(Reading("action", scores, scores),))
    info = SourceInfo("clip.mp4", 64, 48, live=False, frame_rate=Fraction(25), frame_count=1, duration=0.04)
    sink = JsonlSink(folder / "clip.frames.jsonl", info=info, bundle=bundle, config=PipelineConfig(), every=1)
    sink.write(Observation(Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8)), (person,)), None)
    sink.close()
    header, frame = (folder / "clip.frames.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads(header), json.loads(frame)


def keys(record: Any, path: str = "") -> set[str]:
    """Dotted names of all keys; elements of a list share their names, and labels (of which the example has few) are
    left out.
    """
    if isinstance(record, list):
        return {name for element in record for name in keys(element, path)}
    if not isinstance(record, dict) or path.endswith((".smoothed", ".raw", ".config")):
        return set()
    return {name for key, value in record.items() for name in ({f"{path}.{key}"} | keys(value, f"{path}.{key}"))}


def test_the_examples_of_the_data_have_the_keys_that_are_written(tmp_path: Path) -> None:
    header, frame = written_lines(tmp_path)
    assert keys(json.loads(section("header-example").strip().strip("`").removeprefix("json"))) == keys(header)
    assert keys(json.loads(section("frame-example").strip().strip("`").removeprefix("json"))) == keys(frame)
    assert section("events-example").split()[1] == ",".join(COLUMNS)


LINES = command_lines()
COMMANDS = sorted({line.removeprefix("edgeact ") for line in LINES if line.startswith("edgeact ")})


def test_every_command_line_of_the_documents_is_run_or_it_is_said_why_not() -> None:
    """`tests/documents/ways.py` says for each line how it is run: a new line needs a row there."""
    assert {line: page for line, page in LINES.items() if line not in WAYS} == {}, "lines without a row"
    assert [line for line in WAYS if line not in LINES] == [], "rows without a line"


def parse(line: str) -> str:
    """The last verb of a command line, whose arguments are read and not run."""
    command: Any = typer.main.get_command(app)
    arguments, context = shlex.split(line.partition(" > ")[0], comments=True), None
    with contextlib.ExitStack() as contexts:
        name = "edgeact"
        while True:
            context = contexts.enter_context(command.make_context(name, arguments, parent=context))
            if not hasattr(command, "resolve_command"):  # no group of verbs
                return str(name)
            name, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_documents_is_one_that_the_program_takes(line: str) -> None:
    """Verbs, options and values, also of the lines that `tests/documents` does not run."""
    words = shlex.split(line.partition(" > ")[0], comments=True)
    assert parse(line) in [*words, "networks", "classes"]


@pytest.mark.parametrize("line", ["anotate a.mp4", "annotate a.mp4 --outt b", "deploy exprt B", "train wild --size 3"])
def test_a_misspelt_command_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"No such (command|option)"):
        parse(line)


def test_nothing_is_left_to_be_filled_in() -> None:
    assert "TODO" not in README


def test_the_configuration_of_the_page_for_new_users_is_one_that_is_read(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs/install.md").read_text(encoding="utf-8")
    block = page.partition("<!-- config:begin -->")[2].partition("<!-- config:end -->")[0]
    (tmp_path / "config.toml").write_text(block.strip().strip("`").removeprefix("toml"), encoding="utf-8")
    config = read_config(tmp_path / "config.toml", {"GATE_PASSWORD": "hunter2"})
    assert config.cameras["gate"].shown_url == "rtsp://***@192.0.2.7/stream1"
    assert config.http is not None


# Which test holds the examples of a page that are no command lines; diagrams are none.
BLOCKS = {
    ("README.md", "python"): "tests/test_examples.py",
    ("docs/python.md", "python"): "tests/test_examples.py",
    ("docs/export.md", "python"): "tests/deploy/test_own_module.py",
    ("docs/files.md", "json"): "tests/test_documentation.py",
    ("docs/files.md", "csv"): "tests/test_documentation.py",
    ("docs/data.md", "json"): "tests/test_documents_of_bundles.py",
    ("docs/install.md", "toml"): "tests/test_documentation.py",
    ("docs/daemon.md", "toml"): "tests/test_documentation.py",
    ("docs/daemon.md", "json"): "tests/test_documentation.py",
    ("docs/compression.md", "toml"): "tests/trainer/tasks/test_taught.py",
}


def blocks(page: str, language: str) -> list[str]:
    """The fenced examples of a language on a page."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_every_example_of_the_documents_is_held_by_a_test() -> None:
    pages = ["README.md", *(path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("docs/*.md"))]
    fences = {
        (page, language)
        for page in pages
        for language in re.findall(r"^```(\w+)$", (REPOSITORY / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert {found for found in fences if found[1] != "mermaid"} == BLOCKS.keys()
    assert [name for name in BLOCKS.values() if not (REPOSITORY / name).exists()] == []


def test_the_rules_of_the_daemons_page_are_read(tmp_path: Path) -> None:
    (rules,) = blocks("docs/daemon.md", "toml")
    camera = 'schema = 1\nstate = "state"\n[cameras.gate]\nurl = "rtsp://192.0.2.7/stream1"\n'
    (tmp_path / "config.toml").write_text(camera + rules, encoding="utf-8")
    assert list(read_config(tmp_path / "config.toml", {}).rules) == ["down"]


def test_the_event_of_the_daemons_page_has_the_keys_that_are_written() -> None:
    (example,) = blocks("docs/daemon.md", "json")
    began = parse_utc("2026-01-31T12:00:00.120Z")
    written = EventRecord("01J…", "new", "gate", 3, None, "action", 7, "wave", began, None, 0.94).as_json()
    assert json.loads(example) == written
