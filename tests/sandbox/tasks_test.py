#!/usr/bin/env python3
"""The stand-ins of Asana, Jira, Linear and GitHub."""
from dialect import Dialect, basic, run


class Asana(Dialect):
    vendor = "asana"

    def test_tasks(self):
        task = {"workspace": "1", "name": "Call Ada", "external": {"gid": "k1"}, "custom_fields": {"a": "1", "b": "2"}}
        made = self.expect(201, "POST", "/api/1.0/tasks", {"data": task})["data"]
        self.expect(200, "PUT", "/api/1.0/tasks/external:k1", {"data": {"completed": True, "custom_fields": {"a": "3"}}})
        seen = self.expect(200, "GET", "/api/1.0/tasks/" + made["gid"])["data"]
        self.assertEqual((seen["completed"], seen["custom_fields"]), (True, {"a": "3", "b": "2"}))
        self.expect(400, "POST", "/api/1.0/tasks", {"data": {"name": "no place"}})
        self.expect(404, "GET", "/api/1.0/tasks/9")

    def test_batches(self):
        def action(method, path, **data):
            return {"method": method, "relative_path": path, "data": data}

        done = self.expect(200, "POST", "/api/1.0/batch", {"data": {"actions": [
            action("post", "/tasks", workspace="1", name="A"), action("put", "/tasks/9", name="B"), action("post", "/tasks", name="C")]}})
        self.assertEqual([one["status_code"] for one in done], [201, 404, 400])
        self.assertEqual((self.stats()["rows"], self.stats()["rejected"]), (3, 2))
        self.expect(400, "POST", "/api/1.0/batch", {"data": {"actions": [action("get", "/tasks/1")] * 11}})
        self.assert_login_is_needed("GET", "/api/1.0/projects")


class Jira(Dialect):
    vendor = "jira"
    login = basic("us@x.example", "token")

    @staticmethod
    def fields(**more):
        return {"fields": {"project": {"key": "ENG"}, "issuetype": {"name": "Task"}, **more}}

    def test_issues(self):
        made = self.expect(201, "POST", "/rest/api/3/issue", self.fields(summary="Rain", customfield_10001="k1"))
        self.assertEqual(made["key"], "ENG-1")
        self.expect(204, "PUT", "/rest/api/3/issue/ENG-1", {"fields": {"summary": "Sun"}})
        found = self.expect(200, "POST", "/rest/api/3/search/jql", {"jql": 'cf[10001] in ("k1", "k2")', "fields": ["summary"]})["issues"]
        self.assertEqual([one["fields"]["summary"] for one in found], ["Sun"])
        told = self.expect(200, "POST", "/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": ["ENG-1", made["id"], "ENG-9"], "fields": ["*all"]})
        self.assertEqual([(one["key"], one["fields"]["project"]["key"]) for one in told["issues"]], [("ENG-1", "ENG")])
        self.expect(400, "POST", "/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": ["ENG-1"] * 101})
        wrong = self.expect(400, "POST", "/rest/api/3/issue", self.fields(description="text"))
        self.assertEqual(sorted(wrong["errors"]), ["description", "summary"])

    def test_bulk(self):
        done = self.expect(201, "POST", "/rest/api/3/issue/bulk", {"issueUpdates": [self.fields(summary="A"), self.fields()]})
        self.assertEqual((len(done["issues"]), done["errors"][0]["failedElementNumber"]), (1, 1))
        self.expect(400, "POST", "/rest/api/3/issue/bulk", {"issueUpdates": [self.fields(summary="A")] * 51})
        self.assert_login_is_needed("GET", "/rest/api/3/field")


class Linear(Dialect):
    vendor = "linear"

    def call(self, query, status=200, **variables):
        return self.expect(status, "POST", "/graphql", {"query": query, "variables": variables})

    def test_issues(self):
        create = "mutation Create($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { id identifier } } }"
        done = self.call(create, input={"title": "Rain", "teamId": "team-1"})
        issue = done["data"]["issueCreate"]["issue"]
        self.assertEqual(issue["identifier"], "ENG-1")
        self.assertEqual(self.call(create, input={"title": ""})["errors"][0]["extensions"]["code"], "INVALID_INPUT")
        update = "mutation { a: issueUpdate(id: \"%s\", input: {title: \"Sun\"}) { success } b: issueUpdate(id: \"x\", input: {}) { success } }" % issue["id"]
        done = self.call(update)
        self.assertEqual((done["data"]["a"]["success"], done["data"]["b"], done["errors"][0]["path"]), (True, None, ["b"]))
        found = self.call("query($t: [String!]) { issues(filter: {title: {in: $t}}) { nodes { id } } }", t=["Sun", "x"])
        self.assertEqual(len(found["data"]["issues"]["nodes"]), 1)
        self.call("{ shoes { id } }", 400)
        self.assert_login_is_needed("POST", "/graphql")


class GitHub(Dialect):
    vendor = "github"
    login = {"Authorization": "Bearer test-token", "User-Agent": "penstock"}

    def test_issues(self):
        made = self.expect(201, "POST", "/repos/acme/site/issues", {"title": "Rain", "labels": ["wet"], "body": "key-1"})
        self.assertEqual((made["number"], made["labels"]), (1, [{"name": "wet"}]))
        self.expect(200, "PATCH", "/repos/acme/site/issues/1", {"state": "closed"})
        self.expect(201, "POST", "/repos/acme/site/issues/1/comments", {"body": "dry"})
        self.expect(204, "POST", "/repos/acme/site/dispatches", {"event_type": "sync", "client_payload": {}})
        self.expect(422, "POST", "/repos/acme/site/issues", {"body": "x"})
        self.assertEqual(self.expect(200, "GET", "/search/issues?q=repo:acme/site+%22key-1%22")["total_count"], 1)
        reply = self.send("GET", "/repos/acme/site/issues?labels=wet")
        self.assertEqual((len(reply.json), reply.headers["x-ratelimit-limit"]), (1, "5000"))
        self.assert_login_is_needed("GET", "/repos/acme/site/issues")


if __name__ == "__main__":
    run()
