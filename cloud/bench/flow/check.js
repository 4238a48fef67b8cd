// A scan: {welder, machine}. A valid certificate and a free machine: first output, the command;
// else, and when the terminal does not answer: second output, the HTTP answer.
const ANSWER_MS = 20000;
const { welder, machine } = msg.payload;
const job = crypto.randomUUID();
const found = flow.get("claim").get({ job, welder: String(welder), machine: String(machine) });
if (!found) {
  msg.statusCode = 409;
  msg.payload = { error: "no valid certificate, or the machine is not free" };
  return [null, msg];
}
const late = setTimeout(() => {
  flow.get("waiting").delete(job);
  flow.get("free").run(job);
  msg.statusCode = 504;
  msg.payload = { error: "the terminal does not answer" };
  node.send([null, msg]);
}, ANSWER_MS);
flow.get("waiting").set(job, { msg, late });
return [{
  topic: `hm/${found.device}/down`,
  payload: {
    service_id: "welder",
    command_name: "switch",
    id: job,
    paras: { actionCode: "1", actionName: "开机", content: { job, lease_s: 14400 } },
  },
}, null];
