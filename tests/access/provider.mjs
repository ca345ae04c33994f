// A login provider (npm oauth2-mock-server) that says of whoever logs in what a file says:
//
//     node provider.mjs MODULES CLAIMS.json       prints its issuer
//
// CLAIMS.json: an object that is laid over the token's claims, read anew for each token.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, claims] = process.argv.slice(2);
const entry = createRequire(path.join(modules, "x.js")).resolve("oauth2-mock-server");
const { OAuth2Server } = await import(pathToFileURL(entry).href);
const server = new OAuth2Server();
await server.issuer.keys.generate("RS256");
server.service.on("beforeTokenSigning", (token) => Object.assign(token.payload, JSON.parse(readFileSync(claims, "utf8"))));
await server.start(0, "127.0.0.1");
console.log(server.issuer.url);
