"""Makes a compiled file (.mpy, version 6) smaller, without changing what it does.

The compiler numbers names as they come, and a number above 127 takes a byte more at each use: here
the commonest come first. What nobody can ask for goes: names of arguments that no call in the
program gives by keyword, two entries of each class that MicroPython never reads, what an import
asks for (it looks whether anything is), code after a return, jumps to jumps. Texts of what stays
loaded become names, also those in short tuples: as objects they take five times the room. Equal
ends of a function's branches become one, and so do equal constants and functions. Functions with
`try` keep their order, because there the interpreter compares places. ValueError: not what
mpy-cross makes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_STRING, _NAME, _STORE_NAME, _IMPORT_NAME = 0x10, 0x11, 0x16, 0x1B
_SMALL_INT, _OBJECT, _BUILD_TUPLE = 0x22, 0x23, 0x2A
_FALSE, _NONE, _TRUE, _ZERO = 0x50, 0x51, 0x52, 0x80  # 0x80: the whole number 0, one of 64
_TEXT, _INT, _TUPLE, _NAME_MAX = 5, 7, 10, 255  # kinds of objects; bytes of a name at the most
_LITERALS = {1: _NONE, 2: _FALSE, 3: _TRUE}  # kinds of objects with an instruction of their own
_OPPOSITE = {0x43: 0x44, 0x44: 0x43}  # to jump if true, if false
_JUMPS = {0x42, *_OPPOSITE}
_JUMP, _RETURN, _UNWIND, _POP_EXCEPT = 0x42, 0x63, 0x40, 0x4A
_ENDS = {_JUMP, _RETURN, _UNWIND, _POP_EXCEPT, 0x64, 0x65, 0x66}  # … and the three ways to raise
_SIGNED = {0x40, 0x42, 0x43, 0x44}
_STORE_FAST, _ANY_FAST = 0xC0, {0x24, 0x26, 0x28}
_BYTE, _QSTR, _VARINT, _OFFSET = range(4)
_WIDEST = 5  # a tuple that is put together
_ANY_KEYWORD, _DEFAULTS = 2, 8  # flags of a function
_KINDS = 0x3A4  # two bits for each sixteen instructions
_UNNAMED = {"<lambda>", "<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}


@dataclass(eq=False)
class Step:
    """One instruction; `target`: where it may jump to."""

    code: int
    kind: int = _BYTE
    value: int = 0
    extra: bytes = b""
    target: "Step | None" = None

    def same(self, other: "Step") -> bool:
        return (self.code, self.value, self.extra, self.target) == (
            *(other.code, other.value, other.extra),
            other.target,
        )


@dataclass
class Function:
    head: bytes  # the signature: room on the stack, flags, numbers of arguments
    tries: int
    by_keyword: bool  # takes arguments that only a keyword gives
    named: list[int]  # its own name, then its arguments' or none
    lines: bytes
    cells: bytes
    arguments: int
    steps: list[Step]
    children: list["Function"] = field(default_factory=list)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        value = 0
        while True:
            one = self.byte()
            value = value << 7 | one & 0x7F
            if one < 0x80:
                return value


def smaller(mpy: bytes, keywords: set[bytes] | None = None, stays: bool = False) -> bytes:
    """`keywords`: every one that a call gives anywhere in the program, as a file's table of names
    has it (`names_in`); None = nobody knows, and arguments keep their names. `stays`: once loaded
    it is never dropped, as names never are."""
    names, constants, top = _read(mpy)
    texts = [_text(one) for one in names]
    for one in _all(top):
        _without_names(one, names, texts, keywords)
        _without_asking(one)
    constants = _once(top, constants)
    while stays and len(fewer := _without_texts(top, constants, names)) < len(constants):
        constants = fewer
    for one in _all(top):
        _improve(one)
    _without_folder(top, names)
    order = _order(top, len(names))
    places = {old: new for new, old in enumerate(order)}
    out = bytearray(mpy[:4] + _encoded(len(order)) + _encoded(len(constants)))
    out += b"".join([names[old] for old in order] + constants)
    _write(out, top, places)
    return bytes(out)


def names_in(mpy: bytes) -> set[bytes]:
    """Its table of names, each as it stands there."""
    return set(_read(mpy)[0])


# reading -----------------------------------------------------------------------------------------


def _read(mpy: bytes) -> tuple[list[bytes], list[bytes], Function]:
    """(names, constants, the program)"""
    reader = _Reader(mpy)
    head = reader.bytes(4)
    if head[:2] != b"M\x06" or head[2] & 0x40:
        raise ValueError("no .mpy of version 6")
    count, objects = reader.number(), reader.number()
    names = [_name(reader) for _ in range(count)]
    constants = [_object(reader) for _ in range(objects)]
    top = _function(reader)
    if reader.at != len(mpy):
        raise ValueError("more than one program")
    return names, constants, top


def _name(reader: _Reader) -> bytes:
    begins = reader.at
    length = reader.number()
    if not length & 1:
        reader.bytes((length >> 1) + 1)
    return reader.data[begins : reader.at]


def _text(name: bytes) -> bytes:
    """Of a name with letters; one that MicroPython has built in has none here."""
    reader = _Reader(name)
    return b"" if reader.number() & 1 else name[reader.at : -1]


def _object(reader: _Reader) -> bytes:
    begins = reader.at
    kind = reader.byte()
    if kind == 10:
        for _ in range(reader.number()):
            _object(reader)
    elif kind > 4:
        reader.bytes(reader.number() + (kind in (_TEXT, 6)))
    return reader.data[begins : reader.at]


def _function(reader: _Reader) -> Function:
    size = reader.number()
    if size & 3:
        raise ValueError("machine code")
    made = _bytecode(reader.bytes(size >> 3))
    if size & 4:
        made.children = [_function(reader) for _ in range(reader.number())]
    return made


def _bytecode(data: bytes) -> Function:
    reader = _Reader(data)
    byte = reader.byte()
    tries, positional, by_name, flags, shift = byte >> 2 & 1, byte & 3, 0, 0, 0
    while byte & 0x80:
        byte = reader.byte()
        tries |= (byte & 2) << shift
        positional |= (byte & 4) << shift
        by_name |= (byte >> 3 & 1) << shift
        flags |= (byte >> 6 & 1) << shift
        shift += 1
    head = data[: reader.at]
    info = cells = shift = 0
    while True:
        byte = reader.byte()
        info |= (byte >> 1 & 0x3F) << (6 * shift)
        cells |= (byte & 1) << shift
        shift += 1
        if byte < 0x80:
            break
    ends = reader.at + info
    named, arguments = [reader.number()], positional + by_name
    while reader.at < ends and len(named) <= arguments:
        named.append(reader.number())
    lines = reader.bytes(ends - reader.at)
    closed = reader.bytes(cells)
    by_keyword = bool(by_name or flags & (_ANY_KEYWORD | _DEFAULTS))
    steps = _steps(data, reader.at)
    return Function(head, tries, by_keyword, named, lines, closed, arguments, steps)


def _steps(data: bytes, begins: int) -> list[Step]:
    reader = _Reader(data)
    reader.at = begins
    at: dict[int, Step] = {}
    wanted: list[tuple[Step, int]] = []
    while reader.at < len(data):
        place = reader.at
        code = reader.byte()
        step = at[place] = Step(code, _KINDS >> (2 * (code >> 4)) & 3)
        if step.kind in (_QSTR, _VARINT):
            negative = code == _SMALL_INT and data[reader.at] & 0x40
            first = reader.at
            step.value = reader.number()
            step.value -= (1 << 7 * (reader.at - first)) if negative else 0
        elif step.kind == _OFFSET:
            low = reader.byte()
            distance = low
            bias = 0x40
            if low & 0x80:
                distance, bias = low & 0x7F | reader.byte() << 7, 0x4000
            wanted.append((step, reader.at + distance - (bias if code in _SIGNED else 0)))
        if code & 0x9E == 0:
            step.extra = reader.bytes(1)
    for step, place in wanted:
        step.target = at[place]
    return list(at.values())


def _all(function: Function) -> Iterable[Function]:
    yield function
    for child in function.children:
        yield from _all(child)


# making smaller ----------------------------------------------------------------------------------


def _without_names(
    function: Function, names: list[bytes], texts: list[bytes], asked: set[bytes] | None
) -> None:
    """What is never asked for is called as the file is, which is there anyway; arguments of which
    none is asked for have no names at all (MicroPython looks at them for keywords alone)."""
    own, *arguments = function.named
    if texts[own].decode() in _UNNAMED:
        own = 0
    if asked is not None:
        arguments = [one if names[one] in asked else 0 for one in arguments]
        if not (any(arguments) or function.by_keyword or function.lines):
            arguments = []
    function.named = [own, *arguments]


def _without_asking(function: Function) -> None:
    """`from x import a, b` tells the import what is asked for; it wants to know whether at all."""
    targets = {id(one.target) for one in function.steps}
    kept: list[Step] = []
    for one in function.steps:
        if one.code == _IMPORT_NAME and kept and kept[-1].code == _BUILD_TUPLE:
            asked = kept[-1 - kept[-1].value :]
            if all(step.code == _STRING for step in asked[:-1]) and not targets & set(
                map(id, asked)
            ):
                kept[-len(asked) :] = [Step(_TRUE)]
        kept.append(one)
    function.steps = kept


def _once(top: Function, constants: list[bytes]) -> list[bytes]:
    """Equal constants are one."""
    kept = list(dict.fromkeys(constants))
    for function in _all(top):
        for step in function.steps:
            if step.code == _OBJECT:
                step.value = kept.index(constants[step.value])
    return kept


def _without_texts(top: Function, constants: list[bytes], names: list[bytes]) -> list[bytes]:
    """The constants without texts that can be names, which they become; a tuple with texts is put
    together where it is asked for, if that takes less."""
    places = {name: number for number, name in enumerate(names)}
    uses = Counter(s.value for one in _all(top) for s in one.steps if s.code == _OBJECT)
    made: dict[int, list[Step]] = {}  # what loads it
    kept: list[bytes] = []
    for number, one in enumerate(constants):
        parts, stranger = _parts(one, places)
        taken = sum(map(len, stranger)) + uses[number] * sum(2 if p.kind else 1 for p in parts)
        if not parts or (len(parts) > 1 and taken > len(one) + 2 * uses[number]):
            made[number] = [Step(_OBJECT, _VARINT, len(kept))]
            kept.append(one)
        else:
            for name in stranger:
                places[name] = len(names)
                names.append(name)
            made[number] = _parts(one, places)[0]
    for function in _all(top):
        _put_in(function, made)
    return kept


def _parts(one: bytes, places: dict[bytes, int]) -> tuple[list[Step], list[bytes]]:
    """(what loads the constant without being one, if there is such; the names that it lacks)"""
    reader = _Reader(one)
    kind = reader.byte()
    if kind in _LITERALS:
        return [Step(_LITERALS[kind])], []
    if kind == _INT:
        value = int(reader.bytes(reader.number()))
        if abs(value) >= 1 << 13:
            return [], []
        short = -16 <= value < 48
        return [Step(_ZERO + value) if short else Step(_SMALL_INT, _VARINT, value)], []
    if kind == _TEXT:
        size = reader.number()
        if size > _NAME_MAX:
            return [], []
        name = _encoded(size << 1) + one[reader.at :]
        return [Step(_STRING, _QSTR, places.get(name, 0))], [] if name in places else [name]
    if kind != _TUPLE:
        return [], []
    steps: list[Step] = []
    stranger: list[bytes] = []
    count = reader.number()
    for _ in range(count):
        found, more = _parts(_object(reader), places)
        if len(found) != 1 or found[0].code == _BUILD_TUPLE:
            return [], []
        steps += found
        stranger += more
    if not 0 < count <= _WIDEST:
        return [], []
    return [*steps, Step(_BUILD_TUPLE, _VARINT, count)], list(dict.fromkeys(stranger))


def _put_in(function: Function, made: dict[int, list[Step]]) -> None:
    """In place of each constant what loads it, on a stack with room for that."""
    steps: list[Step] = []
    higher = 0
    for one in function.steps:
        new = made[one.value] if one.code == _OBJECT else [one]
        if new != [one]:
            new = [Step(step.code, step.kind, step.value) for step in new]
            # who jumps there goes on doing so
            one.code, one.kind, one.value = new[0].code, new[0].kind, new[0].value
            new[0] = one
            higher = max(higher, len(new) - 2)
        steps += new
    function.steps = steps
    function.head = _with_room(function.head, higher)


def _with_room(head: bytes, more: int) -> bytes:
    """The signature of a function whose stack may get that much higher."""
    room, shift = head[0] >> 3 & 0xF, 4
    for byte in head[1:]:
        room |= (byte >> 4 & 3) << shift
        shift += 2
    room += more
    made = bytearray([head[0] & 0x87 | (room & 0xF) << 3])
    room >>= 4
    for byte in head[1:]:
        made.append(byte & 0xCF | (room & 3) << 4)
        room >>= 2
    while room:
        made[-1] |= 0x80
        made.append((room & 3) << 4)
        room >>= 2
    return bytes(made)


def _without_folder(top: Function, names: list[bytes]) -> None:
    """The file's own name, which tracebacks alone show, without where it lies."""
    if not any(one.kind == _QSTR and one.value == 0 for each in _all(top) for one in each.steps):
        file = _text(names[0]).rpartition(b"/")[2]
        names[0] = _encoded(len(file) << 1) + file + b"\0" if file else names[0]


def _improve(function: Function) -> None:
    _without_module_of_class(function)
    _without_passing_through(function)
    _straightened(function)
    if not function.tries:
        while _with_one_end(function):
            _straightened(function)


def _straightened(function: Function) -> None:
    _without_dead(function)
    _without_jump_over(function)
    if not function.tries:
        _without_jump_to_jump(function)
    _without_dead(function)


def _without_module_of_class(function: Function) -> None:
    steps = function.steps
    codes = [one.code for one in steps[:4]]
    if codes == [_NAME, _STORE_NAME, _STRING, _STORE_NAME] and steps[2].value == function.named[0]:
        del steps[:4]


def _without_passing_through(function: Function) -> None:
    """A local variable that is set once and used once, just then, is none."""
    targets = {id(one.target) for one in function.steps}
    uses: Counter[int] = Counter()
    for one in function.steps:
        if one.code >> 4 in (0xB, 0xC):
            uses[one.code & 0xF] += 1
        elif one.code in _ANY_FAST:
            uses[one.value] += 1
    kept: list[Step] = []
    cells = set(function.cells)
    for one in function.steps:
        number = one.code & 0xF
        if (
            one.code >> 4 == 0xB
            and kept
            and kept[-1].code == _STORE_FAST + number
            and uses[number] == 2
            and number >= function.arguments
            and number not in cells
            and not {id(one), id(kept[-1])} & targets
        ):
            kept.pop()
        else:
            kept.append(one)
    function.steps = kept


def _without_jump_over(function: Function) -> None:
    """A jump over a jump is the opposite jump."""
    targets = {id(one.target) for one in function.steps}
    kept: list[Step] = []
    steps = function.steps
    for place, one in enumerate(steps):
        over = kept[-1] if kept else None
        if (
            one.code == _JUMP
            and id(one) not in targets
            and over
            and over.code in _OPPOSITE
            and place + 1 < len(steps)
            and over.target is steps[place + 1]
        ):
            over.code, over.target = _OPPOSITE[over.code], one.target
        else:
            kept.append(one)
    function.steps = kept


def _without_jump_to_jump(function: Function) -> None:
    """What jumps to a jump or to a return goes there at once."""
    for one in function.steps:
        for _ in function.steps:  # a loop of nothing but jumps has no end
            if one.code in _JUMPS and one.target and one.target.code == _JUMP:
                one.target = one.target.target
        if one.code == _JUMP and one.target and one.target.code == _RETURN:
            one.code, one.kind, one.target = _RETURN, _BYTE, None


def _without_dead(function: Function) -> None:
    while True:
        targets = {id(one.target) for one in function.steps if one.target}
        kept: list[Step] = []
        for one in function.steps:
            if not kept or kept[-1].code not in _ENDS or id(one) in targets:
                kept.append(one)
        if len(kept) == len(function.steps):
            return
        function.steps = kept


def _with_one_end(function: Function) -> bool:
    """Whether two equal ends were found; the earlier then jumps into the later."""
    steps = function.steps
    found = max(_pairs(steps), default=(0, 0, 0, 0))
    gain, last, begin, other = found
    if gain < 1:
        return False
    place = {id(one): number for number, one in enumerate(steps)}
    target = steps[other]
    for one in steps:
        number = place.get(id(one.target), -1)
        if begin <= number <= last:
            one.target = steps[other + number - begin]
    steps[begin : last + 1] = [Step(_JUMP, _OFFSET, target=target)]
    return True


def _pairs(steps: list[Step]) -> Iterator[tuple[int, int, int, int]]:
    """(bytes that it spares, the earlier's last place, its first, the later's first)"""
    for alike in _ends(steps).values():
        for index, (last, before) in enumerate(alike):
            if steps[last].code not in _ENDS:
                continue
            for _, other in alike[index + 1 :]:
                size = _common(steps, before, other)
                begin = before - size + 1
                spared = sum(_length(one) for one in steps[begin : before + 1])
                if size and other - size + 1 > last:
                    yield spared - (2 if before == last else 0), last, begin, other - size + 1


def _ends(steps: list[Step]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """By how it goes on there: (the last step's place, the last before a jump)."""
    ends: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for number, one in enumerate(steps):
        if number and steps[number - 1].code not in _ENDS:  # falls into it
            ends.setdefault((_JUMP, id(one)), []).append((number - 1, number - 1))
        if one.code == _JUMP:
            ends.setdefault((_JUMP, id(one.target)), []).append((number, number - 1))
        elif one.code in _ENDS:
            ends.setdefault((one.code, 0), []).append((number, number))
    return ends


def _common(steps: list[Step], one: int, other: int) -> int:
    size = 0
    while one - size >= 0 and other - size > one and steps[one - size].same(steps[other - size]):
        size += 1
    return size


def _length(step: Step) -> int:
    if step.kind == _OFFSET:
        return 2 + len(step.extra)
    return 1 + (len(_operand(step, step.value)) if step.kind else 0) + len(step.extra)


# writing -----------------------------------------------------------------------------------------


def _order(top: Function, count: int) -> list[int]:
    """The numbers of the names that are used, the commonest first; the file's stays the first."""
    uses: Counter[int] = Counter()
    for function in _all(top):
        uses.update(function.named)
        uses.update(one.value for one in function.steps if one.kind == _QSTR)
    uses[0] = 1 << 30
    return sorted(uses, key=lambda number: (-uses[number], number))


def _operand(step: Step, value: int) -> bytes:
    return _encoded(value, signed=step.code == _SMALL_INT)


def _encoded(value: int, signed: bool = False) -> bytes:
    made = bytearray([value & 0x7F])
    value >>= 7
    while value not in (0, -1):
        made.insert(0, 0x80 | value & 0x7F)
        value >>= 7
    if signed and (made[0] & 0x40 != 0) != (value == -1):
        made.insert(0, 0xFF if value == -1 else 0x80)
    return bytes(made)


def _write(out: bytearray, function: Function, places: dict[int, int]) -> None:
    named = b"".join(_encoded(places[one]) for one in function.named)
    code = _code(function.steps, places)
    if len(function.named) <= function.arguments:
        # a traceback passes over as many numbers as there are arguments: not out of this function
        rest = function.cells + code
        named += bytes(max(0, function.arguments - sum(one < 0x80 for one in rest)))
    info = len(named) + len(function.lines)
    cells, size = len(function.cells), bytearray()
    while not size or info | cells:
        byte = (info & 0x3F) << 1 | cells & 1
        info, cells = info >> 6, cells >> 1
        size.append(byte | (0x80 if info | cells else 0))
    body = function.head + size + named + function.lines + function.cells
    body += code
    out += _encoded(len(body) << 3 | (4 if function.children else 0)) + body
    if function.children:
        out += _encoded(len(function.children))
        for child in function.children:
            _write(out, child, places)


def _code(steps: list[Step], places: dict[int, int]) -> bytes:
    """Jumps take one byte for their distance where that is enough."""
    operands = {
        id(one): _encoded(places[one.value]) if one.kind == _QSTR else _operand(one, one.value)
        for one in steps
        if one.kind in (_QSTR, _VARINT)
    }
    wide: set[int] = set()
    while True:
        at, place = 0, {}
        for one in steps:
            place[id(one)] = at
            jump = 1 + (id(one) in wide) if one.target else 0
            at += 1 + (jump or len(operands.get(id(one), b""))) + len(one.extra)
        known = len(wide)
        for one in steps:
            if one.target:
                is_wide = id(one) in wide
                distance = place[id(one.target)] - place[id(one)] - 2 - is_wide
                if not is_wide and not _is_near(distance, one.code):
                    wide.add(id(one))
                operands[id(one)] = _distance(distance, one.code, is_wide)
        if len(wide) == known:
            return b"".join(bytes([s.code]) + operands.get(id(s), b"") + s.extra for s in steps)


def _is_near(distance: int, code: int) -> bool:
    return -64 <= distance < 64 if code in _SIGNED else distance < 128


def _distance(distance: int, code: int, is_wide: bool) -> bytes:
    if code not in _SIGNED and distance < 0:
        raise ValueError("a jump that cannot go back")
    if is_wide:
        distance += 0x4000 if code in _SIGNED else 0
        return bytes((0x80 | distance & 0x7F, distance >> 7 & 0xFF))
    return bytes([(distance + (0x40 if code in _SIGNED else 0)) & 0x7F])
