"""Elasticsearch as a destination, tried against its sandbox."""

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
# pylint: disable=wrong-import-position
from harness import PARTIAL, TOKEN, PipeTest, main, person  # noqa: E402


class ElasticsearchTest(PipeTest):
    sandbox_options = ("--vendor", "elasticsearch")

    def setUp(self):
        super().setUp()
        directory = os.environ.get("PENSTOCK_CONNECTORS")
        if directory:
            self.project.write("connectors/elasticsearch.yaml", "")
            shutil.copy(os.path.join(directory, "elasticsearch.yaml"), self.project.path("connectors"))
        self.project.write("destinations/crm.yaml", {"type": "elasticsearch", "base_url": self.sandbox.url,
                "api_key": TOKEN})

    def held(self, object_name, by):
        """What the vendor holds: {value of `by`: properties}."""
        return {one[by]: one for one in self.sandbox.records(object_name).values()}

    def reason(self, key, run):
        """The vendor's words for a row that it refused."""
        refused = [one for one in self.operations(run["run"]) if one["key"] == str(key)]
        self.assertEqual([one["outcome"] for one in refused], ["rejected"])
        return f"{refused[0]}"

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
