"""Models by their name in dbt: tables and keys from its manifest, and what its last run made."""

import hashlib
import os

from duck import Duck
from harness import FAILED, USAGE, PipeTest, main


def node(name, package="shop", kind="model", **more):
    own = {"unique_id": f"{kind}.{package}.{name}", "resource_type": kind, "package_name": package, "name": name,
           "alias": name, "database": "warehouse", "schema": "marts", "description": "", "config": {"materialized": "table"},
           "original_file_path": f"models/{name}.sql", "columns": {}}
    return own | more


def test_of(model, kind, column, **arguments):
    name = f"{kind}_{model}_{column}"
    return {"unique_id": f"test.shop.{name}", "resource_type": "test", "attached_node": f"model.shop.{model}",
            "column_name": column, "test_metadata": {"name": kind, "kwargs": {"column_name": column} | arguments}}


class DbtTest(PipeTest):
    def setUp(self):
        super().setUp()
        with Duck(self.project.path("warehouse.duckdb")) as duck:
            duck.query("create schema marts")
            duck.query("create table marts.dim_people as select i as id, 'p' || i || '@example.com' as email, 'Person' || i as "
                       "name, null::varchar as phone, 'Ulm' as city from range(1, 4) t(i)")
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "path": "warehouse.duckdb"})
        self.project.write("models/people.yaml", {"source": "warehouse", "dbt": "dim_people"})
        self.nodes = [node("dim_people"), test_of("dim_people", "unique", "id"), test_of("dim_people", "not_null", "id"),
                      test_of("dim_people", "not_null", "email")]
        self.manifest()

    def manifest(self, **more):
        self.project.write("target/manifest.json",
                           {"metadata": {"project_name": "shop", "generated_at": "2026-11-27T05:00:00Z"},
                            "nodes": {one["unique_id"]: one for one in self.nodes}} | more)

    def results(self, **statuses):
        results = [{"unique_id": name.replace("__", "."), "status": status, "message": "it is broken" if status == "error" else ""}
                   for name, status in statuses.items()]
        self.project.write("target/run_results.json", {"results": results})

    def refuse(self, *words):
        answer = self.call("check", code=USAGE)
        for word in words:
            self.assertIn(word, answer.text)

    def test_a_model_is_found_with_its_key(self):
        self.run_sync(added=3, accepted=3)
        self.assert_quiet()
        self.assertEqual(len(self.call("preview", "people", "--json").objects), 3)
        self.call("check", "--connect")

    def test_where_the_key_comes_from(self):
        sure = [test_of("dim_people", kind, column) for kind in ("unique", "not_null") for column in ("id", "email")]
        pair = {"unique_id": "test.shop.pair", "resource_type": "test", "attached_node": "model.shop.dim_people",
                "test_metadata": {"name": "unique_combination_of_columns", "kwargs": {"combination_of_columns": ["id", "city"]}}}
        for nodes in ([node("dim_people", config={"meta": {"primary_key": "id"}}), *sure],
                      [node("dim_people", constraints=[{"type": "primary_key", "columns": ["id"]}])],
                      [node("dim_people", columns={"id": {"constraints": [{"type": "primary_key"}]}})],
                      [node("dim_people"), pair],
                      [node("dim_people", primary_key=["id"])]):
            self.nodes = nodes
            self.manifest()
            self.plan_sync(rows=3, added=3)
        self.nodes = [node("dim_people"), *sure]
        self.manifest()
        self.refuse("models/people.yaml", "each tells rows apart: email, id", "meta.primary_key")
        self.nodes = [node("dim_people")]
        self.manifest()
        self.refuse("does not tell the primary key", "unique and not_null")
        self.project.write("models/people.yaml", {"source": "warehouse", "dbt": "dim_people", "primary_key": "id"})
        self.plan_sync(rows=3)

    def test_names_that_are_not_there_or_not_one_model(self):
        self.project.write("models/people.yaml", {"source": "warehouse", "dbt": "dim_peopel", "primary_key": "id"})
        self.refuse("dbt has no model 'dim_peopel'", "dim_people")
        self.nodes.append(node("dim_people", package="other"))
        self.manifest()
        self.project.write("models/people.yaml", {"source": "warehouse", "dbt": "dim_people", "primary_key": "id"})
        self.refuse("several models", "other.dim_people or shop.dim_people")
        self.project.write("models/people.yaml", {"source": "warehouse", "dbt": "shop.dim_people"})
        self.plan_sync(rows=3)

    def test_a_manifest_that_is_missing_or_broken(self):
        os.remove(self.project.path("target", "manifest.json"))
        self.refuse("target/manifest.json", "dbt parse", "dbt_manifest")
        self.project.write("target/manifest.json", "{ no json")
        self.refuse("is no JSON")
        for odd in ({"nodes": []}, {"nodes": {"model.shop.dim_people": {"resource_type": "model", "columns": 3}}}, {}, {"nodes": {"a": None}}):
            self.project.write("target/manifest.json", odd)
            self.refuse("error")

    def test_a_table_that_dbt_has_not_made_yet(self):
        self.nodes[0]["alias"] = "dim_people_v2"
        self.manifest()
        answer = self.call("check", "--connect", code=USAGE)
        self.assertIn("dim_people_v2", answer.text)
        self.assertIn("models/people.yaml", answer.text)

    def test_a_file_that_is_newer_than_the_manifest(self):
        text = "select 1\n"
        self.project.write("dbt_project.yml", "name: shop\n")
        self.project.write("models/dim_people.sql", "-- source: warehouse\n-- primary_key: id\n" + text)
        own = {"original_file_path": "dbt_models/dim_people.sql",
               "checksum": {"name": "sha256", "checksum": hashlib.sha256(text.encode()).hexdigest()}}
        os.remove(self.project.path("models", "dim_people.sql"))
        self.project.write("dbt_models/dim_people.sql", text)
        self.nodes[0] |= own
        self.manifest()
        self.assertNotIn("warning", self.call("check").text)
        self.nodes[0]["checksum"]["checksum"] = hashlib.sha256(text.strip().encode()).hexdigest()
        self.manifest()
        self.assertNotIn("warning", self.call("check").text)
        self.project.write("dbt_models/dim_people.sql", text + "-- new\n")
        self.assertIn("dbt_models/dim_people.sql has changed since dbt's manifest was made", self.call("check").text)
        os.remove(self.project.path("dbt_models", "dim_people.sql"))
        self.assertIn("is gone", self.call("check").text)
        self.call("run", "contacts")

    def test_what_dbt_has_made_runs_and_what_it_could_not_make_does_not(self):
        self.project.model("select * from marts.dim_people", name="other")
        self.project.sync("others", model="other")
        self.results(model__shop__dim_people="success", test__shop__unique_dim_people_id="pass")
        answer = self.call("run", "--after-dbt", "--json")
        self.assertEqual([one["sync"] for one in answer.results], ["contacts"])
        self.results(model__shop__dim_people="error")
        answer = self.call("run", "--after-dbt", code=FAILED)
        self.assertIn("contacts does not run", answer.text)
        self.assertIn("it is broken", answer.text)
        self.results(model__shop__dim_people="success", test__shop__unique_dim_people_id="fail")
        self.assertIn("failed tests", self.call("run", "--after-dbt", code=FAILED).text)
        self.results(model__shop__something_else="success")
        self.assertEqual(self.call("run", "--after-dbt", "--json").results, [])
        os.remove(self.project.path("target", "run_results.json"))
        self.call("run", "--after-dbt", code=FAILED)

    def test_exposures(self):
        text = self.call("dbt", "exposures").out
        for part in ("name: penstock_contacts", "ref('dim_people')", '"people to contacts (crm)"', 'sync: "contacts"', "version: 2"):
            self.assertIn(part, text)
        file = self.project.path("exposures.yml")
        self.call("dbt", "exposures", "--out", file, "--check", code=FAILED)
        for _ in range(2):
            self.call("dbt", "exposures", "--out", file)
        self.call("dbt", "exposures", "--out", file, "--check")
        self.project.sync(owner="ana@example.com", description="To \"sales\"")
        self.call("dbt", "exposures", "--out", file, "--check", code=FAILED)
        self.assertIn('email: "ana@example.com"', self.call("dbt", "exposures").out)
        with open(file, "w", encoding="utf-8") as own:
            own.write("version: 2\n")
        self.assertIn("somebody else", self.call("dbt", "exposures", "--out", file, code=USAGE).text)


if __name__ == "__main__":
    main()
