"""Limits that outlive a run: a day's allowance, and an account that several processes write to."""

import os
import time

from harness import DONE, PARTIAL, ROOT, PipeTest, main, person


class Limits(PipeTest):
    sandbox_options = ("--latency", "5ms")

    def limit(self, rate, **more):
        """HubSpot with another limit, which it does not tell."""
        with open(os.path.join(ROOT, "connectors", "hubspot.yaml"), encoding="utf-8") as file:
            own = file.read().replace("connector: hubspot", "connector: own_hubspot")
        head, _, rest = own.partition("\nlimits:\n")
        _, _, tail = rest.partition("\nobjects:")
        own = f"{head}\nlimits: {{ crm: {{ rates: [{{ rate: {rate} }}] }}, search: {{ rates: [{{ rate: 5/s }}] }} }}\nobjects:{tail}"
        self.project.write("connectors/own_hubspot.yaml", own)
        self.destination("crm", **more)

    def destination(self, name, **more):
        self.project.write(f"destinations/{name}.yaml", {"type": "own_hubspot", "access_token": "${env:HUBSPOT_TOKEN}",
                                                         "base_url": self.sandbox.url} | more)


class DayAllowance(Limits):
    def test_is_planned_over_spent_and_remembered(self):
        self.rows = [person(number) for number in range(12)]
        self.limit("[1000/s, 5/1d]")
        self.project.sync(batch={"rows": 1})
        plan = self.plan_sync(added=12)
        self.assertEqual({name: plan["quota"][name] for name in ("limit", "rate", "needed", "left")},
                         {"limit": "crm", "rate": "5/d", "needed": 12, "left": 5})
        answer = self.call("run", "contacts", code=PARTIAL)
        self.assertIn("7 of 12 rows are left for a later run", answer.text)
        self.assertIn("5/d requests is used up until 20", answer.text)
        self.assertEqual(len(self.records()), 5)
        self.assertEqual(self.plan_sync(unchanged=5, added=7)["quota"]["left"], 0)
        self.run_sync(code=PARTIAL, status="partial", sent=0, requests=0)
        self.limit("[1000/s, 50/1d]")
        self.run_sync(accepted=7, status="succeeded")

    def test_a_plan_that_fits_says_nothing(self):
        self.rows = [person(1)]
        self.limit("[1000/s, 5/1d]")
        self.assertNotIn("quota", self.plan_sync(added=1))


class Sharing(Limits):
    def test_processes_and_destinations_share_an_account(self):
        self.rows = [person(number) for number in range(40)]
        self.limit("20/2s", rate_share="100%")
        self.destination("again")
        self.project.model("select * replace ('other-' || email as email) from people", name="others")
        self.project.sync(batch={"rows": 1})
        self.project.sync(name="others", model="others", destination="again", batch={"rows": 1})
        begun = time.monotonic()
        both = [self.project.start("run", name, "--json") for name in ("contacts", "others")]
        for process in both:
            self.addCleanup(process.kill)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, DONE, out + err)
        # 80 requests at 20 in 2 seconds: three windows pass before the last can go.
        self.assertGreaterEqual(time.monotonic() - begun, 6)
        self.assertEqual(len(self.records()), 80)


if __name__ == "__main__":
    main()
