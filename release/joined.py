"""Puts the files that are always loaded together into one, so that each name is kept once.

Every file that MicroPython loads brings a table of its names, a dictionary and a copy of what it
imports. What a start needs at once becomes one file: `both`, for the application and the rescue
alike (`terminal/both.py`, which no source is called), and what the application alone needs becomes
`terminal/app.py`. So the rescue never loads what the application is made of. The parts of the
board become `terminal/board/parts.py`. All else stays as it is and finds its names there. What no
other file asks for gets a private name, which `lean` then shortens, or leaves out where it is a
whole number.

Refused (ValueError) is what cannot be moved without being changed: a name of a module that
functions set anew and another file reads, and an import of a whole joined module in a function.
"""

import ast
import builtins
from collections.abc import Iterator

from release.lean import constant, short_names

_APP, _RESCUE, _PARTS = "terminal/app.py", "terminal/rescue.py", "terminal/board/parts.py"
_DRIVER = "terminal/modem/driver.py"  # each module's own is loaded by its name, and needs this
_BOTH = "terminal/both.py"
# what is loaded for good; of the drivers a terminal loads one
STAY = (_APP, _BOTH, _PARTS, "terminal/modem/simcom.py", "terminal/modem/luat.py")
_APART = (
    *("terminal/__init__.py", "terminal/modem/__init__.py", "terminal/board/__init__.py"),
    "terminal/board/clock.py",  # has nothing to do with a board, and the other board files have
    "terminal/sensing.py",  # the self-test at the cable takes it, and nothing of the application
)
_FAULTS = {name for name in dir(builtins) if isinstance(getattr(builtins, name), type)} - {
    "object"
}


def joined(files: dict[str, str]) -> dict[str, str]:
    """The sources by path, some of them put together. What lies outside of `terminal` stays, and
    imports from where a thing is now."""
    modules = {path: _Module(path, text) for path, text in files.items()}
    homes = _groups(modules)
    plan = _Plan(modules, homes)
    return {home: plan.written(home, members) for home, members in _members(modules, homes)}


def origins(files: dict[str, str]) -> dict[str, list[str]]:
    """Which files each joined one is made of, in their order."""
    modules = {path: _Module(path, text) for path, text in files.items()}
    return dict(_members(modules, _groups(modules)))


def _members(
    modules: dict[str, "_Module"], homes: dict[str, str]
) -> Iterator[tuple[str, list[str]]]:
    order = _in_order(modules, homes)
    for home in dict.fromkeys(homes.get(path, path) for path in modules):
        yield home, [path for path in order if homes.get(path, path) == home]


def _groups(modules: dict[str, "_Module"]) -> dict[str, str]:
    """Where each file that moves goes to."""
    if not {_APP, _RESCUE, _PARTS, _DRIVER} <= modules.keys():
        return {}
    board = _closure(_PARTS, modules)
    app, rescue = _closure(_APP, modules) - board, _closure(_RESCUE, modules) - board
    both = app & rescue | _closure(_DRIVER, modules) - board
    homes = (
        dict.fromkeys(board, _PARTS) | dict.fromkeys(both, _BOTH) | dict.fromkeys(app - both, _APP)
    )
    _with_their_loaders(modules, homes)
    return homes


def _with_their_loaders(modules: dict[str, "_Module"], homes: dict[str, str]) -> None:
    """What only one other file loads, and as soon as it is loaded itself, goes to that one."""
    importers: dict[str, set[str]] = {}
    for path, module in modules.items():
        for node in ast.walk(module.tree) if path.startswith("terminal/") else ():
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                if pair := found(modules, node.module or "", alias.name):
                    importers.setdefault(pair[0], set()).add(path)
    needs = {path: set(module.needs(modules)) for path, module in modules.items()}
    roots = {path for path in modules if path.startswith("terminal/")} - set(_APART)
    alone = importers.keys() & roots - homes.keys()
    moved = True
    while moved:
        moved = False
        for path in sorted(alone):
            above = {homes.get(one, one) for one in importers[path]}
            at_once = all(path in needs[one] for one in importers[path])
            if at_once and len(above) == 1 and above <= roots - {_APP, _BOTH, _PARTS, path}:
                home = above.pop()
                homes |= {one: home for one, at in homes.items() if at == path}
                homes |= {path: home, home: home}
                alone.remove(path)
                moved = True


def _closure(first: str, modules: dict[str, "_Module"]) -> set[str]:
    found, waiting = set(), [first]
    while waiting:
        path = waiting.pop()
        if path not in found and path in modules and path not in _APART:
            found.add(path)
            waiting += modules[path].needs(modules)
    return {path for path in found if path.startswith("terminal/")}


def _in_order(modules: dict[str, "_Module"], homes: dict[str, str]) -> list[str]:
    """Each file after those that it needs while it is loaded."""
    done: dict[str, None] = {}

    def visit(path: str, above: tuple[str, ...]) -> None:
        if path in done or path in above:
            return
        for need in sorted(modules[path].needs(modules)):
            if homes.get(need) == homes.get(path) is not None:
                visit(need, (*above, path))
        done[path] = None

    for path in sorted(modules):
        visit(path, ())
    return list(done)


class _Module:
    """One file: its names, and what they mean."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        try:
            self.tree = ast.parse(text)
        except SyntaxError as error:
            raise ValueError(f"{path}: {error}") from None
        self.imports: dict[str, tuple[str, str]] = {}  # name here: (module, name there)
        self.own: set[str] = set()
        self.set_anew: set[str] = set()
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (node.module, alias.name)
            else:
                self.own |= set(_bound([node]))
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Global):
                self.set_anew |= set(node.names)

    def needs(self, modules: dict[str, "_Module"]) -> list[str]:
        """The files that it imports outside of its functions."""
        pairs = (found(modules, *pair) for pair in self.imports.values())
        return [pair[0] for pair in pairs if pair]


def found(modules: dict[str, _Module], module: str, name: str) -> tuple[str, str] | None:
    """(path, name there) of `from module import name`; name '' = the whole module."""
    for dotted, rest in ((f"{module}.{name}", ""), (module, name)):
        base = dotted.replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py"):
            if path in modules and (not rest or rest in modules[path].own):
                return path, rest
            if path in modules and rest in modules[path].imports:  # which has it from elsewhere
                return found(modules, *modules[path].imports[rest])
    return None


class _Plan:
    """Which name everything has afterwards."""

    def __init__(self, modules: dict[str, _Module], homes: dict[str, str]) -> None:
        self.modules, self.homes = modules, homes
        self.asked = set(self._asked())
        self.faults = self._faults()
        self.inner = {  # names inside of functions must not hide those of the file
            node.id if isinstance(node, ast.Name) else node.arg
            for module in modules.values()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.arg)
            or (isinstance(node, ast.Name) and node.id not in module.own)
        }
        self.names: dict[tuple[str, str], str] = {}
        self._choose()

    def _choose(self) -> None:
        """A new name for all that moves. What is asked for elsewhere has the same one there, so
        it must mean nothing else in any file."""
        anywhere = {
            name
            for path, module in self.modules.items()
            for name in (module.own if path not in self.homes else ()) | module.imports.keys()
        }
        # No private name: MicroPython leaves out a private constant, and nobody could ask for it.
        public = (f"{name[1:]}_" for name in short_names())
        free = (name for name in public if name not in anywhere | self.inner)
        taken: dict[str, set[str]] = {}
        shared: set[str] = set()
        moved = [(path, name) for path in sorted(self.homes) for name in self.modules[path].own]
        for path, name in sorted(moved):
            keeps = name in self.faults or self._is_import(path, name)
            entry = path == self.homes[path] and name[0] != "_"
            if keeps or entry:
                self.names[path, name] = name
                taken.setdefault(self.homes[path], set()).add(name)
            elif (path, name) in self.asked:
                self.names[path, name] = next(free)
                shared.add(self.names[path, name])
        for path, name in sorted(moved):
            mine = taken.setdefault(self.homes[path], set())
            if (path, name) not in self.names:
                used = mine | shared | self.inner
                self.names[path, name] = next(one for one in short_names() if one not in used)
                mine.add(self.names[path, name])

    def _is_import(self, path: str, name: str) -> bool:
        return any(
            isinstance(node, ast.Import)
            and any((alias.asname or alias.name) == name for alias in node.names)
            for node in self.modules[path].tree.body
        )

    def _asked(self) -> Iterator[tuple[str, str]]:
        """(path, name) of what files of other homes ask for."""
        for path, module in self.modules.items():
            whole = {}
            for node in ast.walk(module.tree):
                for alias in node.names if isinstance(node, ast.ImportFrom) else ():
                    pair = found(self.modules, node.module or "", alias.name)
                    if not pair or self._together(path, pair[0]):
                        continue
                    if pair[1]:
                        yield pair
                    else:
                        whole[alias.asname or alias.name] = pair[0]
            for node in ast.walk(module.tree):
                value = node.value if isinstance(node, ast.Attribute) else None
                if isinstance(value, ast.Name) and value.id in whole:
                    pair = found(self.modules, _dotted(whole[value.id]), node.attr)
                    if pair and not self._together(path, pair[0]):
                        yield pair

    def _together(self, one: str, other: str) -> bool:
        return self.homes.get(one, one) == self.homes.get(other, other)

    def _faults(self) -> set[str]:
        """Exceptions keep their names: records and reports tell them."""
        faults = {name for name in _FAULTS if issubclass(getattr(builtins, name), BaseException)}
        for _ in range(3):
            for module in self.modules.values():
                for node in module.tree.body:
                    if isinstance(node, ast.ClassDef) and any(
                        isinstance(base, ast.Name) and base.id in faults for base in node.bases
                    ):
                        faults.add(node.name)
        return {name for name in faults if name[0] != "_"}

    # what is written -------------------------------------------------------------------------

    def meaning(self, path: str, name: str) -> tuple[str, str] | None:
        """(path, name there) of a name of this file that is another's; name '' = all of it."""
        pair = self.modules[path].imports.get(name)
        return found(self.modules, *pair) if pair else None

    def now(self, path: str, name: str) -> str:
        return self.names.get((path, name), name)

    def written(self, home: str, members: list[str]) -> str:
        brought: dict[tuple[str, str], None] = {}  # (module, name): imports of the made file
        body: list[ast.stmt] = []
        for path in members:
            renamer = _Renamer(self, path, home, brought)
            for node in self.modules[path].tree.body:
                if not _is_ours(self.modules, node):
                    body.append(renamer.visit(node))
        every: dict[str, list[str]] = {}
        for module, name in brought:
            every.setdefault(module, []).append(name)
        imports = [f"from {module} import {', '.join(names)}" for module, names in every.items()]
        text = ast.unparse(ast.Module(_without_twins(body), []))
        text = "\n".join([*imports, text, ""])
        return constant(text, _private(text)) if home in self.homes.values() else text


def _private(text: str) -> set[str]:
    return {name for name in _bound(ast.parse(text).body) if name[0] == "_" != name[:2]}


def _is_ours(modules: dict[str, _Module], node: ast.stmt) -> bool:
    """An import of our own files, or a remark."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.ImportFrom) and any(
        found(modules, node.module or "", alias.name) for alias in node.names
    )


def _without_twins(body: list[ast.stmt]) -> list[ast.stmt]:
    """Imports said twice, once."""
    seen, kept = set(), []
    for node in body:
        text = ast.unparse(node) if isinstance(node, ast.Import | ast.ImportFrom) else ""
        if not text or text not in seen:
            kept.append(node)
        seen.add(text)
    return kept


class _Renamer(ast.NodeTransformer):
    """Gives the names of a file their new ones, outside of where a function means its own."""

    def __init__(
        self, plan: _Plan, path: str, home: str, brought: dict[tuple[str, str], None]
    ) -> None:
        self._plan, self._path, self._home, self._brought = plan, path, home, brought
        self._scopes: list[tuple[bool, set[str]]] = []  # whether a class's, and its names
        self._module = plan.modules[path]

    def _is_local(self, name: str) -> bool:
        """A class's own names are hidden from its methods."""
        return any(
            name in names
            for depth, (of_class, names) in enumerate(self._scopes, 1)
            if not of_class or depth == len(self._scopes)
        )

    def _there(self, path: str, name: str) -> str:
        """The name, here, of what `name` is in another file."""
        plan = self._plan
        if name in plan.modules[path].set_anew and not plan._together(self._path, path):
            raise ValueError(f"{self._path}: {path} sets {name} anew")
        new, home = plan.now(path, name), plan.homes.get(path, path)
        if home != self._home:
            self._brought[_dotted(home), new] = None
        return new

    def _new(self, name: str) -> str:
        if self._is_local(name):
            return name
        if name in self._module.own:
            return self._plan.now(self._path, name)
        pair = self._plan.meaning(self._path, name)
        if not pair:
            return name
        if not pair[1]:
            if pair[0] in self._plan.homes:
                raise ValueError(f"{self._path}: all of {pair[0]} is meant")
            self._brought[tuple(_dotted(pair[0]).rsplit(".", 1))] = None  # type: ignore[index]
            return name
        return self._there(*pair)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._new(node.id)
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._plan.now(self._path, name) for name in node.names]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and not self._is_local(node.value.id):
            pair = self._plan.meaning(self._path, node.value.id)
            if pair and not pair[1] and pair[0] in self._plan.homes:
                if not isinstance(node.ctx, ast.Load):
                    raise ValueError(f"{self._path}: sets {node.attr} of {pair[0]}")
                there = found(self._plan.modules, _dotted(pair[0]), node.attr)
                if not there or not there[1]:
                    raise ValueError(f"{self._path}: {pair[0]} has no {node.attr}")
                return ast.Name(self._there(*there), node.ctx)
        self.generic_visit(node)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.AST]:
        """In a function; at the top there is none left of ours."""
        made: list[ast.AST] = []
        for alias in node.names:
            pair = found(self._plan.modules, node.module or "", alias.name)
            if not pair or (not pair[1] and self._plan.homes.get(pair[0], pair[0]) == pair[0]):
                made.append(ast.ImportFrom(node.module, [alias], 0))
                continue
            path, name = pair
            if not name:
                raise ValueError(f"{self._path}: all of {path} is meant in a function")
            new, home = self._plan.now(path, name), _dotted(self._plan.homes.get(path, path))
            made.append(ast.ImportFrom(home, [ast.alias(new, alias.asname or alias.name)], 0))
        return made

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        self._defaults(node.args)
        if not self._scopes:
            node.name = self._new(node.name)
        return self._inside(node, node.args, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._defaults(node.args)
        self._scopes.append((False, _arguments(node.args)))
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def _defaults(self, args: ast.arguments) -> None:
        args.defaults = [self.visit(one) for one in args.defaults]
        args.kw_defaults = [one and self.visit(one) for one in args.kw_defaults]

    def _inside(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        args: ast.arguments,
        body: list[ast.stmt],
    ) -> ast.AST:
        meant = {
            name for one in ast.walk(node) if isinstance(one, ast.Global) for name in one.names
        }
        self._scopes.append((False, (_arguments(args) | set(_bound(body))) - meant))
        node.body = self._all(body)
        self._scopes.pop()
        return node

    def _all(self, body: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for one in body:
            new = self.visit(one)
            made += new if isinstance(new, list) else [new]
        return made

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(one) for one in node.bases]
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        if not self._scopes:
            node.name = self._new(node.name)
        self._scopes.append((True, set(_bound(node.body))))
        node.body = self._all(node.body)
        self._scopes.pop()
        return node

    def _comprehension(self, node: ast.AST) -> ast.AST:
        targets = {
            one.id
            for part in node.generators  # type: ignore[attr-defined]
            for one in ast.walk(part.target)
            if isinstance(one, ast.Name)
        }
        self._scopes.append((False, targets))
        self.generic_visit(node)
        self._scopes.pop()
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _arguments(args: ast.arguments) -> set[str]:
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return {one.arg for one in every if one}


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """The names that these statements give a meaning to, but not those inside of functions,
    classes and comprehensions."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        if not isinstance(
            node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        ):
            waiting += ast.iter_child_nodes(node)
