"""The bench's HTTP side: what each simulated terminal shows, and the hands that touch it.

`GET /` page · `GET /picture.jpg` a fresh picture of a site · `GET /terminals` all ·
`GET /terminals/D` one, with relay moves and words since `since_ns` ·
`GET /terminals/D/wire?from_ns=&to_ns=` UART bytes and their wire time ·
`POST /terminals/D/HAND` with JSON `{"value": …}` · `/terminals/D/nearby…` a phone (nearby.py).
Only for the machine it runs on.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import waitress
from flask import Flask, Response, abort, jsonify, request

from simulator.bench.nearby import Phones
from simulator.phone import fresh_picture
from simulator.terminal import SimulatedTerminal

_HAND_WAIT_S = 10
# Nothing foreign, nothing inline; the empty icon is an address of `data:`.
_POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


class Bench:
    """Serves the terminals of one event loop from threads of its own."""

    def __init__(
        self,
        terminals: Mapping[str, SimulatedTerminal],
        loop: asyncio.AbstractEventLoop,
        host: str,
        port: int,
    ) -> None:
        self._terminals = terminals
        self._loop = loop
        self._server = waitress.create_server(self._app(), host=host, port=port, threads=4)
        self._thread = threading.Thread(target=self._serve, name="bench", daemon=True)
        self.address = f"http://{host}:{self._server.effective_port}"

    def _serve(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # `stop` closes the socket it waits for
            self._server.run()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.close()

    def _app(self) -> Flask:
        app = Flask(__name__)
        app.json.ensure_ascii = False  # type: ignore[attr-defined]

        @app.after_request
        def protect(response: Response) -> Response:
            response.headers["Content-Security-Policy"] = _POLICY
            return response

        @app.get("/")
        def page() -> Response:
            return app.send_static_file("bench.html")

        @app.get("/terminals")
        def every() -> Response:
            return jsonify([self._in_loop(t.show) for t in self._terminals.values()])

        @app.get("/picture.jpg")
        def picture() -> Response:
            """What somebody at a desk shows as a picture of the site: no two are the same."""
            return Response(fresh_picture(), mimetype="image/jpeg")

        @app.get("/terminals/<device>")
        def one(device: str) -> Response:
            terminal = self._terminal(device)
            since_ns = request.args.get("since_ns", 0, type=int)
            return jsonify(self._in_loop(lambda: terminal.show(since_ns)))

        @app.get("/terminals/<device>/wire")
        def wire(device: str) -> Response:
            terminal = self._terminal(device)
            from_ns = request.args.get("from_ns", 0, type=int)
            to_ns = request.args.get("to_ns", 0, type=int)
            return jsonify(self._in_loop(lambda: terminal.wire(from_ns, to_ns)))

        @app.post("/terminals/<device>/<hand>")
        def touch(device: str, hand: str) -> Response:
            terminal = self._terminal(device)
            given = request.get_json(silent=True) or {}
            work = terminal.hands.get(hand) or abort(404)
            self._in_loop(lambda: work(given.get("value")))
            return jsonify(self._in_loop(terminal.show))

        Phones(self._terminals, self._loop).routes(app)
        return app

    def _terminal(self, device: str) -> SimulatedTerminal:
        return self._terminals.get(device) or abort(404)

    def _in_loop(self, call: Callable[[], Any]) -> Any:
        """Runs `call` where the terminals live, and gives its value or its exception."""

        async def run() -> Any:
            return call()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_HAND_WAIT_S)
