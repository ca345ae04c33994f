"""What a field may say of itself: where its value comes from, when it is written, what NULL does."""

from harness import PipeTest, main, person


class Sources(PipeTest):
    def test_columns_expressions_and_constants(self):
        self.project.sync(fields={"firstname": "name", "jobtitle": {"sql": "upper(city) || '!'"},
                                  "lead_source": {"value": "warehouse"}, "age": {"value": 42}})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.records("firstname", "jobtitle", "lead_source", "age")["p1@example.com"],
                         {"firstname": "Person 1", "jobtitle": "ULM!", "lead_source": "warehouse", "age": "42"})
        self.assert_quiet()

    def test_values_arrive_exactly(self):
        self.project.model("""select id, email,
            12345678901234567.89::decimal(19, 2) as exact, 9007199254740993::bigint as big, -0.1::double as real,
            date '2024-02-29' as day, true as yes, ['b', 'a'] as several,
            170141183460469231731687303715884105727::hugeint as huge from people""")
        self.project.sync(fields={name: name for name in ("exact", "big", "real", "yes", "huge", "several")})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        own = self.records("exact", "big", "real", "yes", "huge", "several")["p1@example.com"]
        self.assertEqual(own, {"exact": "12345678901234567.89", "big": "9007199254740993", "real": "-0.1", "yes": "true",
                               "several": "b;a", "huge": "170141183460469231731687303715884105727"})
        self.assert_quiet()

    def test_a_list_item_that_holds_the_separator_is_invalid(self):
        self.project.model("select id, email, ['b', 'a;c'] as several from people")
        self.project.sync(fields={"several": "several"})
        self.rows = [person(1)]
        answer = self.call("run", "contacts", code=3)
        self.assertIn("several", answer.out)

    def test_any_text_arrives_as_it_is(self):
        texts = ['"quoted" \\ back', "line\nbreak\ttab", "ünïcödé 😀 \u2028", "</script>", "{\"a\":1}", " spaces "]
        self.rows = [person(number, name=text) for number, text in enumerate(texts)]
        self.run_sync(accepted=len(texts))
        self.assertEqual(list(self.records("firstname").values()), texts)
        self.assert_quiet()


class WritePolicies(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(fields={"firstname": "name", "lead_source": {"value": "warehouse", "write": "on_create"},
                                  "phone": {"from": "phone", "write": "if_empty"}})

    def test_on_create_is_written_in_new_records_only(self):
        self.sandbox.create(email="p1@example.com", lead_source="by hand")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.records("firstname", "lead_source"), {
            "p1@example.com": {"firstname": "Person 1", "lead_source": "by hand"},
            "p2@example.com": {"firstname": "Person 2", "lead_source": "warehouse"}})

    def test_on_create_does_not_come_back_after_a_person_changed_it(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.sandbox.edit(self.record_id("p1@example.com"), lead_source="by hand")
        self.rows = [person(1, name="Ada")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("firstname", "lead_source"),
                         {"p1@example.com": {"firstname": "Ada", "lead_source": "by hand"}})

    def test_a_change_of_an_on_create_value_alone_sends_nothing(self):
        self.project.sync(fields={"firstname": "name", "city": {"from": "city", "write": "on_create"}})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, city="Bonn")]
        self.assert_quiet(unchanged=1)

    def test_if_empty_fills_what_is_empty_and_leaves_the_rest(self):
        self.sandbox.create(email="p1@example.com", phone="by hand")
        self.sandbox.create(email="p2@example.com", phone="")
        self.rows = [person(1, phone="1"), person(2, phone="2"), person(3, phone="3")]
        self.run_sync(accepted=3)
        self.assertEqual(self.records("phone"), {"p1@example.com": "by hand", "p2@example.com": "2", "p3@example.com": "3"})

    def test_if_empty_does_not_overwrite_what_it_wrote_itself(self):
        self.rows = [person(1, phone="1")]
        self.run_sync(accepted=1)
        self.rows = [person(1, phone="2", name="Ada")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("firstname", "phone"), {"p1@example.com": {"firstname": "Ada", "phone": "1"}})

    def test_if_empty_holds_in_a_searched_object_too(self):
        self.sandbox.create("companies", domain="c1.example", phone="by hand")
        self.project.sync(object="companies", match={"domain": "email"},
                          fields={"name": "name", "phone": {"from": "phone", "write": "if_empty"}})
        self.rows = [person(1, email="c1.example", phone="1"), person(2, email="c2.example", phone="2")]
        self.run_sync(accepted=2)
        self.assertEqual(self.records("phone", by="domain", object_name="companies"),
                         {"c1.example": "by hand", "c2.example": "2"})


class Nulls(PipeTest):
    def test_null_clears_by_default(self):
        self.rows = [person(1, phone="1")]
        self.run_sync(accepted=1)
        self.rows = [person(1, phone=None)]
        self.run_sync(changed=1, accepted=1)
        self.assertIn(self.records("phone")["p1@example.com"], (None, ""))

    def test_null_omit_leaves_the_field_as_it_is(self):
        self.project.sync(fields={"firstname": "name", "phone": {"from": "phone", "null": "omit"}})
        self.sandbox.create(email="p1@example.com", phone="by hand")
        self.rows = [person(1, phone=None), person(2, phone="2")]
        self.run_sync(accepted=2)
        self.rows = [person(1, phone=None, name="Ada"), person(2, phone=None)]
        self.run_sync(changed=2, accepted=2)
        self.assertEqual(self.records("phone"), {"p1@example.com": "by hand", "p2@example.com": "2"})

    def test_a_value_after_null_is_sent(self):
        self.project.sync(fields={"firstname": "name", "phone": {"from": "phone", "null": "omit"}})
        self.rows = [person(1, phone=None)]
        self.run_sync(accepted=1)
        self.rows = [person(1, phone="1")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("phone"), {"p1@example.com": "1"})


if __name__ == "__main__":
    main()
