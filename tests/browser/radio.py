"""The air between a page and a terminal of paper: `navigator.bluetooth` as docs/ble.md says it."""

import json

FIRST, LAST, ROOM = 0x80, 0x40, 200
WORDS = {"": 1, "malformed": 4}
JOURNAL, UNSUPPORTED = 5, 16

# Bytes go to `window.radio({of, write})` and come back as {notes, read}; null = the page parts.
# All above it is the page's own code. While connected it looks for notes by {of: 0}.
STUB = """
(() => {
  const hex = (view) => [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const view = (text) => new DataView(new Uint8Array((text.match(/../g) ?? []).map((b) => parseInt(b, 16))).buffer);
  const known = {};
  async function carry(of, write) {
    const told = await window.radio({ of, write });
    for (const [from, bytes] of told.notes) {
      const event = new Event("characteristicvaluechanged");
      known[from].value = view(bytes);
      known[from].dispatchEvent(event);
    }
    return view(told.read);
  }
  class Characteristic extends EventTarget {
    constructor(of) { super(); this.of = of; known[of] = this; }
    readValue() { return carry(this.of); }
    async writeValueWithResponse(value) { await carry(this.of, hex(value)); }
    async startNotifications() { return this; }
  }
  let timer;
  const gatt = {
    connected: false,
    async connect() { gatt.connected = true; gatt.parted = false; timer = setInterval(() => carry(0), 100); return gatt; },
    disconnect() { gatt.connected = false; clearInterval(timer); window.radio(null).then(() => { gatt.parted = true; }); },
    async getPrimaryService() { return { getCharacteristic: async (uuid) => new Characteristic(Number(uuid[7])) }; },
  };
  const bluetooth = { gatt, requestDevice: async (asked) => { window.asked = asked; return { gatt, name: asked.filters[0].name }; } };
  Object.defineProperty(navigator, "bluetooth", { value: bluetooth });
})();
"""  # noqa: E501


class Radio:
    """What the terminal's side does; `old` = its firmware does not know this ticket."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.old = False
        self._text = b""

    def reach(self, page):
        """From its next loading on this page has Bluetooth, and this terminal is near."""
        page.expose_function("radio", self._carry)
        page.add_init_script(STUB)

    def _carry(self, what):
        if not what or not what["of"]:
            return {"notes": [], "read": ""}
        write = what.get("write")
        if not write:
            identity = {"d": self.terminal.device, "challenge": "0011223344556677"}
            return {"notes": [], "read": json.dumps(identity).encode().hex()}
        head, *part = bytes.fromhex(write)
        if what["of"] == JOURNAL:  # paper keeps none
            return {"notes": [self._state(UNSUPPORTED, head)], "read": ""}
        self._text = bytes(part) if head & FIRST else self._text + bytes(part)
        notes = [self._state(0, head)]
        if head & LAST:
            told = self._take(self._text.decode())
            notes += [self._state(WORDS[told["word"]], head), *self._pieces(told)]
        return {"notes": notes, "read": ""}

    def _take(self, text):
        if self.old:
            return {"d": self.terminal.device, "code": 500, "word": "malformed"}
        return self.terminal.take(text)

    def _state(self, code, piece):
        return [4, bytes([0, 0, code, piece, 0, ROOM]).hex()]

    def _pieces(self, told):
        data = json.dumps(told).encode()
        parts = [data[at : at + ROOM - 1] for at in range(0, len(data), ROOM - 1)]
        for number, part in enumerate(parts):
            head = number | (0 if number else FIRST) | (LAST if number == len(parts) - 1 else 0)
            yield [5, bytes([head]).hex() + part.hex()]
