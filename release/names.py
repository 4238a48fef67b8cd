"""What the short names of a packed firmware were in its sources, so that a crash record is read.

A record's `trace` has the innermost place first, `file:line function`. Packing moves functions
into other files and shortens their names, but keeps their order. MicroPython tells a function's
name alone, and two classes of one file may call theirs alike: then both are given.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from release.joined import origins

Names = dict[str, dict[str, list[str]]]


def of(sources: dict[str, str], packed: dict[str, str]) -> Names:
    """By packed file (without its folder, as a record has it) and short name: where it is from,
    `module.Class.function`. ValueError: these sources were not packed to that."""
    found: Names = {}
    for home, members in origins(sources).items():
        long = [name for path in members for name in _functions(path, ast.parse(sources[path]))]
        short = [name.rpartition(".")[2] for name in _functions(home, ast.parse(packed[home]))]
        if len(long) != len(short):
            raise ValueError(f"{home}: {len(long)} != {len(short)}")
        names = found.setdefault(PurePosixPath(home).name, {})
        for one, name in zip(short, long, strict=True):
            names.setdefault(one, []).append(name)
    return found


def _functions(path: str, tree: ast.AST, above: str = "") -> Iterator[str]:
    above = above or PurePosixPath(path).stem
    for node in ast.iter_child_nodes(tree):
        inside = above
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{above}.{node.name}"
            if not isinstance(node, ast.ClassDef):
                yield inside
        yield from _functions(path, node, inside)


def read(trace: str, names: Names) -> str:
    """The trace with the names of the sources; what is not known stays."""
    return " < ".join(_place(place, names) for place in trace.split(" < "))


def _place(place: str, names: Names) -> str:
    where, _, function = place.partition(" ")
    known = names.get(where.partition(":")[0], {}).get(function)
    return f"{where} {' | '.join(sorted(set(known)))}" if known else place
