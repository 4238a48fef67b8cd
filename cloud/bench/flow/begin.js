// Once, when the flow starts: its questions to the database, and who waits for a terminal's answer.
const db = global.get("db");
flow.set("waiting", new Map());
flow.set("claim", db.prepare(`UPDATE machine SET job = @job, state = 'asked'
  WHERE id = @machine AND job IS NULL AND EXISTS
    (SELECT 1 FROM certificate WHERE welder = @welder AND valid_to >= date('now', 'localtime'))
  RETURNING device`));
flow.set("close", db.prepare("UPDATE machine SET state = 'on' WHERE job = ?"));
flow.set("free", db.prepare("UPDATE machine SET job = NULL, state = 'free' WHERE job = ?"));
