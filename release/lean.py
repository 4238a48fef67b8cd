"""Makes sources smaller before they are compiled, without changing what they do.

Every name that a program uses costs its letters and some thirty bytes of memory on the board. A
private name (one underscore) means nothing outside of its file: one of two letters takes its
place, and the next file uses the same ones again. Private numbers and texts become `const`, which
leaves them out altogether. Lines stay where they are.
"""

import ast
import io
import keyword
import re
import string
import tokenize
from collections import Counter
from collections.abc import Iterator

_PRIVATE = re.compile(r"_[A-Za-z]\w*")
_LETTERS = string.ascii_lowercase + string.ascii_uppercase


def lean(files: dict[str, str], foreign: dict[str, str] | None = None) -> dict[str, str]:
    """The sources by path, made smaller; `foreign`: others that run with them, left as they are.

    Left alone are names that a text mentions, that a file uses without giving them a meaning, and
    that stand in two files and are somewhere asked of another object than `self`. Files whose
    classes inherit from each other's share no name, long or short. ValueError names what is no
    program.
    """
    uses = {path: _uses(path, text) for path, text in (files | (foreign or {})).items()}
    homes = Counter(name for one in uses.values() for name in one.names)
    strange = {name for one in uses.values() for name in one.strange | one.mentioned}
    families = _families(files | (foreign or {}))
    used: set[str] = set()  # the short names of files with families
    made = {}
    for path, text in sorted(files.items()):
        mine = uses[path]
        private = sorted(
            name
            for name in mine.meant - mine.mentioned
            if homes[name] == 1 or (path not in families and name not in strange)
        )
        taken = mine.names | (used if path in families else set())
        free = (name for name in short_names() if name not in taken and name not in homes)
        short = dict(zip(private, free, strict=False))
        if path in families:
            used |= set(short.values())
        made[path] = _renamed(constant(text, set(private)), short)
    return made


def _uses(path: str, text: str) -> "_Uses":
    try:
        return _Uses(text)
    except (SyntaxError, tokenize.TokenError) as error:
        raise ValueError(f"{path}: {error}") from None


class _Uses:
    """The private names of one file: all of them, those it gives a meaning to, those it asks of
    other objects, those that stand in a text."""

    def __init__(self, text: str) -> None:
        self.names: set[str] = set()
        self.meant: set[str] = set()
        self.strange: set[str] = set()
        self.mentioned = _in_formatted(text)
        tree = ast.parse(text)
        remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) not in remarks:
                self._look(node)
        self.names |= self.meant | self.strange | self.mentioned
        self.meant = {name for name in self.meant if len(name) > 2}

    def _look(self, node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._add(self.meant, node.name)
        elif isinstance(node, ast.arg):
            self._add(self.meant, node.arg)
        elif isinstance(node, ast.Name):
            stored = isinstance(node.ctx, ast.Store)
            self._add(self.meant if stored else self.names, node.id)
        elif isinstance(node, ast.Attribute):
            self._attribute(node)
        elif isinstance(node, ast.keyword):
            self._add(self.names, node.arg or "")
        elif isinstance(node, ast.alias):
            self._add(self.mentioned, node.name.rpartition(".")[2], node.asname or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            self._add(self.mentioned, *_PRIVATE.findall(repr(node.value)))

    def _attribute(self, node: ast.Attribute) -> None:
        own = isinstance(node.value, ast.Name) and node.value.id == "self"
        if not own:
            self._add(self.strange, node.attr)
        elif isinstance(node.ctx, ast.Store):
            self._add(self.meant, node.attr)
        else:
            self._add(self.names, node.attr)

    @staticmethod
    def _add(found: set[str], *names: str) -> None:
        found |= {name for name in names if _PRIVATE.fullmatch(name)}


def short_names() -> Iterator[str]:
    for first in ("", *_LETTERS):
        for last in _LETTERS:
            if not keyword.iskeyword(f"_{first}{last}"):
                yield f"_{first}{last}"


def _in_formatted(text: str) -> set[str]:
    """Names inside of f-strings, which older Pythons give as one token."""
    found: set[str] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING and re.match("[rbu]?f", token.string, re.I):
            found |= set(_PRIVATE.findall(token.string))
    return found


def _families(files: dict[str, str]) -> set[str]:
    """Files with classes that inherit from another file's, and those others."""
    found = set()
    homes = {}
    for path, text in files.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, set()).add(path)
    for path, text in files.items():
        tree = ast.parse(text)
        own = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        for node in ast.walk(tree):
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                if name not in own and name in homes:
                    found |= {path} | homes[name]
    return found


def constant(text: str, private: set[str]) -> str:
    """`_NAME = 5` as `_NAME = const(5)`, where nothing else is ever put there; so with texts, and
    with tuples of such, and where several are given at once."""
    tree = ast.parse(text)
    stores = Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    )
    lines = text.splitlines(keepends=True)
    for node in tree.body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        made = []
        for name, value in _pairs(node.targets[0], node.value):
            is_ours = name in private and stores[name] == 1 and _is_constant(value)
            given = ast.unparse(value)
            made.append((is_ours, f"{name} = const({given})" if is_ours else f"{name} = {given}"))
        if any(ours for ours, _ in made) and node.lineno == node.end_lineno:
            line = lines[node.lineno - 1].encode()
            new = "; ".join(text for _, text in made).encode()
            lines[node.lineno - 1] = (new + line[node.end_col_offset :]).decode()
    return "".join(lines)


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    """(name, value) of an assignment; [] where it is another."""
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        names = [one.id for one in target.elts if isinstance(one, ast.Name)]
        plain = all(map(_is_constant, value.elts))
        if plain and len(names) == len(target.elts) == len(value.elts):
            return list(zip(names, value.elts, strict=True))
    return []


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(map(_is_constant, node.elts))
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return True
    return _whole_number(node)


def _whole_number(node: ast.expr) -> bool:
    """A number, or one made of numbers alone."""
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    if isinstance(node, ast.BinOp):
        whole = isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.LShift | ast.FloorDiv)
        return whole and _whole_number(node.left) and _whole_number(node.right)
    return False


def _renamed(text: str, short: dict[str, str]) -> str:
    """Name by name, from the end of each line to its start, so that places stay good."""
    lines = text.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    for token in reversed(tokens):
        if token.type == tokenize.NAME and token.string in short:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + short[token.string] + line[token.end[1] :]
    return "".join(lines)
