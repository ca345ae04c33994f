"""A model that is not what it was when the sync ran last: the run stops before anything is sent, and says since when."""

from duck import Duck
from harness import DONE, STOPPED, USAGE, PipeTest, main


class Columns(PipeTest):
    def setUp(self):
        super().setUp()
        with Duck(self.project.path("warehouse.duckdb")) as duck:
            duck.query("create table people as select i as id, 'p' || i || '@example.com' as email, 'Person ' || i as name, null::varchar "
                       "as phone, 'Ulm' as city from range(1, 6) t(i)")
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "path": "warehouse.duckdb"})
        self.project.model("select id::integer as id, email, name, phone, city, 7::integer as age from people")
        self.project.sync(fields={"firstname": "name", "age": "age"})
        self.run_sync(added=5, accepted=5)

    def stopped(self, *words):
        plan = self.call("plan", "contacts")
        answer = self.call("run", "contacts", code=STOPPED)
        for word in words:
            self.assertIn(word, plan.text)
            self.assertIn(word, answer.text)
        self.assertEqual(self.sandbox.stats()["rows"], 5)

    def test_a_type_that_changed_stops_the_run_until_somebody_says_that_it_is_meant(self):
        self.project.model("select id::integer as id, email, name, phone, city, 'seven' as age from people")
        self.stopped("age was INTEGER in run", "VARCHAR now", "field age", "--confirm model_columns")
        self.run_sync("--confirm", "model_columns", changed=5)
        self.assert_quiet()

    def test_a_wider_type_is_only_told(self):
        self.project.model("select id::bigint as id, email, name, phone, city, 7::bigint as age from people")
        answer = self.call("run", "contacts")
        self.assertIn("age of the model was INTEGER", answer.text)
        self.assert_quiet()

    def test_columns_that_nobody_reads_may_be_what_they_like(self):
        self.project.model("select id::integer as id, email, name, 7 as phone, 8 as city, 7::integer as age, 9 as more from people")
        self.assert_quiet()

    def test_another_primary_key_stops_the_run(self):
        self.project.model("select id::integer as id, email, name, phone, city, 7::integer as age from people", key="email")
        self.stopped("the primary key of model 'people' was id in run", "email now")

    def test_a_column_that_is_gone_is_told_with_the_run_that_had_it(self):
        self.project.model("select id::integer as id, email, name, phone, city from people")
        answer = self.call("run", "contacts", code=USAGE)
        for word in ("age", "syncs/contacts.yaml", "has lost columns that it had in run", "age (INTEGER)"):
            self.assertIn(word, answer.text)

    def test_files_whose_types_are_guessed_may_be_guessed_otherwise(self):
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "files": {"people": "people.csv"}})
        self.project.model()
        for age, kind in ((7, "BIGINT"), ("seven", "VARCHAR"), (8, "BIGINT")):
            self.project.write("people.csv", f"id,email,name,phone,city,age\n1,p1@example.com,Ann,,Ulm,{age}\n")
            answer = self.call("run", "contacts", "--confirm", "empty_model")
            self.assertTrue(kind == "BIGINT" or "age of the model was BIGINT" in answer.text, answer)

    def test_a_person_who_wants_everything_sent_is_not_asked(self):
        self.project.model("select id::integer as id, email, name, phone, city, 'seven' as age from people")
        self.call("run", "contacts", "--full", code=DONE)
        self.assert_quiet()


if __name__ == "__main__":
    main()
