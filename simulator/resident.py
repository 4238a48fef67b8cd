"""Which files of the firmware, as they are packed, are loaded at start and stay: what they import
outside of functions, beginning with the loader and the application. All others are loaded on
demand."""

import ast
from collections.abc import Iterator

# the loader names the application, and the application the module's driver, inside of a choice
_FIRST = ("boot.py", "main.py", "terminal/app.py", "terminal/modem/simcom.py", "umqtt/simple.py")
_NOT_RUN = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ExceptHandler
_CHOOSES = "main.py"  # between the application and the rescue


def resident(files: dict[str, str]) -> set[str]:
    """The paths, of those in `files` (see image.lean_sources), that a running terminal holds."""
    found: set[str] = set()
    waiting = [name for name in _FIRST if name in files]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for module in _imports(ast.parse(files[name])):
            if name == _CHOOSES and module.startswith("terminal.rescue"):
                continue
            path = module.replace(".", "/")
            waiting += [one for one in (f"{path}.py", f"{path}/__init__.py") if one in files]
    return found | {name for name in files if name.startswith("aioble")}


def _imports(tree: ast.AST) -> Iterator[str]:
    """Every module that may be meant, of `from a import b` also a.b; what functions and the
    handling of failures import is left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not isinstance(node, _NOT_RUN):
            yield from _imports(node)
