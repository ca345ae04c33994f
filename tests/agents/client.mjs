// The protocol's official client, driven by mcp_test.py: starts the server that the arguments name (or speaks to the one at
// the URL), then does what each
// line of standard input says and prints what came of it, one line each.
//   {"do":"tools"}  {"do":"call","name":...,"arguments":{...},"progress":true}  {"do":"resources"}  {"do":"read","uri":...}
//   {"do":"cancelled_call",...}: a call that is cancelled when the first rows are there  {"do":"close"}
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [command, ...args] = process.argv.slice(2);
const transport = command.startsWith("http:")
  ? new StreamableHTTPClientTransport(new URL(command))
  : new StdioClientTransport({ command, args, env: process.env, stderr: "inherit" });
const client = new Client({ name: "penstock-test", version: "1" });
const print = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const actions = {
  tools: () => client.listTools(),
  resources: () => client.listResources(),
  read: ({ uri }) => client.readResource({ uri }),
  ping: () => client.ping(),
  call: async ({ name, arguments: given, progress }) => {
    const told = [];
    const options = progress ? { onprogress: (one) => told.push(one) } : undefined;
    const result = await client.callTool({ name, arguments: given ?? {} }, undefined, options);
    return progress ? { ...result, told } : result;
  },
  cancelled_call: async ({ name, arguments: given }) => {
    const stop = new AbortController();
    const options = { signal: stop.signal, onprogress: (one) => one.progress >= 1 && stop.abort("enough") };
    return client.callTool({ name, arguments: given ?? {} }, undefined, options);
  },
  // Several calls at once: [{"name":..., "arguments":...}]
  together: ({ calls }) => Promise.all(calls.map((one) => client.callTool({ name: one.name, arguments: one.arguments ?? {} }))),
};

await client.connect(transport);
print({ server: client.getServerVersion(), capabilities: client.getServerCapabilities(),
        instructions: client.getInstructions() });
await client.listTools(); // the client then holds every answer to its output schema
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.do === "close") break;
  try {
    print({ result: await actions[asked.do](asked) });
  } catch (error) {
    print({ error: { code: error.code ?? null, message: String(error.message) } });
  }
}
await client.close();
