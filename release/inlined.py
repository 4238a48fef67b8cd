"""Puts a function that one place alone calls into that place.

On the board a function takes a hundred bytes of memory besides its code, a coroutine more each
time it runs. The sources keep their small functions; what is compiled has those alone that are
asked for twice, handed over as values, or called by another file. It is done first of all, while
names are long and tell things apart.

What moves is a plain function of a file, or a method that its own class calls by `self`, where
nothing inherits, where no text names it, and where each `return` can become the end of a branch.
Its variables get names of their own. Left alone is what would keep values alive in a coroutine's
loop that were gone before.
"""

import ast
import copy
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp,
              ast.GeneratorExp, ast.DictComp, ast.SetComp)  # fmt: skip
_NEVER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp,
          ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal)  # fmt: skip
_LOOPS = (ast.While, ast.For, ast.AsyncFor)
_FIRST = {  # what is worked out before all else
    **dict.fromkeys((ast.Assign, ast.Return, ast.Expr, ast.Subscript, ast.Attribute, ast.Await),
                    "value"),
    **dict.fromkeys((ast.If, ast.IfExp), "test"),
    **dict.fromkeys((ast.BinOp, ast.Compare), "left"),
    **dict.fromkeys((ast.Tuple, ast.List), "elts"),
    **{ast.For: "iter", ast.UnaryOp: "operand", ast.BoolOp: "values"},
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]\w*")
_APPLICATION = "terminal/"
Sink = Callable[[ast.expr | None], list[ast.stmt]]


class _Cannot(Exception):
    pass


def inlined(files: dict[str, str], outside: dict[str, str]) -> dict[str, str]:
    """The sources by path; `outside`: what runs with them and stays as it is. ValueError names
    what is no program."""
    trees = {path: _parsed(path, text) for path, text in (outside | files).items()}
    used, number, made = _Uses(trees.values()), 0, dict(files)
    for path in files:
        while path.startswith(_APPLICATION) and (found := _next(trees[path], used)):
            number += 1
            _move(*found, number)
            made[path] = ""
        made[path] = made[path] or ast.unparse(trees[path]) + "\n"
    return made


def _parsed(path: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"{path}: {error}") from None


# who calls whom ----------------------------------------------------------------------------------


@dataclass
class _Owned:
    function: _FUNCTION
    home: ast.Module | ast.ClassDef


@dataclass
class _Site:
    """`block[place]` is the statement whose expression `value` is the call, awaited or not."""

    caller: _FUNCTION
    block: list[ast.stmt]
    place: int
    call: ast.Call
    value: ast.expr
    in_loop: bool
    last: bool  # nothing of the caller comes after it


def _next(tree: ast.Module, used: "_Uses") -> tuple[_Owned, _Site] | None:
    asked: dict[ast.AST, _Asked] = {}
    for owned in _owned(tree):
        try:
            home = asked.get(owned.home) or asked.setdefault(owned.home, _Asked(owned.home))
            return owned, _checked(owned, _site(owned, tree, used, home))
        except _Cannot:
            pass
    return None


class _Asked:
    """The places of one module or class that ask for a name: alone, or of something."""

    def __init__(self, home: ast.AST) -> None:
        self.alone: dict[str, list[ast.AST]] = {}
        self.of: dict[str, list[ast.AST]] = {}
        for node in ast.walk(home):
            if isinstance(node, ast.Name):
                self.alone.setdefault(node.id, []).append(node)
            elif isinstance(node, ast.Attribute):
                self.of.setdefault(node.attr, []).append(node)


def _owned(tree: ast.Module) -> Iterator[_Owned]:
    for node in tree.body:
        if isinstance(node, _FUNCTION):
            yield _Owned(node, tree)
        elif isinstance(node, ast.ClassDef):
            yield from (_Owned(one, node) for one in node.body if isinstance(one, _FUNCTION))


class _Uses:
    """How often each name is asked for: alone, of `self`, of anything else; and what stands in
    texts."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self.names: Counter[str] = Counter()
        self.strange: Counter[str] = Counter()
        self.texts: set[str] = set()
        self.bases: set[str] = set()
        for tree in trees:
            for node in ast.walk(tree):
                self._look(node)

    def _look(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self.names[node.id] += 1
        elif isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                self.strange[node.attr] += 1
        elif isinstance(node, ast.alias):
            self.strange[node.name] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.texts |= set(_WORD.findall(node.value)) if len(node.value) < 40 else set()
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                self.bases.add(base.attr if isinstance(base, ast.Attribute) else ast.unparse(base))


def _site(owned: _Owned, tree: ast.Module, used: _Uses, in_home: _Asked) -> _Site:
    name, home = owned.function.name, owned.home
    if name.startswith("__") or owned.function.decorator_list:
        raise _Cannot
    if used.strange[name] or name in used.texts:
        raise _Cannot
    if isinstance(home, ast.ClassDef):
        if home.bases or home.name in used.bases:
            raise _Cannot
        if name in in_home.alone:
            raise _Cannot
        asked = in_home.of.get(name, [])
        callers = [one for one in home.body if isinstance(one, _FUNCTION)]
    else:
        asked = in_home.alone.get(name, [])
        callers = [one.function for one in _owned(tree)]
        if name[0] != "_" and used.names[name] != 1:
            raise _Cannot
    if len(asked) != 1:
        raise _Cannot
    for caller in callers:
        if caller is not owned.function and (found := _in(caller, asked[0])):
            return found
    raise _Cannot


def _in(caller: _FUNCTION, asked: ast.AST) -> _Site | None:
    """Where in the caller's own statements `asked` is called."""

    def look(block: list[ast.stmt], in_loop: bool, last: bool) -> _Site | None:
        for place, statement in enumerate(block):
            ends = last and place + 1 == len(block)
            inner = isinstance(statement, _LOOPS)
            for field, value in ast.iter_fields(statement):
                if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                    only_branch = isinstance(statement, ast.If)
                    found = look(value, in_loop or (inner and field == "body"),
                                 ends and only_branch)  # fmt: skip
                    if found:
                        return found
                elif field == "handlers":
                    for one in value:
                        if found := look(one.body, in_loop, False):
                            return found
            if asked in set(_own(statement)):
                return _called(caller, block, place, asked, in_loop, ends)
        return None

    return look(caller.body, False, True)


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of one statement, without those of statements and scopes inside."""
    for node in ast.iter_child_nodes(statement):
        if not isinstance(node, ast.stmt | ast.ExceptHandler):
            yield from _expressions(node)


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, _OWN_SCOPE):
        for one in ast.iter_child_nodes(node):
            yield from _expressions(one)


def _called(
    caller: _FUNCTION, block: list[ast.stmt], place: int, asked: ast.AST, in_loop: bool, last: bool
) -> _Site | None:
    nodes = list(_own(block[place]))
    call = next((n for n in nodes if isinstance(n, ast.Call) and n.func is asked), None)
    if not call:
        return None
    above = next((n for n in nodes if isinstance(n, ast.Await) and n.value is call), None)
    return _Site(caller, block, place, call, above or call, in_loop, last)


def _checked(owned: _Owned, site: _Site) -> _Site:
    function, caller = owned.function, site.caller
    takes = function.args
    if takes.vararg or takes.kwarg or takes.kwonlyargs or takes.posonlyargs:
        raise _Cannot
    if isinstance(function, ast.AsyncFunctionDef) != isinstance(site.value, ast.Await):
        raise _Cannot
    for body in function.body:
        if any(isinstance(node, _NEVER) for node in ast.walk(body)):
            raise _Cannot
    if any(isinstance(one, ast.Starred) for one in site.call.args):
        raise _Cannot
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(caller)):
        raise _Cannot
    own = _locals(function)
    free = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} - own
    if free & _locals(caller):
        raise _Cannot
    waits = isinstance(caller, ast.AsyncFunctionDef) and site.in_loop
    if waits and own - {one.arg for one in takes.args}:
        raise _Cannot
    _moved(owned, site, 0)  # raises where a return cannot become the end of a branch
    return site


def _locals(function: _FUNCTION) -> set[str]:
    found = {one.arg for one in function.args.args}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


# the move ----------------------------------------------------------------------------------------


def _move(owned: _Owned, site: _Site, number: int) -> None:
    site.block[site.place : site.place + 1] = _moved(owned, site, number)
    owned.home.body.remove(owned.function)
    if not owned.home.body:
        owned.home.body.append(ast.Pass())


def _moved(owned: _Owned, site: _Site, number: int) -> list[ast.stmt]:
    """The statements that take the place of the one that calls."""
    before, body = _with_arguments(owned, site, number)
    statement = site.block[site.place]
    if isinstance(statement, ast.Return) and statement.value is site.value:
        made = body if _ends(body) else [*body, ast.Return()]
    elif isinstance(statement, ast.Expr) and statement.value is site.value:
        made = _dropped(body, site)
    elif (
        isinstance(statement, ast.Assign)
        and statement.value is site.value
        and len(statement.targets) == 1
    ):
        target = statement.targets[0]
        made = _branches(body, lambda value: [_assign(target, value)])
    else:
        made = _as_value(body, statement, site.value, number, bool(before))
    return [ast.fix_missing_locations(one) for one in [*before, *made]] or [ast.Pass()]


def _with_arguments(
    owned: _Owned, site: _Site, number: int
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """(assignments that come first, the body in the caller's terms)"""
    function = copy.deepcopy(owned.function)
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    parameters = [one.arg for one in function.args.args]
    new: dict[str, ast.expr] = {}
    if isinstance(owned.home, ast.ClassDef):
        mine = site.caller.args.args
        if not mine or parameters[:1] != ["self"] or mine[0].arg != "self":
            raise _Cannot
        parameters = parameters[1:]
    given = dict(zip(parameters, site.call.args, strict=False))
    given |= {one.arg or "": one.value for one in site.call.keywords}
    defaults = function.args.defaults
    for name, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
        given.setdefault(name, default)
    if given.keys() != set(parameters):
        raise _Cannot
    stored = {
        node.id
        for one in body
        for node in ast.walk(one)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    theirs = _locals(site.caller)
    before: list[ast.stmt] = []
    names = {name: f"{name}_in{number}" for name in _locals(function) - {"self"}}
    if not isinstance(owned.home, ast.ClassDef) and "self" in parameters:
        raise _Cannot
    for name in parameters:
        value = given[name]
        is_plain = isinstance(value, ast.Constant) or (
            isinstance(value, ast.Name) and value.id in theirs
        )
        if is_plain and name not in stored:
            new[name] = value
        else:
            before.append(_assign(ast.Name(names[name], ast.Store()), value))
    renamer = _Renamer(names, new)
    return before, [renamer.visit(one) for one in body]


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], values: dict[str, ast.expr]) -> None:
        self.names, self.values = names, values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.values:
            return copy.deepcopy(self.values[node.id])
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        node.name = self.names.get(node.name or "", node.name)
        self.generic_visit(node)
        return node

    def visit_alias(self, node: ast.alias) -> ast.alias:
        node.asname = self.names[node.asname or node.name]
        return node


def _assign(target: ast.expr, value: ast.expr | None) -> ast.stmt:
    return ast.Assign([copy.deepcopy(target)], value or ast.Constant(None))


def _dropped(body: list[ast.stmt], site: _Site) -> list[ast.stmt]:
    def sink(value: ast.expr | None) -> list[ast.stmt]:
        plain = value is None or isinstance(value, ast.Constant | ast.Name)
        return [] if plain else [ast.Expr(value)]  # type: ignore[arg-type]

    try:
        return _branches(body, sink)
    except _Cannot:
        told = [n.value for n in ast.walk(site.caller) if isinstance(n, ast.Return)]
        values = [n.value for one in body for n in ast.walk(one) if isinstance(n, ast.Return)]
        if not site.last or any(told) or any(values):
            raise
        return body


def _as_value(
    body: list[ast.stmt], statement: ast.stmt, value: ast.expr, number: int, prepared: bool
) -> list[ast.stmt]:
    """The result takes the call's place in its statement."""
    only = body[0] if len(body) == 1 else None
    copied = copy.deepcopy(statement, {id(value): value})
    is_one = isinstance(only, ast.Return) and only.value
    if not (is_one and not prepared) and not _is_first(statement, value):
        raise _Cannot
    if isinstance(only, ast.Return) and only.value:
        return [_Replace(value, only.value).visit(copied)]
    name = f"of_in{number}"
    made = _branches(body, lambda one: [_assign(ast.Name(name, ast.Store()), one)])
    return [*made, _Replace(value, ast.Name(name, ast.Load())).visit(copied)]


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _is_first(statement: ast.stmt, wanted: ast.expr) -> bool:
    """Whether the statement begins with this expression, and has it once."""
    node: Any = statement
    while node is not None and node is not wanted:
        field = _FIRST.get(type(node), "")
        if isinstance(node, ast.Call):
            field = "args" if isinstance(node.func, ast.Name) else "func"
        node = getattr(node, field, None)
        if isinstance(node, list):
            node = node[0] if node else None
    return node is wanted


def _branches(body: list[ast.stmt], sink: Sink) -> list[ast.stmt]:
    """The body with `sink` in place of each return, also of the one at its end."""
    made: list[ast.stmt] = []
    for place, one in enumerate(body):
        rest = body[place + 1 :]
        if isinstance(one, ast.Return):
            return made + sink(one.value)
        if not _returns(one):
            made.append(one)
            if isinstance(one, ast.Raise):
                return made
            continue
        if isinstance(one, ast.If):
            yes, no = one.body, one.orelse
            if rest and _ends(yes):
                no, rest = no + rest, []
            elif rest and _ends(no):
                yes, rest = yes + rest, []
            if rest:
                raise _Cannot
            return [*made, ast.If(one.test, _branches(yes, sink) or [ast.Pass()],
                                  _branches(no, sink))]  # fmt: skip
        if rest or not isinstance(one, ast.With | ast.AsyncWith):
            raise _Cannot
        one.body = _branches(one.body, sink) or [ast.Pass()]
        return [*made, one]
    return made + sink(None)


def _returns(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(statement))


def _ends(body: list[ast.stmt]) -> bool:
    """Whether nothing after it is reached."""
    last = body[-1] if body else None
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)
