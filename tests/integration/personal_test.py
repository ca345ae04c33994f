"""Personal values and secrets are not kept and not shown: not in operations, requests, logs or messages."""

import os

from duck import Duck
from harness import PARTIAL, TOKEN, PipeTest, main, person

# Long enough to be recognised, and none a part of another.
EMAIL = "Wilhelmina.Stackpole@Private-Address.Example"
NAME = 'Wilhelmina "Billie" Ströck\\pole'
PHONE = "+44 20 7946 0958"
PERSONAL = [EMAIL, EMAIL.lower(), "ilhelmina", "tackpole", "Ströck", "Str\\u00f6ck", "7946 0958"]


class Masking(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.model(pii=["email", "name"])
        self.project.sync(fields={"firstname": "name", "phone": {"from": "phone", "pii": True}, "city": "city",
                                  "jobtitle": {"sql": "upper(name)"}})

    def someone(self, **values):
        return person(1, **({"email": EMAIL, "name": NAME, "phone": PHONE} | values))

    def assert_nothing_personal(self, text, where):
        for value in PERSONAL + [NAME.upper()]:
            self.assertNotIn(value, text, where)
        self.assertNotIn(TOKEN, text, where)

    def assert_nothing_kept(self):
        """What people and tools read of past runs. The snapshot's match values are needed to find records again."""
        seen = 0
        for directory, _, names in os.walk(self.project.path(".penstock")):
            for name in names:
                path = os.path.join(directory, name)
                if name.endswith(".parquet"):
                    with Duck() as duck:
                        for row in duck.query(f"select cast(columns(*) as varchar) from read_parquet('{path}')"):
                            seen += 1
                            self.assert_nothing_personal("\n".join(value or "" for value in row), path)
                if "/syncs/" not in path:
                    with open(path, "rb") as file:
                        self.assert_nothing_personal(file.read().decode("latin-1"), path)
        self.assertGreater(seen, 0, "nothing was kept at all")

    def assert_nothing_shown(self, run):
        for arguments in (["plan", "contacts"], ["plan", "contacts", "--full"], ["plan", "contacts", "--full", "--json"],
                          ["log", run], ["log", run, "--json"], ["log", run, "--rejected"], ["trace", "contacts", "1"],
                          ["trace", "contacts", "1", "--json"], ["runs"], ["status"]):
            answer = self.project.call(*arguments)
            self.assert_nothing_personal(answer.out + answer.err, answer)

    def run_and_look(self, *arguments):
        answer = self.project.call("run", "contacts", "--json", *arguments)
        self.assert_nothing_personal(answer.out + answer.err, answer)
        [result] = answer.results
        self.check_counts(result, {}, answer)
        self.assert_nothing_kept()
        self.assert_nothing_shown(result["run"])
        return result

    def test_values_of_accepted_rows(self):
        self.rows = [self.someone()]
        self.assertEqual(self.run_and_look()["accepted"], 1)
        self.assertEqual(self.records("firstname", "phone"), {EMAIL.lower(): {"firstname": NAME, "phone": PHONE}})

    def test_values_of_changed_rows_before_and_after(self):
        self.rows = [self.someone()]
        self.run_sync(accepted=1)
        self.rows = [self.someone(phone="0", city="Bonn")]
        self.assert_nothing_personal(self.call("plan", "contacts").out, "plan")
        self.run_and_look()

    def test_values_that_a_refusal_repeats(self):
        self.rows = [self.someone(email=EMAIL.replace("@", " at ")), person(2)]
        result = self.run_and_look()
        self.assertEqual((result["accepted"], result["rejected"]), (1, 1))
        text = self.project.call("run", "contacts")
        self.assert_nothing_personal(text.out + text.err, text)

    def test_values_of_a_request_that_is_refused_as_a_whole(self):
        self.project.sync(fields={"firstname": "name", "lifecyclestage": {"from": "phone", "pii": True}})
        self.rows = [self.someone()]
        self.assertEqual(self.run_and_look()["rejected"], 1)

    def test_values_of_invalid_rows(self):
        self.rows = [self.someone(), person(2, email=EMAIL), person(3)]
        self.assertEqual(self.run_and_look()["invalid"], 2)

    def test_values_of_rows_that_are_looked_for(self):
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"})
        self.sandbox.create("companies", domain=EMAIL, name=NAME)
        self.sandbox.create("companies", domain=EMAIL, name="another")
        self.rows = [self.someone()]
        self.assertEqual(self.run_and_look()["rejected"], 1)

    def test_values_of_removed_rows(self):
        self.project.sync(mode="mirror", fields={"firstname": "name"}, guard={"empty_model": "allow"})
        self.rows = [self.someone()]
        self.run_sync(accepted=1)
        self.rows = []
        self.assertEqual(self.run_and_look()["accepted"], 1)

    def test_a_reply_that_repeats_the_token(self):
        self.sandbox.fault(path="/batch/", status=400, body=f"who is Bearer {TOKEN}?", count=-1)
        self.rows = [self.someone()]
        self.run_and_look()

    def test_a_key_that_is_personal(self):
        self.project.model(key="email", pii=["email", "name"])
        self.project.sync(fields={"firstname": "name"})
        self.rows = [self.someone(), person(2, email="bad")]
        self.run_and_look()


class Secrets(PipeTest):
    def test_the_token_is_nowhere_in_the_state(self):
        self.rows = [person(1), person(2, email="bad")]
        self.run_sync(code=PARTIAL, rejected=1)
        for directory, _, names in os.walk(self.project.path(".penstock")):
            for name in names:
                with open(os.path.join(directory, name), "rb") as file:
                    self.assertNotIn(TOKEN.encode(), file.read(), name)

    def test_verbose_output_does_not_show_the_token(self):
        self.rows = [person(1)]
        answer = self.call("--verbose", "run", "contacts")
        self.assertNotIn(TOKEN, answer.out + answer.err)


if __name__ == "__main__":
    main()
