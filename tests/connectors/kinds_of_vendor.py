"""What holds for every vendor of a kind. A test names the facts of its vendor and takes the rules from here:

    class GitHub(Issues, VendorTest):
        vendor = "github"
        ...
"""

from of_vendor import PARTIAL, person, straight_only


class Messages:
    """Each row is a message: it is sent once, and its row is in doubt when the reply does not come."""

    fields = {}  # of the sync
    wrong = None  # a row that is refused, and the vendor's word for it
    reason_of_wrong = None

    @staticmethod
    def row(number, **values):
        return person(number, **values)

    @staticmethod
    def text(message):
        """The text of a message as the stand-in holds it."""
        raise NotImplementedError

    def messages(self):
        return sorted(self.text(one) for one in self.held("messages"))

    def sync_messages(self):
        self.project.sync(object="messages", mode="append", match=None, fields=self.fields)

    def test_each_key_is_sent_once(self):
        self.sync_messages()
        self.rows = [self.row(1), self.row(2)]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assert_quiet()
        self.rows = [self.row(1), self.row(2), self.row(3)]
        self.run_sync(added=1, accepted=1)
        self.assertEqual(self.messages(), ["Person 1", "Person 2", "Person 3"])

    def test_a_bad_row_is_refused_alone(self):
        if not self.wrong:
            self.skipTest("the vendor takes any text")
        self.sync_messages()
        self.rows = [self.row(1), self.row(2, **self.wrong), self.row(3)]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn(self.reason_of_wrong, self.reason(2, result))
        self.assertEqual(self.messages(), ["Person 1", "Person 3"])

    @straight_only
    def test_a_lost_answer_leaves_its_row_in_doubt(self):
        self.sync_messages()
        self.rows = [self.row(1)]
        self.sandbox.fault(kind="reset", after=True)
        result = self.project.call("run", "contacts", "--json").results[0]
        self.assertEqual(result["in_doubt"], 1)
        self.assertEqual(self.messages(), ["Person 1"])


class Issues:
    """Issues, tasks: made once for each key, and changed by the id that the vendor gave them."""

    target = None  # the sync's object
    kept = None  # what the stand-in calls them
    title = None  # the field that holds `name`
    issue_id = None  # the field that is matched on
    fields = {}  # further ones
    first = {}  # what the first issue then holds
    wrong = None  # a name that is refused, and why
    reason_of_wrong = None
    removable = False
    readable = False  # before they are written

    def titles(self):
        return sorted(one[self.title] for one in self.held(self.kept))

    def sync_issues(self):
        self.project.sync(object=self.target, mode="append", match=None, fields={self.title: "name"} | self.fields)

    def test_issues_are_made_once_and_changed_by_id(self):
        self.sync_issues()
        self.rows = [person(1), person(2)]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assert_quiet()
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(added=1, accepted=1)
        self.assertEqual(self.titles(), ["Person 1", "Person 2", "Person 3"])
        own = self.held_by(self.kept, self.title)["Person 1"]
        self.assertEqual({name: own.get(name) for name in self.first}, self.first)
        self.change_issues({one[self.title]: key for key, one in self.sandbox.records(self.kept).items()})

    def change_issues(self, ids):
        self.project.sync(name="updates", object=self.target, mode="update", match={self.issue_id: "phone"}, fields={self.title: "name"})
        self.rows = [person(1, phone=ids["Person 1"], name="new"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", accepted=2)
        self.rows = [person(1, phone=ids["Person 1"], name="newer"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", changed=1, accepted=1, requests=1)
        self.assertEqual(self.titles(), ["Person 2", "Person 3", "newer"])
        if self.readable:
            self.assertEqual(self.drift("updates", compared=2, gone=0), {})
        self.rows = [person(1, phone=ids["Person 1"], name="newest"), person(4, phone="999")]
        self.run_sync(sync="updates", changed=1, accepted=1, skipped=1)
        if self.removable:
            self.project.sync(name="deletes", object=self.target, mode="delete", match={self.issue_id: "phone"}, fields=None)
            self.run_sync(sync="deletes", accepted=2)
            self.assertEqual(self.titles(), ["Person 2", "Person 3"])

    def test_a_bad_row_is_refused_alone(self):
        self.sync_issues()
        self.rows = [person(1), person(2, **self.wrong), person(3)]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn(self.reason_of_wrong, self.reason(2, result))
        self.assertEqual(self.titles(), ["Person 1", "Person 3"])


class People:
    """Records of people, of which a stand-in refuses some for no reason that is ours."""

    kept = None  # what the stand-in calls them
    told_by = "email"  # the field by which they are told apart there, and its column
    column = "email"
    why = "refused by the sandbox"

    def cities(self):
        """{email: city} of those whom the stand-in holds."""
        raise NotImplementedError

    def test_only_changes_go(self):
        self.call("check")
        self.rows = [person(1), person(2)]
        self.plan_sync(added=2)
        self.run_sync(accepted=2)
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1, sent=1)
        self.assertEqual(self.cities(), {"p1@example.com": "Bonn", "p2@example.com": "Ulm"})
        self.assert_quiet()

    def assert_refused_alone(self, result, count=10):
        refused = {one["key"] for one in self.operations(result["run"]) if one["outcome"] == "rejected"}
        self.assertIn(self.why, str(self.operations(result["run"])))
        self.assertEqual(result["rejected"], len(refused))
        self.assertTrue(0 < len(refused) < count)
        good = sorted(str(person(key)[self.column]) for key in range(1, count + 1) if str(key) not in refused)
        self.assertEqual(sorted(one[self.told_by] for one in self.held(self.kept)), good)

    def test_bad_rows_are_refused_alone(self):
        self.refuse_some()
        self.rows = [person(key) for key in range(1, 11)]
        self.assert_refused_alone(self.run_sync(code=PARTIAL))


class SeveralHands:
    """Others write to the same records: what they changed is left to them, listed, and a run is taken back around it.

    The others are another sync, whose model is the rows that have a telephone number: it is their city.
    """

    kept = None  # what the stand-in calls the records
    told_by = None  # the field by which they are told apart there
    field = None  # that holds `city`

    def city_of(self, record):
        """What a record of the stand-in has there."""
        return record.get(self.field)

    def there(self):
        return {one[self.told_by]: self.city_of(one) for one in self.held(self.kept)}

    def write_two(self, **more):
        """Two records, both written twice; the second time by the run that is given."""
        self.write_sync(**more)
        self.rows = [self.row(1), self.row(2)]
        self.run_sync(accepted=2)
        self.rows = [self.row(1, city="Bonn"), self.row(2, city="Bonn")]
        return self.run_sync(accepted=2)["run"]

    @staticmethod
    def row(number, **values):
        return person(number, **values)

    def others_write(self):
        self.project.model("select * from people where phone is not null", name="edited")
        self.write_sync("others", model="edited", mode="update", fields={self.field: "phone"})
        self.rows = [self.row(1, city="Bonn"), self.row(2, city="Bonn", phone="Mainz")]
        self.run_sync(sync="others", accepted=1)

    def values_there(self):
        return sorted(self.there().values(), key=str)

    def test_a_run_is_taken_back_around_what_others_changed(self):
        run = self.write_two(before="keep")
        self.others_write()
        for arguments in (("--dry-run",), ()):
            [undone] = self.call("undo", run, *arguments, "--json", code=PARTIAL).results
            self.assertEqual((undone["restored"], undone["values"], undone["left_values"]), (1, 1, 1))
            self.assertEqual([(one["key"], one["field"], one["theirs"]) for one in undone["left"]], [("2", self.field, "Mainz")])
        self.assertEqual(self.values_there(), ["Mainz", "Ulm"])
        self.plan_sync(waiting=1, unchanged=1, to_send=0)
        self.run_sync(sent=0)

    def test_what_others_changed_is_left_to_them_and_listed(self):
        fields = self.sync["fields"] | {self.field: {"from": "city", "write": "if_unchanged"}}
        self.write_two(fields=fields)
        self.others_write()
        self.rows = [self.row(1, city="Kiel"), self.row(2, city="Kiel")]
        self.run_sync(accepted=2, kept_fields=1)
        self.assertEqual(self.values_there(), ["Kiel", "Mainz"])
        found = self.call("drift", "contacts", "--json", code=PARTIAL).objects
        self.assertEqual([(one["key"], one["field"], one["ours"], one["theirs"]) for one in found if "field" in one],
                         [("2", self.field, "Kiel", "Mainz")])

    def test_a_record_that_a_mirror_removed_is_made_again(self):
        self.write_sync(mode="mirror", before="keep")
        self.rows = [self.row(1), self.row(2)]
        self.run_sync(accepted=2)
        self.rows = [self.row(2)]
        run = self.run_sync(removed=1, accepted=1)["run"]
        [undone] = self.call("undo", run, "--json").results
        self.assertEqual((undone["made_again"], undone["accepted"]), (1, 1))
        self.assertEqual(self.values_there(), ["Ulm", "Ulm"])
        self.run_sync(sent=0)
