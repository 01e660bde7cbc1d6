"""Draws which packages of edgeact import which, as a Mermaid graph: ``python -m tests.bench.package_graph [CHECKOUT]``.

A package is a folder of ``edgeact``; so is a loose module that needs one. All other loose modules are one box, "base".
An import that others imply (a → b → c implies a → c) is left out; the number on an arrow counts importing modules.
"""

import sys
from collections import Counter
from pathlib import Path

import grimp

ROOT = "edgeact"


def rooms_of(graph: grimp.ImportGraph) -> dict[str, str]:
    """The box of each module."""
    names = {module: module.split(".")[1] for module in graph.modules if module.count(".") and "__main__" not in module}
    folders = {module.split(".")[1] for module in graph.modules if module.count(".") > 1}
    above = {
        name
        for module, name in names.items()
        if name not in folders and folders & {names.get(other) for other in graph.find_upstream_modules(module)}
    }
    return {module: name if name in folders | above else "base" for module, name in names.items()}


def arrows_of(graph: grimp.ImportGraph, rooms: dict[str, str]) -> Counter[tuple[str, str]]:
    """How many modules of one box import something of another."""
    arrows: Counter[tuple[str, str]] = Counter()
    for module, room in rooms.items():
        imported = {rooms[other] for other in graph.find_modules_directly_imported_by(module) if other in rooms}
        arrows.update((room, other) for other in imported - {room})
    return arrows


def implied(arrows: Counter[tuple[str, str]], start: str, end: str) -> bool:
    """Whether ``end`` is reached from ``start`` also without the arrow between them."""
    seen, waiting = {start}, [target for source, target in arrows if source == start and target != end]
    while waiting:
        room = waiting.pop()
        if room == end:
            return True
        if room not in seen:
            seen.add(room)
            waiting += [target for source, target in arrows if source == room]
    return False


def draw(checkout: Path) -> str:
    """The Mermaid graph of a checkout."""
    sys.path.insert(0, str(checkout))
    graph = grimp.build_graph(ROOT, cache_dir=None, exclude_type_checking_imports=True)
    rooms = rooms_of(graph)
    arrows = arrows_of(graph, rooms)
    backwards = {(source, target) for source, target in arrows if (target, source) in arrows}
    lines = ["graph TD"]
    for room in sorted(set(rooms.values())):
        lines.append(f'    {room}["{room} ({list(rooms.values()).count(room)})"]')
    for (source, target), count in sorted(arrows.items()):
        if (source, target) in backwards or not implied(arrows, source, target):
            lines.append(f"    {source} {'-.->' if (source, target) in backwards else '-->'}|{count}| {target}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(draw(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
