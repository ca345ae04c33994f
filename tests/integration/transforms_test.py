"""Values pass named transforms on their way; one that cannot be converted makes its row invalid, and the others go on."""

import os

from harness import PARTIAL, ROOT, USAGE, PipeTest, main, person

# A field of every kind of declaration: what the destination converts, requires and masks.
OWN_FIELDS = """objects:
  contacts:
    title: Contacts
    match: { hs_object_id: id, email: unique }
    fields:
      email: { title: Email, convert: email, required: true }
      phone: { title: Telephone, personal: true, convert: [{ phone: "{setting.country}" }] }
      jobtitle: { title: Job, escape: html }
"""


class Transforms(PipeTest):
    def fields(self, **fields):
        self.project.sync(fields=fields)

    def test_values_pass_their_transforms(self):
        self.fields(firstname={"from": "name", "transform": ["trim", "title"]},
                    phone={"from": "phone", "transform": {"phone": "DE"}},
                    city={"sql": "city || ';x'", "transform": [{"split": ";"}, "upper", {"join": "+"}]},
                    jobtitle={"value": " boss ", "transform": "trim"})
        self.rows = [person(1, name=" ada LOVELACE", phone="030 / 90 18 20"), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.records("firstname", "city", "jobtitle"), {
            "p1@example.com": {"firstname": "Ada Lovelace", "city": "ULM+X", "jobtitle": "boss"},
            "p2@example.com": {"firstname": "Person 2", "city": "ULM+X", "jobtitle": "boss"}})
        self.assertEqual({email: phone or "" for email, phone in self.records("phone").items()},
                         {"p1@example.com": "+4930901820", "p2@example.com": ""})
        self.assert_quiet(unchanged=2)

    def test_a_match_value_passes_them_too(self):
        self.project.sync(match={"email": {"from": "email", "transform": "email"}}, fields={"city": "city"})
        self.rows = [person(1, email=" P1@Example.com "), person(2, email="nobody"), person(3, email="nobody")]
        self.run_sync(accepted=1, invalid=2, code=PARTIAL)
        self.assertEqual(list(self.records()), ["p1@example.com"])
        plan = self.call("plan", "contacts").out
        self.assertIn("email: 'nobody' is not an email address", plan)
        self.assertNotIn("occurs in", plan)

    def test_a_value_that_cannot_be_converted_makes_its_row_invalid(self):
        self.fields(phone={"from": "phone", "transform": "phone"})
        self.rows = [person(1, phone="+49 30 901820"), person(2, phone=None), person(3, phone="call me")]
        self.run_sync(accepted=2, invalid=1, code=PARTIAL)
        self.assertIn("phone: 'call me' is not a telephone number", self.call("plan", "contacts").out)
        self.run_sync(accepted=0, invalid=1, unchanged=2, code=PARTIAL)
        # What was accepted stays until there is a value that can be sent.
        self.rows = [person(1, phone="soon"), person(2, phone="soon"), person(3, phone="+49 30 901821")]
        self.run_sync(added=1, accepted=1, invalid=2, code=PARTIAL)
        self.assertEqual(self.records("phone")["p1@example.com"], "+4930901820")
        self.rows = [person(1, phone="0049 30 901820"), person(2, phone=""), person(3, phone="+4930901821")]
        self.run_sync(accepted=0, unchanged=3)

    def test_a_personal_value_is_masked_in_the_reason(self):
        self.project.model(pii=["phone"])
        self.fields(phone={"from": "phone", "transform": "phone"})
        self.rows = [person(1, phone="call me")]
        self.run_sync(invalid=1, code=PARTIAL)
        answer = self.call("plan", "contacts")
        self.assertIn("phone: '•••' is not a telephone number", answer.out)
        self.assertNotIn("call me", answer.out + answer.err)

    def test_a_change_of_transforms_sends_what_it_changes(self):
        self.fields(firstname="name", city="city")
        self.rows = [person(1, name="ADA"), person(2, name="bob")]
        self.run_sync(accepted=2)
        self.writes()
        self.fields(firstname={"from": "name", "transform": "upper"}, city={"from": "city", "transform": "trim"})
        self.run_sync(changed=1, unchanged=1, accepted=1)
        self.assertEqual([properties for _, _, properties in self.writes()], [{"firstname": "BOB"}])
        self.assert_quiet(unchanged=2)

    def test_a_message(self):
        self.fields(jobtitle={"template": "{{{name|upper}}} of {city|default: nowhere}: {phone|truncate: 3}."})
        self.rows = [person(1, city=None, phone="12345"), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.records("jobtitle"), {"p1@example.com": "{PERSON 1} of nowhere: 123.",
                                                    "p2@example.com": "{PERSON 2} of Ulm: ."})

    def test_mistakes_are_explained(self):
        self.fields(phone={"from": "phone", "transform": ["trimm"]}, city={"template": "in {city|uper}"})
        answer = self.call("check", code=USAGE)
        self.assert_refused(answer, "there is no transform 'trimm'", "did you mean 'trim'?", "there is no transform 'uper'")
        self.fields(city={"template": "in {cty}"}, phone={"from": "phone", "transform": {"join": ","}})
        self.rows = [person(1)]
        answer = self.call("plan", "contacts", code=USAGE)
        self.assert_refused(answer, "has no column 'cty'; did you mean 'city'?", "join takes a list, and this is a text")


class OfTheDestination(PipeTest):
    """A connector of the project's own that says how values are converted."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(ROOT, "connectors", "hubspot.yaml"), encoding="utf-8") as file:
            own = file.read().replace("connector: hubspot", "connector: own", 1)
        before, after = own.split("\nobjects:\n", 1)
        after = after[after.index("\n\n"):]
        before = before.replace("\nsettings:\n", "\nsettings:\n  country: { type: text, default: DE, help: The country. }\n", 1)
        self.project.write("connectors/own.yaml", before + "\n" + OWN_FIELDS + after)
        self.point_to()

    def point_to(self, **more):
        self.project.write("destinations/crm.yaml", {"type": "own", "access_token": "${env:HUBSPOT_TOKEN}",
                                                     "base_url": self.sandbox.url} | more)

    def test_it_converts_after_the_sync_does(self):
        self.project.sync(fields={"phone": {"from": "phone", "transform": [{"replace": {"from": "x", "to": "0"}}]},
                                  "jobtitle": {"template": "<b>{name}</b>"}})
        self.rows = [person(1, email="P1@EXAMPLE.com ", phone="x30 901820", name="R&D"), person(2, phone="secret")]
        self.run_sync(accepted=1, invalid=1, code=PARTIAL)
        self.assertEqual(self.records("phone", "jobtitle"),
                         {"p1@example.com": {"phone": "+4930901820", "jobtitle": "<b>R&amp;D</b>"}})
        answer = self.call("plan", "contacts")
        self.assertIn("phone: '•••' is not a telephone number", answer.out)
        self.assertNotIn("secret", answer.out + answer.err)
        # A setting that is changed changes what is sent.
        self.point_to(country="AT")
        self.run_sync(changed=1, accepted=1, invalid=1, code=PARTIAL)
        self.assertEqual(self.records("phone"), {"p1@example.com": "+4330901820"})

    def test_a_required_field_must_be_there(self):
        self.project.sync(mode="insert", match=None, fields={"city": "city"})
        self.assert_refused(self.call("check", code=USAGE), "syncs/contacts.yaml:4", "cannot create contacts without the field 'email'",
                            "map it under 'fields'")
        self.project.sync(mode="update", match={"hs_object_id": "id"}, fields={"city": "city"})
        self.assertNotIn("cannot create", self.project.call("check").err)

    def test_a_convert_that_asks_for_an_unknown_setting_is_refused(self):
        with open(self.project.path("connectors/own.yaml"), encoding="utf-8") as file:
            own = file.read()
        self.project.write("connectors/own.yaml", own.replace("{setting.country}", "{setting.contry}"))
        self.assert_refused(self.call("check", code=USAGE), "there is no setting 'contry'", "did you mean 'country'?")


if __name__ == "__main__":
    main()
