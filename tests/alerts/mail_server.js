// A real mail server (npm smtp-server) for tests. Its only argument is JSON:
//   {"secure": true}            encrypted from the start; else in clear, with STARTTLS if there is a key
//   {"key": PATH, "cert": PATH}
//   {"user": NAME, "password": TEXT}   a login is needed
//   {"unknown": [ADDRESS]}      addresses that it refuses
//   {"busy": N}                 the first N mails are refused for now
//   {"refuse": TEXT}            every mail is refused for good
//   {"silent": true}            takes mails, and never says so
// Prints {"port": N}, then one line of JSON for each mail that came.
"use strict";
const fs = require("fs");
const { SMTPServer } = require("smtp-server");

const config = JSON.parse(process.argv[2] || "{}");
let busy = config.busy || 0;

function refusal(text, code) {
  const error = new Error(text);
  error.responseCode = code;
  return error;
}

const server = new SMTPServer({
  secure: Boolean(config.secure),
  key: config.key ? fs.readFileSync(config.key) : undefined,
  cert: config.cert ? fs.readFileSync(config.cert) : undefined,
  disabledCommands: (config.user ? [] : ["AUTH"]).concat(config.key || config.secure ? [] : ["STARTTLS"]),
  authOptional: !config.user,
  allowInsecureAuth: false,
  onAuth(auth, session, done) {
    if (auth.username === config.user && auth.password === config.password) return done(null, { user: auth.username });
    return done(refusal("5.7.8 wrong name or password", 535));
  },
  onRcptTo(address, session, done) {
    if ((config.unknown || []).includes(address.address)) return done(refusal("5.1.1 nobody of that name here", 550));
    return done();
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      console.log(JSON.stringify({
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map((one) => one.address),
        user: session.user || null,
        encrypted: session.secure,
        text: Buffer.concat(parts).toString("latin1"),
      }));
      if (config.silent) return undefined;
      if (busy-- > 0) return done(refusal("4.3.2 come back later", 451));
      if (config.refuse) return done(refusal(config.refuse, 554));
      return done(null, "2.0.0 taken");
    });
  },
});
server.on("error", (error) => console.error(error.message));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.server.address().port })));
