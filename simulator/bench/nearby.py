"""The bench's own phone beside a terminal, by HTTP: what a page cannot do without a radio.

`GET /terminals/D/nearby` meets and reads its identity · `POST …/nearby/ticket` `{"value": text}`
gives word and receipt · `POST …/nearby/carry` `{"value": seq}` gives word and the journal's body ·
`POST …/nearby/stored` `{"value": body}` gives a word · `POST …/nearby/part` ends it ·
`POST …/nearby/gatt` `{"value": {"of": characteristic or 0, "write": hex or nothing}}` gives bytes
and the notifications since, for a browser's own page code.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from simulator.nearby_phone import NearbyError, NearbyPhone
from simulator.terminal import SimulatedTerminal
from simulator.world.air import Air

_WAIT_S = 30


class Phones:
    """One phone a terminal, all in one air; runs in the terminals' event loop."""

    def __init__(
        self, terminals: Mapping[str, SimulatedTerminal], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._terminals, self._loop = terminals, loop
        self._air: Air | None = None
        self._phones: dict[str, NearbyPhone] = {}

    def routes(self, app: Flask) -> None:
        @app.get("/terminals/<device>/nearby")
        def identity(device: str) -> Response:
            self._known(device)
            return self._answer(self._identity(device))

        @app.post("/terminals/<device>/nearby/<what>")
        def do(device: str, what: str) -> Response:
            work = {
                "ticket": self._ticket,
                "carry": self._carry,
                "stored": self._stored,
                "part": self._part,
                "gatt": self._gatt,
            }.get(what) or abort(404)
            self._known(device)
            value = (request.get_json(silent=True) or {}).get("value")
            return self._answer(work(device, value))

    def _known(self, device: str) -> None:
        if device not in self._terminals:
            abort(404)

    def _answer(self, work: Coroutine[Any, Any, dict[str, Any]]) -> Response:
        try:
            told = asyncio.run_coroutine_threadsafe(work, self._loop).result(_WAIT_S)
        except (NearbyError, TimeoutError) as error:
            answer = jsonify(why=str(error) or "not in reach")
            answer.status_code = 504
            return answer
        return jsonify(told)

    async def _phone(self, device: str) -> NearbyPhone:
        """Met with the terminal."""
        if self._air is None:
            self._air = Air()
            for terminal in self._terminals.values():
                self._air.add(terminal.ble)
        if device not in self._phones:
            self._phones[device] = NearbyPhone(self._air, f"bench {device}")
        phone = self._phones[device]
        if not phone.connected:
            await phone.meet(device)
        return phone

    async def _identity(self, device: str) -> dict[str, Any]:
        return await (await self._phone(device)).identity()

    async def _ticket(self, device: str, text: Any) -> dict[str, Any]:
        word, receipt = await (await self._phone(device)).give(str(text))
        return {"word": word, "receipt": receipt}

    async def _carry(self, device: str, seq: Any) -> dict[str, Any]:
        word, body = await (await self._phone(device)).carry(int(seq or 0))
        return {"word": word, "body": body.decode()}

    async def _stored(self, device: str, body: Any) -> dict[str, Any]:
        return {"word": await (await self._phone(device)).hand_in(str(body).encode())}

    async def _gatt(self, device: str, value: Any) -> dict[str, Any]:
        phone = await self._phone(device)
        told = b""
        if value["of"]:
            write = value.get("write")
            told = await phone.gatt(value["of"], None if write is None else bytes.fromhex(write))
        notes = []
        while phone.notes:
            of, data = phone.notes.popleft()
            notes.append([of, data.hex()])
        return {"read": told.hex(), "notes": notes}

    async def _part(self, device: str, _: Any) -> dict[str, Any]:
        if device in self._phones:
            await self._phones[device].part()
        return {"word": "ok"}
