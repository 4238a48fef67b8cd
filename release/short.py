"""Gives every name that the firmware itself defines one or two letters, the same in all files.

A name costs its letters in each file that uses it, and memory once. What stands outside of the
firmware keeps its name: MicroPython's own, those of the libraries and of the loader, which an
upgrade does not replace; exceptions, whose names records and reports tell; and what is reached by
a text. One name becomes one other name everywhere, whatever it means. Two names become the same
one only where they never meet: no file has both at its top, no class with its relatives both as
attributes, no function both inside; what is set on anything but `self` meets everything. Functions
of one file stay apart, as a crash record tells them. The commonest names become words that every
MicroPython has built in, which cost no letter.

Refused (ValueError) is a program that looks at its names as a whole.
"""

import ast
import builtins
import keyword
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator

# Names of MicroPython, umqtt and aioble that the firmware gives to things of its own as well; a
# test compares them with the stubs of the ESP32 and with the interpreter.
_THEIRS = """
    active add alarm block board clock close closed code connect connection content context
    count data device difference digest disconnect done end error event feed fill final floor
    flush full get getaddrinfo head host id idle index install line lines link lock locked log
    loop memory message mode modulus mv n name next notify off on open path pending pid pin
    ping port post publish pull put quiet random raw read readable reason release rounds run
    send serial server session set setblocking settimeout share shift size sock socket start
    stat state status stop subscribe sum text time times topic total user value values verify
    version wait width write written
"""
# Words that each .mpy may name without their letters (MicroPython, makeqstrdata.py), and that no
# compiler takes for something else.
_BUILT_IN = """
    isalpha isspace isupper islower isdigit rindex rsplit lstrip rstrip delattr divmod locals
    globals dir eval exec bytecode callable classmethod staticmethod issubclass little builtins
    copy extend clear keys step sep throw upper lower map pow remove reverse round setdefault
    popitem update zip end index count sort values hash iter next any all sum super repr id key
    main rfind readinto readline insert find format endswith print
"""
THEIRS = frozenset(_THEIRS.split())
_LETTERS = string.ascii_lowercase + string.ascii_uppercase
_APPLICATION = "terminal/"
_ABOUT = {"RELEASE", "VERSION"}  # which a package is asked for, and the crash record tells
_LOOKING = {"globals", "locals", "vars", "eval", "exec", "__dict__"}
_FIELDS = ("id", "attr", "name", "arg", "asname")
_WORD = re.compile(r"[A-Za-z_]\w*")
_REACHING = {"getattr", "setattr", "hasattr", "delattr"}
_BUILT_IN_FAULTS = {
    name
    for name, one in vars(builtins).items()
    if isinstance(one, type) and issubclass(one, BaseException)
}


_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple[str, int]  # of a file: its top 0, its functions' names -1, one of its functions; or
# a class and its relatives: (path.class, 0)


class _Tree:
    def __init__(self, text: str) -> None:
        self.top = ast.parse(text)
        self.nodes = list(ast.walk(self.top))


def shortened(
    files: dict[str, str], sources: dict[str, str], outside: dict[str, str]
) -> dict[str, str]:
    """The files by path with short names.

    files: what is compiled; sources: the same before it was put together, for what texts in it
    reach; outside: the libraries and the loader, whose names stay.
    """
    trees = {path: _Tree(text) for path, text in files.items()}
    ours = [tree for path, tree in trees.items() if path.startswith(_APPLICATION)]
    beyond = [_Tree(text) for text in outside.values()]
    for path, tree in trees.items():
        _refuse(path, tree)
        _number_constants(tree)
    defined = {name for tree in ours for name in _defined(tree)}
    kept = THEIRS | _ABOUT | _outside(beyond) | _reached(sources) | _of_modules(files)
    kept |= _faults(trees.values()) | _imported(trees, files) | set(dir(builtins))
    kept |= _foreign_keywords(trees.values(), defined - kept)
    renamed = {
        name for name in defined - kept if not name.startswith("__") and not _is_constant(name)
    }
    short = _chosen(ours, [*trees.values(), *beyond], renamed, _meetings(trees))
    made = {}
    for path, tree in trees.items():
        _rename(tree, short, files)
        made[path] = ast.unparse(tree.top) + "\n"
    return made


def _refuse(path: str, tree: _Tree) -> None:
    for node in tree.nodes if path.startswith(_APPLICATION) else ():
        name = getattr(node, "id", "") or getattr(node, "attr", "")
        if name in _LOOKING:
            raise ValueError(f"{path}: {name} tells names, which are shortened")
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            raise ValueError(f"{path}: all of {node.module} is imported")


def _chosen(
    ours: list[_Tree], every: list[_Tree], renamed: set[str], meetings: dict[str, set[Place]]
) -> dict[str, str]:
    """The shortest that is free for what stands in most files, then for what stands there
    oftenest."""
    homes: Counter[str] = Counter()
    uses: Counter[str] = Counter()
    for tree in ours:
        found = Counter(_costly(tree))
        homes.update(found.keys())
        uses.update(found)
    taken = {name for tree in every for name in _identifiers(tree)} | THEIRS
    free = [name for name in _short_names() if name not in taken]
    ranked = sorted(renamed & homes.keys(), key=lambda name: (-homes[name], -uses[name], name))
    chosen: dict[str, str] = {}
    there: dict[str, set[Place]] = {name: set() for name in free}
    for name in ranked:
        places = meetings.get(name, set())
        new = next((one for one in free if not places & there[one]), None)
        if new:
            chosen[name] = new
            there[new] |= places
    return chosen


def _meetings(trees: dict[str, _Tree]) -> dict[str, set[Place]]:
    """By name the places where it may meet others."""
    found: dict[str, set[Place]] = {}
    everywhere: set[str] = set()  # what is set on any object
    families = _families(trees)
    for path, tree in trees.items():
        at: list[tuple[Place, Iterable[str]]] = [((path, 0), _outer(tree))]
        for number, node in enumerate(tree.nodes, 1):
            if isinstance(node, _FUNCTION | ast.Lambda):
                at.append(((path, number), _named(ast.walk(node))))
            if isinstance(node, _FUNCTION):
                at.append(((path, -1), [node.name]))
            elif isinstance(node, ast.ClassDef):
                at.append((families[path, node.name], _inner(node)))
        everywhere |= set(_set_on_others(tree))
        for place, names in at:
            for name in names:
                found.setdefault(name, set()).add(place)
    every = {place for places in found.values() for place in places}
    return found | dict.fromkeys(everywhere, every)


def _set_on_others(tree: _Tree) -> Iterator[str]:
    """Attributes that are given to anything but a class's own `self`."""
    inside = {
        id(one)
        for node in tree.nodes
        if isinstance(node, ast.ClassDef)
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "self"
    }
    for node in tree.nodes:
        is_set = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        if is_set and id(node) not in inside:
            yield node.attr  # type: ignore[attr-defined]


def _families(trees: dict[str, _Tree]) -> dict[tuple[str, str], Place]:
    """By (path, class): the place of what it and its relatives have."""
    homes: dict[str, list[tuple[str, str]]] = {}
    classes = [
        (path, node)
        for path, tree in trees.items()
        for node in tree.nodes
        if isinstance(node, ast.ClassDef)
    ]
    for path, node in classes:
        homes.setdefault(node.name, []).append((path, node.name))
    family: dict[tuple[str, str], Place] = {
        (path, node.name): (f"{path}.{node.name}", 0) for path, node in classes
    }
    for path, node in classes:
        here = {
            alias.asname or alias.name: alias.name
            for one in trees[path].nodes
            if isinstance(one, ast.ImportFrom)
            for alias in one.names
        }
        for base in node.bases:
            name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
            for other in homes.get(here.get(name, name), ()):
                old, new = family[path, node.name], family[other]
                family = {key: new if place == old else place for key, place in family.items()}
    return family


def _named(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that are not attributes, and so may mean a variable."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield from (node.name, node.asname or node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        elif isinstance(node, _FUNCTION | ast.ClassDef) or (
            isinstance(node, ast.ExceptHandler) and node.name
        ):
            yield node.name  # type: ignore[misc]


def _outer(tree: _Tree) -> Iterator[str]:
    """What is named outside of functions, and what those say is of the file."""
    for node in tree.nodes:
        if isinstance(node, ast.Global):
            yield from node.names
    yield from _at_once(tree.top.body, True)


def _inner(node: ast.ClassDef) -> Iterator[str]:
    """What a class has, and what its body asks for outside of functions."""
    yield from _at_once(node.body, True)
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "self":
            yield one.attr


def _at_once(nodes: Iterable[ast.AST], functions: bool) -> Iterator[str]:
    """What is named while these run, without the inside of functions; `functions`: their own
    names too, which a class's have for the class alone."""
    for node in nodes:
        if isinstance(node, _FUNCTION):
            if functions:
                yield node.name
            takes = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
            yield from _at_once([one for one in takes if one], functions)
        elif isinstance(node, ast.ClassDef):
            yield node.name
            yield from _at_once([*node.decorator_list, *node.bases], functions)
            yield from _at_once(node.body, False)
        else:
            yield from _named([node])
            yield from _at_once(ast.iter_child_nodes(node), functions)


def _short_names() -> Iterator[str]:
    yield from _BUILT_IN.split()
    yield from _LETTERS
    for first in _LETTERS:
        for last in _LETTERS + string.digits:
            if not keyword.iskeyword(first + last):
                yield first + last


# which names stay --------------------------------------------------------------------------------


def _defined(tree: _Tree) -> Iterator[str]:
    for node in tree.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                yield node.attr  # what is set on another object may be another's
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _outside(trees: Iterable[_Tree]) -> set[str]:
    """What files that stay as they are define at their top or ask of any object."""
    found = set()
    for tree in trees:
        for node in tree.nodes:
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.alias):
                found |= {*node.name.split("."), node.asname or ""}
        for node in tree.top.body:
            found |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found


def _reached(sources: dict[str, str]) -> set[str]:
    """Attributes that are named by a text: given at once, or by any text of that file; and the
    fields of named tuples."""
    found = set()
    for tree in map(_Tree, sources.values()):
        for node in tree.nodes:
            name = _called(node) if isinstance(node, ast.Call) else ""
            if name in _REACHING and len(node.args) > 1:  # type: ignore[attr-defined]
                asked = node.args[1]  # type: ignore[attr-defined]
                found |= _words([asked] if isinstance(asked, ast.Constant) else tree.nodes)
            elif name == "namedtuple":
                found |= _words(ast.walk(node))
    return found


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        word
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in _WORD.findall(node.value)
    }


def _of_modules(files: dict[str, str]) -> set[str]:
    """Parts of the application's paths, which an import may ask for as names."""
    return {
        part
        for path in files
        if path.startswith(_APPLICATION)
        for part in path.removesuffix(".py").split("/")
    }


def _faults(trees: Iterable[_Tree]) -> set[str]:
    classes = [n for tree in trees for n in tree.nodes if isinstance(n, ast.ClassDef)]
    faults = set(_BUILT_IN_FAULTS)
    while more := {
        one.name
        for one in classes
        if one.name not in faults
        and any(isinstance(base, ast.Name) and base.id in faults for base in one.bases)
    }:
        faults |= more
    return faults


def _imported(trees: dict[str, _Tree], files: dict[str, str]) -> set[str]:
    """What comes from a module that is not among these files."""
    found = set()
    for tree in trees.values():
        for node in tree.nodes:
            if isinstance(node, ast.Import):
                found |= {word for alias in node.names for word in alias.name.split(".")}
                found |= {alias.asname for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom) and not _is_ours(node.module or "", files):
                found |= {alias.name for alias in node.names}
    return found


def _is_ours(module: str, files: dict[str, str]) -> bool:
    base = module.replace(".", "/")
    return f"{base}.py" in files or f"{base}/__init__.py" in files


def _foreign_keywords(trees: Iterable[_Tree], ours: set[str]) -> set[str]:
    """Keywords of calls to somebody else's function, or to one that takes any."""
    trees = list(trees)
    taking_any = {
        node.name
        for tree in trees
        for node in tree.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.kwarg
    }
    return {
        word.arg
        for tree in trees
        for node in tree.nodes
        if isinstance(node, ast.Call)
        and (_called(node) not in ours or _called(node) in taking_any)
        for word in node.keywords
        if word.arg
    }


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


# constants and renaming --------------------------------------------------------------------------


def _is_constant(name: str) -> bool:
    """`_0`, `_1` …: MicroPython leaves a private constant out, so it costs nothing."""
    return name[0] == "_" and name[1:].isdigit()


def _number_constants(tree: _Tree) -> None:
    """Private constants as `_0`, `_1` …, so that their names mean nothing else."""
    names = {
        node.targets[0].id
        for node in tree.top.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and _called(node.value) == "const"
        and node.targets[0].id[0] == "_"
    }
    numbered = {name: f"_{number}" for number, name in enumerate(sorted(names))}
    for node in tree.nodes:
        if isinstance(node, ast.Name):
            node.id = numbered.get(node.id, node.id)


def _identifiers(tree: _Tree) -> Iterator[str]:
    for node in tree.nodes:
        for field in _FIELDS:
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield name
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names


def _costly(tree: _Tree) -> Iterator[str]:
    """Without what a function calls its own, which leaves no name behind."""
    top = {name for node in tree.top.body for name in _at_top(node)}
    for node in tree.nodes:
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            if isinstance(node, ast.ClassDef):
                yield from (name for one in node.body for name in _at_top(one))
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Name) and node.id in top:
            yield node.id


def _at_top(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set()
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)
    }


def _rename(tree: _Tree, short: dict[str, str], files: dict[str, str]) -> None:
    for node in tree.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            _rename_imports(node, short, files)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [short.get(name, name) for name in node.names]
        elif not isinstance(node, ast.alias):
            for field in _FIELDS:
                name = getattr(node, field, None)
                if isinstance(name, str) and name in short:
                    setattr(node, field, short[name])


def _rename_imports(
    node: ast.Import | ast.ImportFrom, short: dict[str, str], files: dict[str, str]
) -> None:
    ours = isinstance(node, ast.ImportFrom) and _is_ours(node.module or "", files)
    for alias in node.names:
        here = alias.asname or alias.name
        new = short.get(here, here)
        if ours:
            alias.name = short.get(alias.name, alias.name)
        alias.asname = new if new != alias.name and (alias.asname or new != here) else None
