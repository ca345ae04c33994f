#!/usr/bin/env python3
"""`penstock mcp`, asked by the protocol's official client over standard input and output and by HTTP, against the sandbox."""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
from harness import PROGRAM, TOKEN, PipeTest, environment, person  # noqa: E402

SDK = os.path.join(ROOT, ".deps", "npm", "node_modules", "@modelcontextprotocol", "sdk", "package.json")


def node_version():
    node = shutil.which("node")
    if node is None:
        return 0
    return int(re.match(r"v(\d+)", subprocess.run([node, "--version"], capture_output=True, text=True).stdout)[1])


class Agent:
    """The official client, with a server of its own."""

    def __init__(self, server, **env):
        # The client is an ES module: it looks for its library beside itself.
        self.script = os.path.join(ROOT, ".deps", "npm", "mcp_client_under_test.mjs")
        shutil.copyfile(os.path.join(HERE, "client.mjs"), self.script)
        self.process = subprocess.Popen(
            ["node", self.script, *server], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**env), cwd=os.path.dirname(self.script))
        self.hello = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the client ended: {self.process.stderr.read()}")
        return json.loads(line)

    def ask(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what} | more) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.write('{"do":"close"}\n')
            self.process.stdin.close()
            self.process.wait(timeout=20)
        code = self.process.returncode
        self.process.stdout.close()
        self.process.stderr.close()
        return code


class AgentTest(PipeTest):
    options = ()

    def setUp(self):
        super().setUp()
        self.project.sync(tags=["daily"])
        self.project.model(pii=["phone"])
        self.rows = [person(1, phone="030 1"), person(2, email="bad", phone="030 2"), person(3)]
        self.agent = Agent(self.server())
        self.addCleanup(self.agent.close)

    def server(self):
        """What the client is told: a command, or a URL."""
        return [PROGRAM, "-C", self.project.directory, "mcp", *self.options]

    def tool(self, tool, /, **arguments):
        """The structured answer, which the client held against the tool's schema."""
        answer = self.agent.ask("call", name=tool, arguments=arguments)
        self.assertIn("result", answer)
        result = answer["result"]
        self.assertFalse(result.get("isError"), result)
        self.assertEqual(json.loads(result["content"][0]["text"]), result["structuredContent"])
        self.assertNotIn(TOKEN, json.dumps(answer))
        return result["structuredContent"]

    def refused(self, tool, /, *words, **arguments):
        result = self.agent.ask("call", name=tool, arguments=arguments)["result"]
        self.assertTrue(result.get("isError"), result)
        for word in words:
            self.assertIn(word, result["content"][0]["text"])


class Reading(AgentTest):
    def test_the_server_introduces_itself(self):
        self.assertEqual(self.agent.hello["server"]["name"], "penstock")
        self.assertEqual(set(self.agent.hello["capabilities"]), {"tools", "resources"})
        self.assertIn("validate", self.agent.hello["instructions"])
        self.assertEqual(self.agent.ask("ping"), {"result": {}})

    def test_tools_are_described(self):
        tools = {tool["name"]: tool for tool in self.agent.ask("tools")["result"]["tools"]}
        self.assertEqual(set(tools), {"list_syncs", "show_sync", "validate", "preview_model", "discover", "status", "runs",
                                      "log", "trace", "plan"})
        for tool in tools.values():
            self.assertTrue(tool["annotations"]["readOnlyHint"], tool["name"])
            self.assertEqual(tool["inputSchema"]["type"], "object")
            for name, schema in tool["inputSchema"]["properties"].items():
                self.assertTrue(schema["description"], f"{tool['name']}.{name}")
        self.assertFalse(tools["status"]["annotations"]["openWorldHint"])
        self.assertTrue(tools["plan"]["annotations"]["openWorldHint"])

    def test_the_project(self):
        listed = self.tool("list_syncs")
        self.assertEqual([one["sync"] for one in listed["syncs"]], ["contacts"])
        self.assertEqual(listed["syncs"][0]["tags"], ["daily"])
        shown = self.tool("show_sync", sync="contacts")
        self.assertIn({"firstname": "name"}, [{one["field"]: one.get("from")} for one in shown["fields"]])
        self.assertEqual(shown["model"]["sql"], "select * from people")
        self.assertIn('"object": "contacts"', shown["text"])
        self.assertEqual(shown["destination"]["type"], "hubspot")
        preview = self.tool("preview_model", model="people", rows=2)
        self.assertEqual(len(preview["rows"]), 2)
        self.assertEqual(preview["rows"][0]["phone"], "•••", "personal columns are masked")
        self.assertIn({"column": "email", "type": "VARCHAR"}, preview["columns"])
        self.assertIn("contacts", self.tool("discover", name="crm")["objects"])
        self.assertIn("email", [one["field"] for one in self.tool("discover", name="crm", object="contacts")["fields"]])
        self.assertTrue(self.tool("discover", name="warehouse")["tables"])
        self.assertTrue(self.tool("discover", name="warehouse", object="people")["columns"])

    def test_a_mistake_in_a_file_is_told_where_it_stands_and_mended(self):
        self.assertEqual(self.tool("validate"), {"ok": True, "errors": 0, "warnings": 0, "problems": []})
        self.project.write("syncs/contacts.yaml", "model: poeple\ndestination: crm\nobject: contacts\nmode: upsert\n")
        wrong = self.tool("validate")
        self.assertFalse(wrong["ok"])
        problem = next(one for one in wrong["problems"] if "poeple" in one["message"])
        self.assertEqual((problem["file"], problem["line"]), ("syncs/contacts.yaml", 1))
        self.assertIn("people", problem["hint"])
        self.refused("plan", "validate")
        self.project.sync()
        self.assertTrue(self.tool("validate")["ok"])

    def test_a_plan_sends_nothing(self):
        planned = self.tool("plan", select=["tag:daily"], samples=1)
        self.assertEqual(planned["failed"], [])
        self.assertEqual((planned["plans"][0]["added"], planned["plans"][0]["requests"]), (3, 1))
        self.assertEqual(planned["plans"][0]["samples"][0]["fields"]["phone"], "•••")
        self.assertEqual(self.sandbox.stats()["rows"], 0)
        self.assertEqual(self.tool("plan", key="1")["plans"][0]["to_send"], 1)

    def test_what_happened_is_told(self):
        self.assertEqual(self.tool("runs"), {"runs": []})
        run = self.run_sync(code=3)["run"]
        self.assertEqual([one["run"] for one in self.tool("runs", sync="contacts", limit=5)["runs"]], [run])
        self.assertEqual(self.tool("status")["syncs"][0]["waiting"], 1)
        log = self.tool("log", run=run)
        self.assertEqual([one["key"] for one in log["operations"]], ["2"])
        self.assertFalse(log["more"])
        self.assertEqual(len(self.tool("log", run=run, all=True, limit=2)["operations"]), 2)
        self.assertTrue(self.tool("log", run=run, all=True, limit=2)["more"])
        traced = self.tool("trace", sync="contacts", key="2")
        self.assertEqual(traced["operations"][0]["outcome"], "rejected")
        self.assertIn("refused", traced["now"])
        self.assertEqual(traced["operations"][0]["payload"]["phone"], "•••")
        self.assertEqual(self.tool("trace", sync="contacts", key="1", field="city")["events"][0]["outcome"], "accepted")

    def test_mistakes_of_an_agent(self):
        self.refused("show_sync", "there is no sync 'contcts'", "did you mean 'contacts'?", sync="contcts")
        self.refused("show_sync", "'sync' is missing")
        self.refused("plan", "there is no argument 'selct'", "select", selct=["x"])
        self.refused("plan", "no sync has the tag 'dialy'", "daily", select=["tag:dialy"])
        self.refused("log", "there is no run", run="20260101-000000-none")
        self.refused("preview_model", "there is no model", model="peple")
        self.refused("preview_model", "from 1 to 100", model="people", rows=1000000)
        self.assertEqual(self.agent.ask("call", name="drop_everything")["error"]["code"], -32602)

    def test_running_is_refused(self):
        self.refused("run", "not allowed here", "--allow-run", select=["*"])
        self.refused("retry", "not allowed here", sync="contacts")
        self.assertEqual(self.sandbox.stats()["rows"], 0)

    def test_resources(self):
        uris = [one["uri"] for one in self.agent.ask("resources")["result"]["resources"]]
        self.assertIn("penstock:///files/syncs/contacts.yaml", uris)
        self.assertFalse([uri for uri in uris if "destinations" in uri or "sources/" in uri])
        for uri in uris:
            contents = self.agent.ask("read", uri=uri)["result"]["contents"]
            self.assertTrue(contents[0]["text"], uri)
            self.assertNotIn(TOKEN, contents[0]["text"])
        self.assertEqual(self.agent.ask("read", uri="penstock:///files/destinations/crm.yaml")["error"]["code"], -32002)

    def test_many_questions_at_once(self):
        calls = [{"name": "plan"}, {"name": "status"}, {"name": "validate"}, {"name": "list_syncs"}] * 4
        answers = self.agent.ask("together", calls=calls)["result"]
        self.assertEqual([one.get("isError", False) for one in answers], [False] * 16)
        self.assertEqual({one["structuredContent"]["plans"][0]["added"] for one in answers[::4]}, {3})

    def test_it_ends_with_its_client(self):
        self.assertEqual(self.agent.close(), 0)


class OverHttp(Reading):
    """The same questions, by HTTP."""

    def server(self):
        self.listening = self.start()
        return [self.url]

    def start(self):
        listening = subprocess.Popen([PROGRAM, "-C", self.project.directory, "mcp", "--listen", "127.0.0.1:0"],
                                     stdout=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(listening.stdout.close)
        self.addCleanup(listening.wait)
        self.addCleanup(listening.kill)
        self.url = listening.stdout.readline().strip()
        self.assertRegex(self.url, r"^http://127\.0\.0\.1:\d+/mcp$")
        return listening

    def status(self, path="/mcp", method="POST", **headers):
        given = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url.replace("/mcp", path), method=method, headers=given,
                                         data=b'{"jsonrpc":"2.0","id":1,"method":"ping"}')
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def test_pages_of_other_sites_are_not_served(self):
        port = self.url.split(":")[2].split("/")[0]
        self.assertEqual(self.status(), 200)
        self.assertEqual(self.status(Origin=f"http://localhost:{port}"), 200)
        self.assertEqual(self.status(Origin="https://evil.example"), 403)
        self.assertEqual(self.status(Origin="null"), 403)
        self.assertEqual(self.status(Host="evil.example"), 403, "a name that was made to lead here")
        self.assertEqual(self.status(path="/other"), 404)
        self.assertEqual(self.status(method="DELETE"), 405)

    def test_only_this_machine_and_nothing_is_sent(self):
        for address in ("0.0.0.0:0", "192.0.2.1:80", "localhost.evil.example:80"):
            self.assert_refused(self.call("mcp", "--listen", address, code=2), "not an address of this machine alone")
        self.call("mcp", "--listen", "127.0.0.1:0", "--allow-run", code=2)

    def test_it_ends_by_a_signal(self):
        self.listening.send_signal(signal.SIGTERM)
        self.assertEqual(self.listening.wait(timeout=20), 143)

    def test_many_clients_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            self.assertEqual(set(pool.map(lambda _: self.status(), range(400))), {200})


class Running(AgentTest):
    options = ("--allow-run",)
    sandbox_options = ("--latency", "20ms")

    def test_a_run_and_a_retry(self):
        tools = {tool["name"]: tool for tool in self.agent.ask("tools")["result"]["tools"]}
        self.assertFalse(tools["run"]["annotations"]["readOnlyHint"])
        self.assertTrue(tools["run"]["annotations"]["destructiveHint"])
        answer = self.agent.ask("call", name="run", arguments={"select": ["contacts"]}, progress=True)["result"]
        result = answer["structuredContent"]["results"][0]
        self.assertEqual((result["status"], result["accepted"], result["rejected"]), ("partial", 2, 1))
        self.assertEqual(len(self.records("firstname")), 2)
        values = [one["progress"] for one in answer["told"]]
        self.assertEqual(values, sorted(set(values)), "progress grows")
        self.rows = [person(1, phone="030 1"), person(2, phone="030 2"), person(3)]
        again = self.tool("retry", sync="contacts")["results"][0]
        self.assertEqual((again["status"], again["accepted"]), ("succeeded", 1))

    def test_guards_stop_a_run_here_too(self):
        self.project.sync(guard={"max_first_run": 1})
        result = self.tool("run", select=["contacts"])["results"][0]
        self.assertEqual((result["status"], result["guard"]), ("stopped", "max_first_run"))
        self.assertEqual(self.sandbox.stats()["rows"], 0)
        self.assertEqual(self.tool("run", select=["contacts"], confirm=["max_first_run"])["results"][0]["sent"], 3)

    def test_a_run_is_cancelled_in_good_order(self):
        self.rows = [person(n) for n in range(1, 40001)]
        answer = self.agent.ask("cancelled_call", name="run", arguments={"select": ["contacts"]})
        self.assertIn("enough", answer["error"]["message"])
        self.wait_until(lambda: self.tool("runs")["runs"][0]["status"] == "interrupted")
        accepted = self.tool("status")["syncs"][0]["accepted"]
        self.assertEqual(accepted, len(self.records("firstname")), "what was delivered is recorded")
        self.assertLess(accepted, 40000)

    def test_a_signal_ends_it_in_good_order(self):
        self.rows = [person(n) for n in range(1, 40001)]
        agent = subprocess.Popen([PROGRAM, "-C", self.project.directory, "mcp", "--allow-run"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True, env=environment())
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": "run", "arguments": {"select": ["contacts"]}, "_meta": {"progressToken": "p"}}}
        agent.stdin.write(json.dumps(call) + "\n")
        agent.stdin.flush()
        while json.loads(agent.stdout.readline())["params"]["progress"] < 1:
            pass
        agent.send_signal(signal.SIGTERM)
        out, _ = agent.communicate(timeout=60)
        self.assertEqual(agent.returncode, 143)
        self.assertNotIn('"id":1', out, "what was interrupted is not answered")
        self.assertEqual(self.tool("runs")["runs"][0]["status"], "interrupted")


class RawLines(PipeTest):
    """What no well-made client sends."""

    def exchange(self, *lines):
        done = subprocess.run([PROGRAM, "-C", self.project.directory, "mcp"], input="".join(lines), capture_output=True,
                              text=True, timeout=60, env=environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_lines_that_are_no_messages(self):
        ping = '{"jsonrpc":"2.0","id":7,"method":"ping"}'
        answers = self.exchange("nonsense\n", "\n", "  \r\n", '{"jsonrpc":"2.0","method":"x"}\n', ping + "\r\n", "x" * 5_000_000 + "\n",
                                "[" * 100_000 + "\n", ping.replace("7", "8"))
        self.assertEqual([one.get("error", {}).get("code", one["id"]) for one in answers], [-32700, 7, -32600, -32700, 8])

    def test_a_project_that_is_not_there(self):
        shutil.rmtree(self.project.directory)
        call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"status"}}\n'
        answer = self.exchange(call)[0]["result"]
        self.assertTrue(answer["isError"])
        self.assertIn("penstock init", answer["content"][0]["text"])


if __name__ == "__main__":
    if not os.path.exists(SDK):
        if os.environ.get("PENSTOCK_SERVERS") == "required":
            sys.exit("the protocol's client is not there: ./dev setup")
        print("skipped: the protocol's client is not there (./dev setup)")
        sys.exit(77)
    if node_version() < 18:
        print("skipped: the protocol's client needs Node 18")
        sys.exit(77)
    unittest.main(verbosity=2)
