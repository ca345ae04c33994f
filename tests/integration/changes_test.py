"""Only what changed, never what is stale: rows that come, change, go, and come back."""

from harness import NULL, PipeTest, main, person


class Changes(PipeTest):
    def test_the_first_run_sends_every_row(self):
        self.rows = [person(1), person(2), person(3, phone="123")]
        self.plan_sync(rows=3, added=3, changed=0, removed=0, to_send=3, requests=1)
        self.run_sync(status="succeeded", rows=3, added=3, sent=3, accepted=3, requests=1)
        self.assertEqual(self.records("firstname", "phone", "city"), {
            "p1@example.com": {"firstname": "Person 1", "phone": None, "city": "Ulm"},
            "p2@example.com": {"firstname": "Person 2", "phone": None, "city": "Ulm"},
            "p3@example.com": {"firstname": "Person 3", "phone": "123", "city": "Ulm"}})

    def test_a_plan_sends_nothing(self):
        self.rows = [person(1)]
        self.plan_sync(added=1)
        self.plan_sync(added=1)
        self.assertEqual(self.sandbox.stats()["requests"], 0)

    def test_a_second_run_asks_nothing_of_the_destination(self):
        self.rows = [person(number) for number in range(250)]
        self.run_sync(added=250, accepted=250, requests=3)
        self.assert_quiet(rows=250, unchanged=250)

    def test_only_the_row_that_changed_goes(self):
        self.rows = [person(number) for number in range(5)]
        self.run_sync(accepted=5)
        self.writes()
        self.rows = [person(number, city="Bonn" if number == 3 else "Ulm") for number in range(5)]
        plan = self.plan_sync(added=0, changed=1, unchanged=4)
        self.assertEqual([(row["key"], row["why"]) for row in plan["samples"]], [("3", "data")])
        self.run_sync(changed=1, sent=1, accepted=1)
        [(_, match, properties)] = self.writes()
        self.assertEqual((match, properties["city"]), ("p3@example.com", "Bonn"))
        self.assert_quiet()

    def test_a_column_that_is_not_mapped_changes_nothing(self):
        self.project.sync(fields={"firstname": "name"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, city="Bonn", phone="1")]
        self.assert_quiet(unchanged=1)

    def test_the_order_of_rows_columns_and_fields_changes_nothing(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.project.rows([person(2), person(1)], columns=["city", "phone", "name", "email", "id"])
        self.project.sync(fields={"city": "city", "phone": "phone", "firstname": "name"})
        self.assert_quiet(unchanged=2)

    def test_null_and_an_empty_text_are_different(self):
        self.rows = [person(1, phone=None)]
        self.run_sync(accepted=1)
        self.rows = [person(1, phone="")]
        self.plan_sync(changed=1)

    def test_values_do_not_run_into_each_other(self):
        self.rows = [person(1, phone="ab", city="c")]
        self.run_sync(accepted=1)
        self.rows = [person(1, phone="a", city="bc")]
        self.run_sync(changed=1, accepted=1)

    def test_a_removed_row_is_left_alone_by_default(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1)]
        self.run_sync(removed=1, sent=0, requests=0, status="succeeded")
        self.assertEqual(set(self.records()), {"p1@example.com", "p2@example.com"})
        self.run_sync(removed=0, sent=0)

    def test_a_removed_row_is_deleted_by_on_removed_delete(self):
        self.project.sync(on_removed="delete")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1)]
        self.plan_sync(removed=1, unchanged=1, to_send=1)
        self.run_sync(removed=1, sent=1, accepted=1)
        self.assertEqual(set(self.records()), {"p1@example.com"})
        self.assert_quiet(unchanged=1)

    def test_a_removed_row_is_cleared_by_on_removed_clear(self):
        self.project.sync(on_removed="clear")
        self.rows = [person(1, phone="1"), person(2, phone="2")]
        self.run_sync(accepted=2)
        self.sandbox.edit(self.record_id("p2@example.com"), jobtitle="by hand")
        self.rows = [person(1, phone="1")]
        self.run_sync(removed=1, sent=1, accepted=1)
        self.assertEqual(self.records("firstname", "phone", "city", "jobtitle")["p2@example.com"],
                         {"firstname": None, "phone": None, "city": None, "jobtitle": "by hand"})
        self.assert_quiet()

    def test_a_row_that_comes_back_after_its_removal_is_created_again(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1)]
        self.run_sync(removed=1, accepted=1)
        self.rows = [person(1), person(2)]
        self.run_sync(added=1, accepted=1)
        self.assertEqual(set(self.records()), {"p1@example.com", "p2@example.com"})

    def test_a_row_that_comes_back_after_it_was_cleared_is_written_again(self):
        self.project.sync(on_removed="clear")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1)]
        self.run_sync(removed=1, accepted=1)
        self.rows = [person(1), person(2)]
        self.run_sync(added=1, accepted=1)
        self.assertEqual(self.records("firstname")["p2@example.com"], "Person 2")

    def test_a_row_that_was_left_alone_comes_back_as_it_was(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1)]
        self.run_sync(removed=1, sent=0)
        self.rows = [person(1), person(2)]
        self.run_sync(added=0, changed=0, unchanged=2, sent=0)

    def test_a_row_that_was_left_alone_comes_back_changed(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1)]
        self.run_sync(removed=1, sent=0)
        self.rows = [person(1), person(2, city="Bonn")]
        self.run_sync(sent=1, accepted=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Ulm", "p2@example.com": "Bonn"})

    def test_rows_that_left_are_removed_once_a_removal_is_asked_for(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1)]
        self.run_sync(removed=1, sent=0)
        self.project.sync(on_removed="delete")
        self.run_sync(removed=1, sent=1, accepted=1)
        self.assertEqual(set(self.records()), {"p1@example.com"})

    def test_a_record_that_is_gone_already_counts_as_removed(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.sandbox.delete(self.record_id("p2@example.com"))
        self.rows = [person(1)]
        self.run_sync(removed=1, sent=1, accepted=1, status="succeeded")
        self.assert_quiet()

    def test_a_record_deleted_by_hand_is_made_anew_when_its_row_changes(self):
        self.rows = [person(1, phone="1")]
        self.run_sync(accepted=1)
        self.sandbox.delete(self.record_id("p1@example.com"))
        self.rows = [person(1, phone="2")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("firstname", "phone"), {"p1@example.com": {"firstname": "Person 1", "phone": "2"}})


class InvalidRows(PipeTest):
    def test_rows_with_one_key_are_invalid_and_the_others_go(self):
        self.rows = [person(1), person(2), person(2, city="Bonn", email="x@example.com"), person(3)]
        plan = self.plan_sync(rows=4, added=2, invalid=2)
        self.assertEqual({row["key"] for row in plan["invalid_rows"]}, {"2"})
        self.run_sync(code=3, status="partial", invalid=2, accepted=2)
        self.assertEqual(set(self.records()), {"p1@example.com", "p3@example.com"})

    def test_rows_without_a_key_are_invalid(self):
        self.rows = [person(1), person(NULL, email="x@example.com"), person(NULL, email="y@example.com")]
        self.run_sync(code=3, rows=3, added=1, invalid=2, accepted=1)

    def test_rows_without_a_match_value_are_invalid(self):
        self.rows = [person(1), person(2, email=None)]
        answer = self.call("run", "contacts", code=3)
        self.assertIn("the match value 'email' is NULL", answer.out)
        self.assertEqual(set(self.records()), {"p1@example.com"})

    def test_rows_that_share_a_match_value_are_invalid(self):
        self.rows = [person(1), person(2, email="same@example.com"), person(3, email="same@example.com")]
        self.run_sync(code=3, added=1, invalid=2, accepted=1)
        self.assertEqual(set(self.records()), {"p1@example.com"})

    def test_match_values_that_the_destination_takes_for_one_are_invalid(self):
        self.rows = [person(1), person(2, email="same@example.com"), person(3, email="Same@Example.com")]
        self.run_sync(code=3, added=1, invalid=2, accepted=1)
        self.assertEqual(set(self.records()), {"p1@example.com"})

    def test_a_new_row_does_not_take_the_record_of_an_unchanged_one(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1), person(2, email="p1@example.com")]
        self.run_sync(code=3, invalid=2, sent=0)
        self.assertEqual(self.records("firstname"), {"p1@example.com": "Person 1"})

    def test_an_invalid_row_is_not_removed(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1), person(2), person(2)]
        self.run_sync(code=3, removed=0, sent=0, invalid=2)
        self.assertEqual(set(self.records()), {"p1@example.com", "p2@example.com"})

    def test_an_invalid_row_goes_once_it_is_mended(self):
        self.rows = [person(1), person(1)]
        self.run_sync(code=3, invalid=2, sent=0)
        self.rows = [person(1)]
        self.run_sync(added=1, accepted=1)


class CompositeKeys(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.model(key=["country", "number"])
        self.project.sync(fields={"firstname": "name"})

    @staticmethod
    def row(country, number, name="Ada"):
        return {"country": country, "number": number, "email": f"{country}.{number}@example.com".replace(",", "_"),
                "name": name}

    def test_keys_of_two_columns_tell_rows_apart(self):
        self.rows = [self.row("DE", 1), self.row("DE", 2), self.row("FR", 1)]
        self.run_sync(added=3, accepted=3)
        self.rows = [self.row("DE", 1), self.row("DE", 2, "Eve"), self.row("FR", 1)]
        run = self.run_sync(changed=1, accepted=1)
        self.assertEqual(set(self.outcomes(run["run"])), {'["DE","2"]'})
        self.assertEqual(len(self.call("trace", "contacts", "DE,2", "--json").objects[0]["operations"]), 2)

    def test_parts_of_a_key_do_not_run_into_each_other(self):
        self.rows = [self.row("a", "bc"), self.row("ab", "c")]
        self.run_sync(added=2, accepted=2)
        self.rows = [self.row("a", "bc"), self.row("ab", "c", "Eve")]
        self.run_sync(changed=1, accepted=1, unchanged=1)

    def test_a_key_with_a_comma_in_it_is_named_as_json(self):
        self.rows = [self.row("a,b", "c")]
        self.run_sync(added=1, accepted=1)
        trace = self.call("trace", "contacts", '["a,b","c"]', "--json").objects[0]
        self.assertEqual(len(trace["operations"]), 1)
        self.run_sync("--full", "--key", trace["key"], sent=1, accepted=1)


if __name__ == "__main__":
    main()
