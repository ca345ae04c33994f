"""Elasticsearch as a destination, tried against its sandbox."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class ElasticsearchTest(VendorTest):
    vendor = "elasticsearch"
    settings = {"api_key": SECRET}

    def test_documents_hold_the_model(self):
        self.project.model(sql="select id, name, city, cast(phone as integer) as score from people")
        self.project.sync(object="customers", match={"_id": "id"}, mode="mirror", guard={"max_removed": "100%"},
                          fields={"name": "name", "city": "city", "score": "score"})
        self.rows = [person(1, phone=7), person(2, name='Zo\u00eb "x"', city=None), person(3)]
        self.call("check")
        self.plan_sync(added=3, to_send=3)
        self.run_sync(accepted=3)
        self.assertEqual(self.sandbox.records("customers")["1"], {"name": "Person 1", "city": "Ulm", "score": 7})
        self.assertEqual(self.sandbox.records("customers")["2"]["name"], 'Zo\u00eb "x"')
        self.assert_quiet(unchanged=3)
        self.rows = [person(1, phone=7), person(2, name="new", city="Bonn")]
        self.run_sync(changed=1, removed=1, accepted=2, requests=2)
        self.assertEqual(sorted(self.sandbox.records("customers")), ["1", "2"])
        self.assertEqual(self.sandbox.records("customers")["2"]["city"], "Bonn")

    def test_what_is_there_is_read(self):
        self.write_sync(object="customers", match={"_id": "id"}, fields={"name": "name", "city": "city"})
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, city=None)]
        self.run_sync(accepted=2)
        self.assert_read("city", object="customers", match={"_id": "id"})

    def test_a_wrong_value_is_refused_alone(self):
        self.project.sync(object="customers", match={"_id": "id"},
                fields={"score": {"sql": "try_cast(phone as integer)"}})
        self.rows = [person(1, phone=1)]
        self.run_sync(accepted=1)
        self.project.sync(name="texts", object="customers", match={"_id": "id"},
                          fields={"score": {"sql": "case when id = '2' then phone end"}})
        self.rows = [person(1), person(2, phone="bad"), person(3)]
        run = self.run_sync(sync="texts", code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("failed to parse field [score]", self.reason(2, run))

    def test_insert_update_delete(self):
        self.project.sync(object="customers", match={"_id": "id"}, fields={"name": "name"}, mode="insert")
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.project.sync(name="again", object="customers", match={"_id": "id"}, fields={"name": "city"}, mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(sync="again", accepted=1, skipped=1)
        self.project.sync(name="updates", object="customers", match={"_id": "id"}, fields={"name": "email"},
                mode="update")
        self.rows = [person(1), person(9)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual(self.sandbox.records("customers"), {"1": {"name": "p1@example.com"}, "2": {"name": "Ulm"}})
        self.project.sync(name="deletes", object="customers", match={"_id": "id"}, mode="delete", fields=None)
        self.run_sync(sync="deletes", accepted=2)
        self.assertEqual(sorted(self.sandbox.records("customers")), ["2"])


if __name__ == "__main__":
    main()
