// A phone beside a terminal, by Web Bluetooth: what docs/ble.md says, byte for byte.

const uuid = (number) => `484d000${number}-7765-6c64-8000-00805f9b34fb`;
export const SERVICE = uuid(1);
const [IDENTITY, TICKET, STATE, JOURNAL] = [2, 3, 4, 5];
const [FIRST, LAST, NUMBER, NO_PIECE, SMALLEST] = [0x80, 0x40, 0x3f, 0xff, 20];
export const CODES = ["-", "ok", "pieces", "closed", "malformed", "wrong-device", "bad-mac", "fire-watch", "stale-challenge",
  "used", "expired", "void", "ended", "locked", "gas", "relay-stuck", "unsupported"];
const WAIT_MS = 10_000;

// Values that come one by one, and somebody who waits for the next.
class Queue {
  #kept = []; #waiting = [];
  put(value) { const next = this.#waiting.shift(); if (next) next(value); else this.#kept.push(value); }
  clear() { this.#kept = []; }
  next() {
    if (this.#kept.length) return Promise.resolve(this.#kept.shift());
    return new Promise((done, fail) => {
      const late = setTimeout(() => { this.#waiting = this.#waiting.filter((one) => one !== hear); fail(new Error("no answer")); }, WAIT_MS);
      const hear = (value) => { clearTimeout(late); done(value); };
      this.#waiting.push(hear);
    });
  }
}

export class Terminal {
  #states = new Queue(); #texts = new Queue(); #text = []; #room = SMALLEST; #at = {}; #device;

  // Asks the person to choose it; `device` is the name that it must have.
  static async meet(device) {
    const chosen = await navigator.bluetooth.requestDevice({ filters: [{ services: [SERVICE], name: device }] });
    const met = new Terminal();
    met.#device = chosen;
    const service = await (await chosen.gatt.connect()).getPrimaryService(SERVICE);
    for (const one of [IDENTITY, TICKET, STATE, JOURNAL]) met.#at[one] = await service.getCharacteristic(uuid(one));
    met.#at[STATE].addEventListener("characteristicvaluechanged", (event) => met.#state(event.target.value));
    met.#at[JOURNAL].addEventListener("characteristicvaluechanged", (event) => met.#piece(event.target.value));
    await met.#at[STATE].startNotifications();
    await met.#at[JOURNAL].startNotifications();
    const told = await met.identity();
    if (told.d !== device) { met.part(); throw new Error("wrong-device"); }
    return met;
  }

  part() { if (this.#device.gatt.connected) this.#device.gatt.disconnect(); }

  // {d, fw, mode, relay, job, challenge}; read again where it changed while it was being read.
  async identity() {
    for (let tries = 0; tries < 40; tries += 1) {
      const value = await this.#at[IDENTITY].readValue();
      try { return JSON.parse(new TextDecoder().decode(value)); } catch { await new Promise((go) => setTimeout(go, 50)); }
    }
    throw new Error("identity");
  }

  // {word, receipt}: what the terminal says of a ticket, and its signed word for the cloud.
  async give(ticket) {
    const word = await this.#answered(await this.#write(TICKET, ticket));
    const receipt = new TextDecoder().decode(await this.#texts.next());
    return { word, receipt };
  }

  // The journal above `from`, as the cloud takes it; {word, body}.
  async carry(from) {
    const word = await this.#answered(await this.#write(JOURNAL, JSON.stringify({ from })));
    return { word, body: word === "ok" ? new TextDecoder().decode(await this.#texts.next()) : "" };
  }

  // The cloud's `stored` back to the terminal.
  async handIn(stored) { return this.#answered(await this.#write(JOURNAL, stored)); }

  #state(view) {
    const [, , code, piece, , room] = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#room = room;
    this.#states.put({ word: CODES[code] ?? "fault", piece });
  }

  #piece(view) {
    const [head, ...bytes] = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#text = head & FIRST ? bytes : [...this.#text, ...bytes];
    if (head & LAST) this.#texts.put(new Uint8Array(this.#text));
  }

  async #write(of, text) {
    const bytes = new TextEncoder().encode(text);
    this.#texts.clear();
    this.#room = SMALLEST;
    for (let at = 0, number = 0; ; number += 1) {
      const part = bytes.subarray(at, at + this.#room - 1);
      at += part.length;
      const head = (number & NUMBER) | (number ? 0 : FIRST) | (at >= bytes.length ? LAST : 0);
      this.#states.clear();
      await this.#at[of].writeValueWithResponse(new Uint8Array([head, ...part]));
      let state;
      do state = await this.#states.next(); while (state.piece !== head && state.piece !== NO_PIECE);
      if (state.piece !== head) throw new Error(state.word);
      if (head & LAST) return state;
    }
  }

  async #answered(state) {
    let said = state;
    while (said.word === "-") said = await this.#states.next();
    return said.word;
  }
}
