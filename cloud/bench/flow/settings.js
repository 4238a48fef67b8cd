// Node-RED beside `hanma serve`: the flow alone, on the loopback, speaking to nobody but the broker.
const { createRequire } = require("module");
const Database = createRequire(process.env.PEER_HOME + "/")("better-sqlite3");

const db = new Database(process.env.PEER_DATABASE);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL"); // as ours: what was decided is on the disk before the command goes

module.exports = {
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.PEER_PORT),
  flowFile: "flow.json",
  credentialSecret: false,
  httpAdminRoot: false,
  disableEditor: true,
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  externalModules: {
    autoInstall: false,
    palette: { allowInstall: false, allowUpdate: false, allowUpload: false },
    modules: { allowInstall: false },
  },
  logging: { console: { level: "info", metrics: false, audit: false } },
  functionGlobalContext: { db },
};
