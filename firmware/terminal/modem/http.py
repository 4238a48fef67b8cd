"""HTTP/1.1 over any driver: a GET that goes on where it stopped, a POST of a streamed body.

One request a connection, link 1. No redirects: what is not 200 (206 for a part) is an HttpError.
Every failure is an OSError; after one in the middle of a GET, ask again from what the sink has.
"""

from micropython import const

_LINK = const(1)
_LINE_MAX = const(1024)
_HEADERS_MAX = const(40)
_WAIT_MS = const(30000)
_BODY_MAX = const(8388608)
_ANSWER_MAX = const(2048)  # of a POST's answer


class HttpError(OSError):
    """The server's answer will not do; `status` is its number, 0 for what is no proper HTTP."""

    def __init__(self, status, why=""):
        super().__init__("http %d %s" % (status, why))
        self.status = status


async def get(modem, url, headers, start, sink):
    """`sink(bytes)` gets the resource from byte `start` on; gives how many bytes that were.

    headers: {name: text}. What the sink gives is awaited where it is not None.
    """
    talk = await _connect(modem, url)
    try:
        more = {"Range": "bytes=%d-" % start} if start else {}
        await talk.ask("GET", headers, more)
        await talk.head()
        if talk.status != (206 if start else 200):
            raise HttpError(talk.status)
        if start and not talk.headers.get("content-range", "").startswith("bytes %d-" % start):
            raise HttpError(0, "another part")
        return await talk.body(sink, _BODY_MAX)
    finally:
        await talk.close()


async def post(modem, url, headers, chunks, length):
    """(status, body). `await chunks()` gives the next bytes until `length` of them are sent."""
    talk = await _connect(modem, url)
    answer = []
    try:
        await talk.ask("POST", headers, {"Content-Length": str(length)})
        while length > 0:
            piece = await chunks()
            if not piece or len(piece) > length:
                raise HttpError(0, "body of another length")
            await talk.write(piece)
            length -= len(piece)
        await talk.head()
        if talk.status != 204:
            await talk.body(answer.append, _ANSWER_MAX)
        return talk.status, b"".join(answer)
    finally:
        await talk.close()


async def _connect(modem, url):
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    name, _, port = host.partition(":")
    if scheme not in ("http", "https") or not name or not (port or "1").isdigit() or _odd(url):
        raise HttpError(0, "address")
    tls = scheme == "https"
    sock = await modem.connect(name, int(port or (443 if tls else 80)), tls, _LINK)
    return _Talk(sock, host, "/" + path)


def _odd(text):
    """Whether a text could end its line and begin another."""
    return any([not 0x20 <= ord(letter) < 0x7F for letter in text])


class _Talk:
    """One request and its answer on one connection."""

    def __init__(self, sock, host, path):
        self._sock = sock
        self._host = host
        self._path = path
        self._held = b""
        self.write = sock.write
        self.close = sock.close
        self.status = 0
        self.headers = {}

    async def ask(self, method, headers, more):
        lines = ["%s %s HTTP/1.1" % (method, self._path), "Host: " + self._host]
        for given in (headers, more, {"Connection": "close"}):
            lines += ["%s: %s" % item for item in given.items()]
        if any([_odd(line) for line in lines]):
            raise HttpError(0, "headers")
        await self.write("\r\n".join(lines + ["", ""]).encode())

    async def head(self):
        """Status and headers, names in small letters."""
        words = (await self._line()).split(" ")
        while len(words) > 1 and words[1] == "100":  # go on
            while await self._line():
                pass
            words = (await self._line()).split(" ")
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise HttpError(0, "no HTTP")
        self.status = int(words[1])
        for _ in range(_HEADERS_MAX):
            line = await self._line()
            if not line:
                return
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        raise HttpError(0, "too many headers")

    async def body(self, sink, most):
        """How many bytes the sink got."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks(sink, most)
        size = _number(self.headers.get("content-length", ""), 10)
        if size > most:
            raise HttpError(self.status, "too long")
        await self._pass(sink, size)
        return size

    async def _chunks(self, sink, most):
        total = 0
        while True:
            size = _number((await self._line()).partition(";")[0], 16)
            total += size
            if total > most:
                raise HttpError(self.status, "too long")
            if not size:
                return total  # trailers, if any, go with the connection
            await self._pass(sink, size)
            if await self._line():
                raise HttpError(0, "bad chunk")

    async def _pass(self, sink, size):
        while size:
            if not self._held:
                await self._more()
            piece, self._held = self._held[:size], self._held[size:]
            size -= len(piece)
            wait = sink(piece)
            if wait is not None:
                await wait

    async def _more(self):
        data = await self._sock.read(_WAIT_MS)
        # the note that bytes came may have been lost: the second look is a look for ourselves
        data = data or await self._sock.read(1)
        if not data:
            raise HttpError(0, "silence")
        self._held += data

    async def _line(self):
        while b"\n" not in self._held:
            if len(self._held) > _LINE_MAX:
                raise HttpError(0, "long line")
            await self._more()
        line, _, self._held = self._held.partition(b"\n")
        return "".join([chr(byte) for byte in line if 0x20 <= byte < 0x7F])


def _number(text, base):
    """A length; ValueError is none of ours."""
    try:
        size = int(text.strip(), base)
    except ValueError:
        size = -1
    if size < 0:
        raise HttpError(0, "length")
    return size
