// What goes between terminal and cloud by way of this phone: receipts and the journal.
import { handIn, hurries, keep } from "./pocket.js";

// The terminal's word about a ticket; its receipt waits in the phone for the cloud.
export async function handOver(met, text) {
  const { word, receipt } = await met.give(text);
  if (JSON.parse(receipt).mac) await keep("letters", { to: "/carried/receipt", body: receipt });
  return word;
}

// The journal, batch by batch; what the cloud has stored goes back while the terminal is there.
// At the first silence of the cloud, or where somebody stops, the rest is for another time.
export async function carry(met, device) {
  const begun = hurries;
  for (let from = 0, round = 0; round < 50 && hurries === begun; round += 1) {
    const { word, body } = await met.carry(from);
    const paras = word === "ok" ? JSON.parse(body).services?.[0]?.paras : null;
    if (!paras) return;
    from = paras.to;
    const id = await keep("letters", { to: `/carried/${device}/journal`, body });
    const { stored } = (await handIn()).get(id) ?? {};
    if (stored) await met.handIn(stored);
  }
}
