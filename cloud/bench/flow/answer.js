// What terminals say: the answer to a command goes to whoever waits for it, the rest nowhere.
const told = msg.payload;
const waits = flow.get("waiting").get(told.id);
if (!waits) return null;
flow.get("waiting").delete(told.id);
clearTimeout(waits.late);
const on = told.result_code === 0 && told.paras.result.relay === 1;
flow.get(on ? "close" : "free").run(told.id);
waits.msg.statusCode = on ? 200 : 502;
waits.msg.payload = { job: told.id, on };
return waits.msg;
