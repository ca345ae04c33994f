// A stand-in for `penstock serve`: the answers of api/openapi.yaml for a made-up project, and the pages under the
// policy that the real server sends. Same questions, same answers; only the live run moves.
//   node tests/mock/server.mjs [--port N] [--mode usual|little|much|none|broken] [--login]
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { answers } from "./answers.mjs";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const kinds = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };
export const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function page(request, response) {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  let file = join(dist, path);
  if (!file.startsWith(dist) || !extname(path) || !existsSync(file)) {
    if (path.startsWith("/assets/")) return void response.writeHead(404).end();
    file = join(dist, "index.html");
  }
  const kind = kinds[extname(file)] ?? "application/octet-stream";
  const body = readFileSync(file);
  const small = /html|javascript|css|svg|json/.test(kind);
  response.writeHead(200, { "Content-Type": kind, "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache", ...(small ? { "Content-Encoding": "gzip" } : {}) });
  response.end(small ? gzipSync(body) : body);
}

export function startMock({ port = 0, mode = "usual", login = false } = {}) {
  const world = answers({ mode, login });
  const server = createServer((request, response) => {
    if (!request.url.startsWith("/api/")) return page(request, response);
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => {
      const url = new URL(request.url, "http://x");
      const path = url.pathname.replace(/^\/api\/v1/, "");
      if (path === "/events") return world.follow(request, response);
      const { status, body } = world.answer(request.method, path, url.searchParams, text ? JSON.parse(text) : undefined, request.headers);
      response.writeHead(status, { "Content-Type": status >= 400 ? "application/problem+json" : "application/json", "Cache-Control": "no-store" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  return new Promise((done) => server.listen(port, "127.0.0.1", () => done({ url: `http://127.0.0.1:${server.address().port}`, world, close: () => { world.close(); server.closeAllConnections(); server.close(); } })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, otherwise) => { const at = process.argv.indexOf(`--${name}`); return at > 0 ? process.argv[at + 1] : otherwise; };
  const { url } = await startMock({ port: Number(option("port", 7070)), mode: option("mode", "usual"), login: process.argv.includes("--login") });
  console.log(url);
}
