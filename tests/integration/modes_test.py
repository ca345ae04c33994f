"""Which records each mode writes, and how records are matched."""

from harness import DONE, PARTIAL, PipeTest, main, person


class Modes(PipeTest):
    def test_insert_writes_only_records_that_do_not_exist(self):
        self.sandbox.create(email="p1@example.com", firstname="By hand")
        self.project.sync(mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(added=2, sent=2, accepted=1, skipped=1)
        self.assertEqual(self.records("firstname"), {"p1@example.com": "By hand", "p2@example.com": "Person 2"})
        self.assert_quiet(unchanged=2)

    def test_insert_never_touches_a_record_again(self):
        self.project.sync(mode="insert")
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, name="Changed")]
        self.assert_quiet(unchanged=1)

    def test_insert_does_not_remove_a_record_that_it_only_found(self):
        self.sandbox.create(email="p1@example.com", firstname="By hand")
        self.project.sync(mode="insert", on_removed="delete", guard={"empty_model": "allow"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1, skipped=1)
        self.rows = []
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(set(self.records()), {"p1@example.com"})

    def test_update_writes_only_records_that_exist(self):
        self.sandbox.create(email="p1@example.com", firstname="By hand")
        self.project.sync(mode="update")
        self.rows = [person(1), person(2)]
        self.run_sync(added=2, sent=2, accepted=1, skipped=1)
        self.assertEqual(self.records("firstname"), {"p1@example.com": "Person 1"})
        self.assert_quiet(unchanged=1, waiting=1)

    def test_update_writes_a_row_that_waited_once_its_record_exists(self):
        self.project.sync(mode="update")
        self.rows = [person(1)]
        self.run_sync(skipped=1)
        self.sandbox.create(email="p1@example.com", firstname="By hand")
        self.run_sync(command="retry", sent=1, accepted=1)
        self.assertEqual(self.records("firstname"), {"p1@example.com": "Person 1"})

    def test_update_does_not_bring_a_deleted_record_back(self):
        self.sandbox.create(email="p1@example.com")
        self.project.sync(mode="update")
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.sandbox.delete(self.record_id("p1@example.com"))
        self.rows = [person(1, city="Bonn")]
        self.run_sync(sent=1, skipped=1)
        self.assertEqual(self.records(), {})

    def test_upsert_writes_both_and_leaves_other_fields_alone(self):
        self.sandbox.create(email="p1@example.com", firstname="By hand", jobtitle="by hand")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.records("firstname", "jobtitle"), {
            "p1@example.com": {"firstname": "Person 1", "jobtitle": "by hand"},
            "p2@example.com": {"firstname": "Person 2", "jobtitle": None}})

    def test_mirror_deletes_what_left_the_model_and_nothing_else(self):
        self.sandbox.create(email="other@example.com")
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.rows = [person(1), person(3, city="Bonn"), person(4)]
        self.run_sync(added=1, changed=1, removed=1, unchanged=1, sent=3, accepted=3)
        self.assertEqual(self.records("city"), {"other@example.com": None, "p1@example.com": "Ulm",
                                                "p3@example.com": "Bonn", "p4@example.com": "Ulm"})

    def test_append_sends_each_key_once_and_never_again(self):
        self.project.sync(mode="append", object="tickets", match=None, fields={"subject": "name"})
        self.rows = [person(1), person(2)]
        self.run_sync(added=2, accepted=2)
        self.rows = [person(1, name="Changed"), person(2), person(3)]
        self.run_sync(added=1, unchanged=2, sent=1, accepted=1)
        self.rows = [person(3)]
        self.run_sync(sent=0)
        self.rows = [person(1), person(3)]
        self.run_sync(sent=0)
        subjects = sorted(one["subject"] for one in self.sandbox.records("tickets").values())
        self.assertEqual(subjects, ["Person 1", "Person 2", "Person 3"])

    def test_delete_removes_the_records_that_the_model_lists(self):
        for number in (1, 2, 3):
            self.sandbox.create(email=f"p{number}@example.com")
        self.project.sync(mode="delete", fields=None)
        self.rows = [person(1), person(3), person(9)]
        self.run_sync(added=3, sent=3, accepted=3)
        self.assertEqual(set(self.records()), {"p2@example.com"})
        self.assert_quiet(unchanged=3)

    def test_delete_removes_again_what_is_listed_anew(self):
        self.sandbox.create(email="p1@example.com")
        self.project.sync(mode="delete", fields=None, guard={"empty_model": "allow"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = []
        self.run_sync(sent=0)
        self.sandbox.create(email="p1@example.com")
        self.rows = [person(1)]
        self.run_sync(added=1, accepted=1)
        self.assertEqual(self.records(), {})


class MatchById(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(match={"hs_object_id": "id"}, mode="update", fields={"firstname": "name"})

    def test_records_are_updated_by_their_id_in_one_request(self):
        first, second = self.sandbox.create(email="a@example.com"), self.sandbox.create(email="b@example.com")
        self.rows = [person(first, name="Ada"), person(second, name="Ben")]
        self.run_sync(accepted=2, requests=1)
        self.assertEqual(self.records("firstname"), {"a@example.com": "Ada", "b@example.com": "Ben"})
        self.assert_quiet()

    def test_an_id_that_is_not_there_is_skipped(self):
        first = self.sandbox.create(email="a@example.com")
        self.rows = [person(first, name="Ada"), person(999999, name="Nobody")]
        self.run_sync(sent=2, accepted=1, skipped=1)
        self.assertEqual(self.records("firstname"), {"a@example.com": "Ada"})

    def test_records_are_deleted_by_their_id(self):
        first, second = self.sandbox.create(email="a@example.com"), self.sandbox.create(email="b@example.com")
        self.project.sync(match={"hs_object_id": "id"}, mode="delete", fields=None)
        self.rows = [person(first)]
        self.run_sync(accepted=1)
        self.assertEqual(set(self.sandbox.records()), {second})

    def test_upsert_by_id_is_refused_when_files_are_read(self):
        self.project.sync(match={"hs_object_id": "id"}, mode="upsert", fields={"firstname": "name"})
        self.rows = [person(1)]
        answer = self.call("run", "contacts", code=2)
        self.assert_refused(answer, "syncs/contacts.yaml", "cannot upsert contacts that are matched on 'hs_object_id'",
                            "choose another mode")


class MatchByUniqueProperty(PipeTest):
    def setUp(self):
        super().setUp()
        self.sandbox.define("contacts", "customer_no", unique=True)
        self.project.sync(match={"customer_no": "id"}, fields={"email": "email", "firstname": "name"})

    def test_records_are_upserted_without_a_look_up(self):
        self.sandbox.create(customer_no="1", firstname="By hand")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.records("firstname", by="customer_no"), {"1": "Person 1", "2": "Person 2"})
        paths = self.sandbox.stats()["by_path"]
        self.assertFalse([path for path in paths if "search" in path], paths)
        self.assert_quiet_after_discovery()

    def test_an_email_that_another_record_holds_is_a_rejected_row(self):
        self.sandbox.create(customer_no="7", email="p2@example.com")
        self.rows = [person(1), person(2)]
        run = self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        [refused] = self.operations(run["run"], "--rejected")
        self.assertEqual((refused["key"], refused["error"]["code"]), ("2", "CONFLICT"))

    def test_removed_rows_are_deleted(self):
        self.project.sync(match={"customer_no": "id"}, fields={"firstname": "name"}, mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(set(self.records(by="customer_no")), {"2"})

    def assert_quiet_after_discovery(self):
        self.run_sync(sent=0, unchanged=2)


class MatchBySearch(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name", "city": "city"})

    def companies(self, *fields):
        return self.records(*fields, by="domain", object_name="companies")

    @staticmethod
    def company(number, **values):
        return person(number, **({"email": f"c{number}.example", "name": f"Company {number}"} | values))

    def test_found_records_are_updated_and_the_others_created(self):
        self.sandbox.create("companies", domain="c1.example", name="By hand", industry="by hand")
        self.rows = [self.company(1), self.company(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.companies("name", "industry"), {"c1.example": {"name": "Company 1", "industry": "by hand"},
                                                              "c2.example": {"name": "Company 2", "industry": None}})
        self.assert_quiet()

    def test_a_record_that_was_found_once_is_not_searched_for_again(self):
        self.rows = [self.company(1)]
        self.run_sync(accepted=1)
        before = self.sandbox.stats()["by_path"]
        self.rows = [self.company(1, city="Bonn")]
        self.run_sync(changed=1, accepted=1, requests=1)
        after = self.sandbox.stats()["by_path"]
        self.assertEqual([path for path in after if "search" in path and after[path] != before.get(path)], [])
        self.assertEqual(self.companies("city"), {"c1.example": "Bonn"})

    def test_several_hits_are_a_rejected_row_with_the_ids_named(self):
        ids = [self.sandbox.create("companies", domain="c1.example", name=name) for name in ("One", "Two")]
        self.rows = [self.company(1), self.company(2)]
        run = self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        [refused] = self.operations(run["run"], "--rejected")
        self.assertEqual(refused["key"], "1")
        for one in ids:
            self.assertIn(one, refused["error"]["message"])
        names = sorted(own["name"] for own in self.sandbox.records("companies").values())
        self.assertEqual(names, ["Company 2", "One", "Two"])

    def test_a_search_of_more_values_than_a_page_holds_finds_them_all(self):
        for number in range(1, 251):
            self.sandbox.create("companies", domain=f"c{number}.example", name="By hand")
        self.rows = [self.company(number) for number in range(1, 301)]
        self.run_sync(accepted=300)
        self.assertEqual(len(self.companies("name")), 300)

    def test_letter_case_does_not_make_another_record(self):
        self.sandbox.create("companies", domain="C1.Example", name="By hand")
        self.rows = [self.company(1, email="c1.EXAMPLE")]
        self.run_sync(accepted=1)
        self.assertEqual(len(self.sandbox.records("companies")), 1)

    def test_insert_leaves_what_is_found_alone(self):
        self.sandbox.create("companies", domain="c1.example", name="By hand")
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"}, mode="insert")
        self.rows = [self.company(1), self.company(2)]
        self.run_sync(accepted=1, skipped=1)
        self.assertEqual(self.companies("name"), {"c1.example": "By hand", "c2.example": "Company 2"})

    def test_update_skips_what_is_not_found(self):
        self.sandbox.create("companies", domain="c1.example", name="By hand")
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"}, mode="update")
        self.rows = [self.company(1), self.company(2)]
        self.run_sync(accepted=1, skipped=1)
        self.assertEqual(self.companies("name"), {"c1.example": "Company 1"})

    def test_mirror_deletes_what_left_the_model(self):
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"}, mode="mirror")
        self.rows = [self.company(1), self.company(2)]
        self.run_sync(accepted=2)
        self.rows = [self.company(2)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(set(self.companies()), {"c2.example"})

    def test_a_record_deleted_by_hand_is_made_anew_when_its_row_changes(self):
        self.rows = [self.company(1, city="Ulm")]
        self.run_sync(accepted=1)
        self.sandbox.delete(self.record_id("c1.example", by="domain", object_name="companies"), "companies")
        self.rows = [self.company(1, city="Bonn")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.companies("name", "city"), {"c1.example": {"name": "Company 1", "city": "Bonn"}})


class MatchThatChanges(PipeTest):
    def test_the_record_is_followed_and_updated(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        record = self.record_id("p1@example.com")
        self.rows = [person(1, email="new@example.com", city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.record_id("new@example.com"), record)
        self.assertEqual(self.records("city"), {"new@example.com": "Bonn", "p2@example.com": "Ulm"})
        self.assert_quiet()

    def test_a_second_record_is_made_by_match_change_new(self):
        self.project.sync(match_change="new")
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, email="new@example.com", city="Bonn")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Ulm", "new@example.com": "Bonn"})
        self.assert_quiet()

    def test_a_searched_record_is_followed_and_updated(self):
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"})
        self.rows = [person(1, email="old.example")]
        self.run_sync(accepted=1)
        self.rows = [person(1, email="new.example")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("name", by="domain", object_name="companies"), {"new.example": "Person 1"})

    def test_a_searched_record_is_looked_for_anew_by_match_change_new(self):
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"}, match_change="new")
        self.rows = [person(1, email="old.example")]
        self.run_sync(accepted=1)
        self.rows = [person(1, email="new.example", name="New")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("name", by="domain", object_name="companies"),
                         {"old.example": "Person 1", "new.example": "New"})

    def test_a_followed_record_that_was_deleted_by_hand_is_made_anew(self):
        self.rows = [person(1, city="Ulm")]
        self.run_sync(accepted=1)
        self.sandbox.delete(self.record_id("p1@example.com"))
        self.rows = [person(1, email="new@example.com", city="Ulm")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("firstname", "city"),
                         {"new@example.com": {"firstname": "Person 1", "city": "Ulm"}})

    def test_two_rows_that_swap_match_values_end_as_the_model_says(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1, email="p2@example.com"), person(2, email="p1@example.com")]
        self.run_sync(changed=2, accepted=2)
        self.assertEqual(self.records("firstname"), {"p2@example.com": "Person 1", "p1@example.com": "Person 2"})
        self.assert_quiet()

    def test_match_values_passed_along_a_chain_end_as_the_model_says(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.rows = [person(1, email="p2@example.com"), person(2, email="p3@example.com"),
                     person(3, email="p4@example.com")]
        self.run_sync(changed=3, accepted=3)
        self.assertEqual(self.records("firstname"), {"p2@example.com": "Person 1", "p3@example.com": "Person 2",
                                                     "p4@example.com": "Person 3"})
        self.assert_quiet()

    def test_a_match_value_taken_over_from_a_removed_row_leaves_no_record_behind(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1, email="p2@example.com")]
        self.run_sync()
        self.assertEqual(self.records("firstname"), {"p2@example.com": "Person 1"})


class KeysThatChange(PipeTest):
    def test_a_record_is_handed_over_to_its_new_key(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        record = self.record_id("p1@example.com")
        self.rows = [person(11, email="p1@example.com", name="Person 1"), person(2)]
        self.plan_sync(added=1, removed=0, unchanged=1)
        self.run_sync(added=1, removed=0, accepted=1)
        self.assertEqual(self.record_id("p1@example.com"), record)
        self.assertEqual(self.records("firstname"), {"p1@example.com": "Person 1", "p2@example.com": "Person 2"})
        self.assert_quiet()

    def test_every_key_may_change_at_once(self):
        self.project.sync(mode="mirror")
        self.rows = [person(number) for number in range(20)]
        self.run_sync(accepted=20)
        ids = set(self.sandbox.records())
        self.rows = [person(number) | {"id": number + 100} for number in range(20)]
        self.run_sync(added=20, removed=0, accepted=20, code=DONE)
        self.assertEqual(set(self.sandbox.records()), ids)
        self.assert_quiet(unchanged=20)

    def test_a_record_of_two_keys_outlives_the_first_of_them(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1), person(11, email="p1@example.com")]
        self.project.call("run", "contacts")
        self.rows = [person(11, email="p1@example.com")]
        self.project.call("run", "contacts")
        self.assertEqual(set(self.records()), {"p1@example.com"})


if __name__ == "__main__":
    main()
