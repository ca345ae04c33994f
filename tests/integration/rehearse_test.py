#!/usr/bin/env python3
"""`penstock test`: rows in, payloads and requests out, with neither source nor destination there."""

import json
import os
import time
import unittest

from harness import DONE, FAILED, USAGE, Project


class Rehearsal(unittest.TestCase):
    def setUp(self):
        # Nobody listens there, and there is no file behind the source: a test that asked would fail.
        self.project = Project("http://127.0.0.1:1")
        self.project.model("select id, email, name, phone, city from people")
        self.project.sync(fields={
            "firstname": {"from": "name", "transform": "trim"},
            "phone": {"from": "phone", "transform": {"phone": "DE"}},
            "city": {"from": "city", "null": "omit"},
            "tier": {"sql": "case when ltv > 1000 then 'gold' else 'standard' end"},
            "score": "ltv"})

    def try_cases(self, *cases, code=DONE, **more):
        self.project.write("tests/contacts.yaml", {"sync": "contacts", "cases": list(cases)} | more)
        answer = self.project.call("test", "--json")
        self.assertEqual(answer.code, code, answer.out + answer.err)
        return [json.loads(line) for line in answer.out.splitlines() if line.startswith("{")]

    def differences(self, case, **more):
        results = self.try_cases({"name": "it"} | case, code=FAILED, **more)
        return [(each.get("field", ""), each["expected"], each["got"]) for each in results[0]["differences"]]

    def test_payloads_come_from_the_mapping(self):
        results = self.try_cases(
            {"name": "gold", "row": {"email": "ada@example.com", "name": " Ada ", "phone": "030 1234567", "ltv": 1000.01},
             "payload": {"email": "ada@example.com", "firstname": "Ada", "phone": "+49301234567", "tier": "gold",
                         "score": 1000.01, "city": None}},
            {"name": "several", "rows": [{"email": "a@example.com", "ltv": 1}, {"email": "b@example.com"}],
             "payloads": [{"score": "1.00"}, {"score": None, "tier": "standard"}]},
            {"name": "by a query", "rows_sql": "select 'p' || i || '@example.com' as email, 2000 as ltv from range(3) t(i)",
             "payload": {"tier": "gold"}})
        self.assertEqual([each["holds"] for each in results], [True, True, True])
        self.assertEqual([each["case"] for each in results], ["gold", "several", "by a query"])

    def test_differences_are_shown_field_by_field(self):
        self.assertEqual(self.differences({"row": {"email": "a@example.com", "name": "Ada", "ltv": 5},
                                           "payload": {"firstname": "Eva", "tier": "standard", "score": 6}}),
                         [("firstname", "Eva", "Ada"), ("score", "6", "5")])
        answer = self.project.call("test")
        self.assertEqual(answer.code, FAILED)
        self.assertIn("firstname\n      expected  Eva\n      got       Ada\n", answer.out)
        self.assertIn("tests/contacts.yaml:", answer.out)
        self.assertIn("1 case, of which 1 does not hold", answer.err)

    def test_invalid_rows(self):
        results = self.try_cases(
            {"name": "no match", "row": {"name": "Ada"}, "invalid": "the match value 'email' is NULL"},
            {"name": "no number", "row": {"email": "a@example.com", "phone": "ask me"}, "invalid": "phone: 'ask me'"},
            {"name": "no key", "row": {"id": None, "email": "a@example.com"}, "invalid": "the key is NULL"},
            {"name": "twice", "rows": [{"email": "a@example.com"}, {"email": "a@example.com"}],
             "invalid": "the match value occurs in 2 rows"})
        self.assertEqual([each["holds"] for each in results], [True] * 4)
        self.assertEqual(self.differences({"row": {"email": "a@example.com"}, "invalid": "phone"}),
                         [("", "phone", "the row is valid")])
        self.assertEqual(self.differences({"row": {"name": "Ada"}, "payload": {"firstname": "Ada"}}),
                         [("", "a valid row", "invalid: the match value 'email' is NULL")])

    def test_requests_are_those_of_the_connector(self):
        row = {"email": "ada@example.com", "name": "Ada", "ltv": 12.50}
        body = {"inputs": [{"id": "ada@example.com", "idProperty": "email", "objectWriteTraceId": "0",
                            "properties": {"firstname": "Ada", "phone": "", "tier": "standard", "score": "12.50"}}]}
        upsert = "POST /crm/v3/objects/contacts/batch/upsert"
        self.assertTrue(self.try_cases({"name": "one", "row": row, "requests": [{"request": upsert, "body": body}]},
                                       columns={"ltv": "DECIMAL(10,2)"})[0]["holds"])
        body["inputs"][0]["properties"]["firstname"] = "Eva"
        differences = self.differences({"row": row, "requests": [{"request": upsert, "body": body}, upsert]})
        self.assertEqual([each[0] for each in differences], ["1.body", "2"])
        self.assertIn('"firstname":"Ada"', differences[0][2])
        self.assertEqual(differences[1][1:], (upsert, "no request"))

    def test_look_ups_find_what_the_case_says(self):
        self.project.sync(mode="update", match={"name": "name"}, object="companies", fields={"city": "city"})
        search, update = "POST /crm/v3/objects/companies/search", "POST /crm/v3/objects/companies/batch/update"
        results = self.try_cases(
            {"name": "not there", "row": {"name": "Acme", "city": "Ulm"}, "requests": [search]},
            {"name": "there", "row": {"name": "Acme", "city": "Ulm"}, "found": True, "requests": [search, update]})
        self.assertEqual([each["holds"] for each in results], [True, True])

    def test_mistakes_in_files_are_shown_all_at_once(self):
        self.project.write("tests/contacts.yaml", """sync: contact
cases:
  - name: one
    row: { email: a@example.com }
  - name: two
    rowz: { email: a@example.com }
    payload: { firstname: Ada }
""")
        answer = self.project.call("test")
        self.assertEqual(answer.code, USAGE)
        self.assertIn("tests/contacts.yaml:3:5", answer.err)
        self.assertIn("this case expects nothing", answer.err)
        self.assertIn("did you mean 'row'?", answer.err)
        self.assertEqual(self.project.call("check").code, USAGE, "check looks at them as well")

    def test_names_are_checked(self):
        for file, place, message in (
                ("sync: contact\ncases: [{ name: a, row: { id: 1 }, payload: {} }]\n", "1:7", "did you mean 'contacts'?"),
                ("sync: contacts\ncases:\n - name: a\n   row: { id: 1 }\n   payload: { firstnam: x }\n", "5:15",
                 "did you mean 'firstname'?"),
                ("sync: contacts\ncolumns: { ltv: DECIMALL }\ncases: [{ name: a, row: { id: 1 }, payload: {} }]\n", "2:12",
                 "'DECIMALL' is no type"),
                ("sync: contacts\ncolumns: { ltv: INTEGER }\ncases:\n - name: a\n   row: { ltv: many }\n   payload: {}\n", "5:16",
                 "'many' is no INTEGER for the column 'ltv'"),
                ("sync: contacts\ncases:\n - name: a\n   rows_sql: select nothing from nowhere\n   payload: {}\n", "4:14",
                 "nowhere"),
                ("sync: contacts\ncases: [{ name: a, rows: [{ id: 1 }], payloads: [{}, {}] }]\n", "2:49", "2 payloads for 1 rows")):
            self.project.write("tests/contacts.yaml", file)
            answer = self.project.call("test")
            self.assertEqual(answer.code, USAGE, answer.out + answer.err)
            self.assertIn(f"tests/contacts.yaml:{place}", answer.err, message)
            self.assertIn(message, answer.err)

    def test_a_slip_in_a_column_is_warned_of(self):
        self.project.write("tests/contacts.yaml", {"sync": "contacts", "cases": [
            {"name": "a", "row": {"emial": "a@example.com"}, "invalid": "is NULL"}]})
        answer = self.project.call("test")
        self.assertEqual(answer.code, DONE)
        self.assertIn("does not read a column 'emial'; did you mean 'email'?", answer.err)

    def test_syncs_are_chosen(self):
        self.try_cases({"name": "a", "row": {"email": "a@example.com"}, "payload": {"tier": "standard"}})
        self.project.sync("others")
        answer = self.project.call("test", "others")
        self.assertEqual((answer.code, answer.out), (DONE, ""))
        self.assertIn("there is nothing to try", answer.err)
        answer = self.project.call("test", "contact")
        self.assertEqual(answer.code, USAGE)
        self.assertIn("did you mean 'contacts'?", answer.err)

    def test_it_is_quick_and_leaves_nothing_behind(self):
        cases = [{"name": f"case {i}", "row": {"email": f"p{i}@example.com", "ltv": i}, "payload": {"tier": "standard"}}
                 for i in range(200)]
        begun = time.monotonic()
        self.assertEqual(len(self.try_cases(*cases)), 200)
        self.assertLess(time.monotonic() - begun, 20, "a busy machine has its time; usually it is less than one second")
        self.assertFalse(os.path.exists(self.project.path(".penstock")))


if __name__ == "__main__":
    unittest.main()
