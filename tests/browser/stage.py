"""A stage for browser tests: the cloud under waitress on the demo county, terminals that answer.

The terminals are the paper ones of `tests/cloud/stand_in.py`; they hear and speak through
`ground.send` and `cloud.link.intake`, so what the pages show has passed the real way in.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from waitress import wasyncore
from waitress.server import create_server

from cloud import demo
from cloud.app import Housekeeping
from cloud.base.clock import now_ms
from cloud.cases import alarms
from cloud.link import intake
from cloud.registry import accounts, machines, people
from cloud.web import create_app
from tests.browser import drawn
from tests.cloud.stand_in import StandIn

DIGITS = "零一二三四五六七八九"


class WallClock:
    """The time of day, in the form that the paper terminal reads."""

    @property
    def now(self):
        return now_ms()


class Terminal(StandIn):
    """A paper terminal on a radio link."""

    def __init__(self, stage, device, secret):
        super().__init__(device, secret, WallClock())
        self.stage = stage
        self.reached = threading.Event()
        self.reached.set()

    @contextmanager
    def waited_for(self):
        """Meanwhile what is sent to it is still on its way."""
        self.reached.clear()
        yield
        self.reached.set()

    def say(self, body):
        with self.stage.ground.write() as unit:
            intake.receive(unit, self.device, body)

    def mains_back(self):
        """Mains were lost and are back: another boot, the relay open."""
        self.restart()
        self.say(self.login())

    def spoken_code(self):
        """The four digits it said last, as somebody beside it hears them."""
        return "".join(str(DIGITS.index(sign)) for sign in self.spoken[-1] if sign in DIGITS)


class Stage:
    """The running cloud: pages on a free port, the outbox delivered, the sweeps every second."""

    def __init__(self, ground):
        self.ground = ground
        self.county = demo.seed(ground)
        self._radio, self._end = ThreadPoolExecutor(1), threading.Event()
        self._housekeeping = Housekeeping(ground)
        ground.send, ground.wake = self._send, self._housekeeping.wake
        app = create_app(ground)
        drawn.tell(app)
        self._open = {}
        self._server = create_server(
            app,
            map=self._open,
            host="127.0.0.1",
            port=0,
            threads=8,
            asyncore_use_poll=True,
        )
        self.url = f"http://127.0.0.1:{self._server.effective_port}"
        self._web = threading.Thread(target=self._server.run)
        self._web.start()
        self._housekeeping.start()
        self.terminals = {
            one["device"]: Terminal(self, one["device"], bytes.fromhex(one["secret"]))
            for one in self.county["terminals"]
        }
        for terminal in self.terminals.values():
            terminal.say(terminal.login())

    def person(self, login):
        """{login, password, name, …} of somebody in the demo county."""
        return next(one for one in self.county["people"] if one["login"] == login)

    def session(self, login):
        """A session that this person has begun, as a browser's cookie keeps it."""
        with self.ground.write() as unit:
            return accounts.begin(unit, people.by_login(unit, login), "127.0.0.1").token

    def machine(self, place):
        """(code, terminal) of the demo county's machine at this place in the list."""
        machine = self.county["machines"][place]
        return machine["code"], self.terminals.get(machine["device"])

    def alarm(self, place):
        """An open alarm about the machine at this place; its id."""
        code, terminal = self.machine(place)
        with self.ground.write() as unit:
            machine = machines.by_code(unit, code)
            about = {"district": machine.district, "machine_id": machine.id}
            return alarms.raise_alarm(unit, "TAMPER", terminal.device, **about).id

    def close(self):
        self._end.set()
        for terminal in self.terminals.values():
            terminal.reached.set()
        self._server.task_dispatcher.shutdown()
        # In its own thread: a socket shut under the hands of its loop ends that with an error
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._open))
        self._web.join()
        self._radio.shutdown()
        self._housekeeping.stop()
        self.ground.close()

    def _send(self, device, body, light=False):
        self._radio.submit(self._cross, self.terminals[device], body)

    def _cross(self, terminal, body):
        terminal.reached.wait()
        answer = terminal.hear(body)
        if answer is not None and not self._end.is_set():
            terminal.say(answer)
