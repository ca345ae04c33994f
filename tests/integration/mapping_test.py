"""A change of the mapping is compared like a change of the data: no surprise full resync, and the plan says why."""

from harness import PARTIAL, PipeTest, main, person


class MappingChanges(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(fields={"firstname": "name", "phone": "phone"})
        self.rows = [person(number, phone=str(number)) for number in range(5)]
        self.run_sync(accepted=5)
        self.writes()

    def sent_fields(self):
        return {match: set(properties) - {"email"} for _, match, properties in self.writes()}

    def test_an_added_field_goes_alone(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        plan = self.plan_sync(changed=5, added=0, because_of_mapping=5)
        self.assertEqual({row["why"] for row in plan["samples"]}, {"mapping"})
        self.assertIn("because the mapping changed", self.call("plan", "contacts").out)
        self.run_sync(changed=5, accepted=5)
        self.assertEqual(self.sent_fields(), {f"p{number}@example.com": {"city"} for number in range(5)})
        self.assertEqual(set(self.records("city").values()), {"Ulm"})
        self.assert_quiet(unchanged=5)

    def test_a_removed_field_needs_nothing(self):
        self.project.sync(fields={"firstname": "name"})
        self.assert_quiet(unchanged=5)
        self.assertEqual(self.writes(), [])

    def test_a_redefined_field_goes_alone(self):
        self.project.sync(fields={"firstname": {"sql": "upper(name)"}, "phone": "phone"})
        self.run_sync(changed=5, accepted=5)
        self.assertEqual(self.sent_fields(), {f"p{number}@example.com": {"firstname"} for number in range(5)})
        self.assert_quiet(unchanged=5)

    def test_a_field_redefined_to_the_same_values_needs_nothing(self):
        self.project.sync(fields={"firstname": {"sql": "name || ''"}, "phone": "phone"})
        self.assert_quiet(unchanged=5)

    def test_a_field_redefined_for_some_rows_sends_those_rows(self):
        self.project.sync(fields={"firstname": {"sql": "case when id = '3' then 'Ada' else name end"}, "phone": "phone"})
        self.plan_sync(changed=1, unchanged=4, because_of_mapping=1)
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.sent_fields(), {"p3@example.com": {"firstname"}})
        self.assert_quiet(unchanged=5)

    def test_a_renamed_field_sends_the_new_one(self):
        self.project.sync(fields={"firstname": "name", "mobilephone": "phone"})
        self.run_sync(changed=5, accepted=5)
        self.assertEqual(self.sent_fields(), {f"p{number}@example.com": {"mobilephone"} for number in range(5)})
        self.assert_quiet(unchanged=5)

    def test_a_row_that_changed_as_well_goes_whole(self):
        self.rows = [person(number, phone=str(number), name="Ada" if number == 3 else f"Person {number}")
                     for number in range(5)]
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        self.plan_sync(changed=5, because_of_mapping=4)
        self.run_sync(changed=5, accepted=5)
        sent = self.sent_fields()
        self.assertEqual(sent["p3@example.com"], {"firstname", "phone", "city"})
        self.assertEqual(sent["p1@example.com"], {"city"})
        self.assert_quiet(unchanged=5)

    def test_two_changes_before_the_next_run_are_one(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        self.plan_sync(changed=5)
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city", "jobtitle": {"value": "x"}})
        self.run_sync(changed=5, accepted=5)
        self.assertEqual(self.sent_fields()["p1@example.com"], {"city", "jobtitle"})

    def test_a_change_that_was_taken_back_needs_nothing(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        self.plan_sync(changed=5)
        self.project.sync(fields={"firstname": "name", "phone": "phone"})
        self.assert_quiet(unchanged=5)

    def test_some_rows_at_a_time(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        self.run_sync("--limit", 2, changed=5, sent=2, accepted=2)
        self.plan_sync(changed=3, because_of_mapping=3, unchanged=2)
        self.run_sync(changed=3, accepted=3)
        self.assertEqual(self.sent_fields(), {f"p{number}@example.com": {"city"} for number in range(5)})
        self.assert_quiet(unchanged=5)

    def test_one_row_by_its_key_leaves_the_others_their_turn(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        self.run_sync("--key", 2, changed=1, sent=1, accepted=1)
        self.plan_sync(changed=4, because_of_mapping=4, unchanged=1)
        self.run_sync(changed=4, accepted=4)
        self.assertEqual(self.sent_fields(), {f"p{number}@example.com": {"city"} for number in range(5)})

    def test_rows_that_fail_under_the_new_mapping_keep_what_was_accepted(self):
        self.rows = [person(number, phone=str(number), city="nonsense" if number == 3 else "lead") for number in range(5)]
        self.project.sync(fields={"firstname": "name", "phone": "phone", "lifecyclestage": "city"})
        self.run_sync(code=PARTIAL, changed=5, accepted=4, rejected=1)
        self.rows = [person(number, phone=str(number), city="lead") for number in range(5)]
        self.writes()
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.sent_fields(), {"p3@example.com": {"lifecyclestage"}})
        self.assert_quiet(unchanged=5)

    def test_an_invalid_row_under_a_new_mapping_sends_no_more_than_the_others_once_mended(self):
        rows = [person(number, phone=str(number)) for number in range(5)]
        self.rows = rows + [rows[3]]
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        self.run_sync(code=PARTIAL, invalid=2, accepted=4)
        self.rows = rows
        self.writes()
        self.run_sync(accepted=1)
        self.assertEqual(self.sent_fields(), {"p3@example.com": {"city"}})

    def test_a_column_that_was_mapped_may_go_with_its_field(self):
        self.project.rows(self.rows, columns=["id", "email", "name"])
        self.project.sync(fields={"firstname": "name"})
        self.run_sync("--quiet")
        self.assertEqual(set(self.records("phone").values()), {str(number) for number in range(5)})
        self.assert_quiet(unchanged=5)

    def test_a_field_that_is_written_on_create_from_now_on_needs_nothing(self):
        self.project.sync(fields={"firstname": "name", "phone": {"from": "phone", "write": "on_create"}})
        self.assert_quiet(unchanged=5)

    def test_a_record_deleted_by_hand_is_whole_when_a_field_is_added(self):
        self.sandbox.delete(self.record_id("p3@example.com"))
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": "city"})
        self.run_sync(changed=5, accepted=5)
        self.assertEqual(self.records("firstname", "phone", "city")["p3@example.com"],
                         {"firstname": "Person 3", "phone": "3", "city": "Ulm"})

    def test_the_match_expression_may_change_with_the_same_values(self):
        self.project.sync(match={"email": {"sql": "lower(email)"}}, fields={"firstname": "name", "phone": "phone"})
        self.assert_quiet(unchanged=5)


if __name__ == "__main__":
    main()
