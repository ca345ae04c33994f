"""Stripe's connector against npm `stripe-stateful-mock`, which knows idempotency, and npm `emulate`."""

import urllib.error

from emulated import EmulatedTest, Emulator, main, need, person


class Customers:
    """Records that are known by their ids: neither emulator has search."""

    vendor = "stripe"
    settings = {"api_key": "${env:EMULATOR_TOKEN}"}
    token = "sk_test_emulated"
    sync = {"object": "customers", "mode": "append", "match": None,
            "fields": {"email": "email", "name": "name", "description": "name", "metadata.city": "city"}}
    name, removes = "name", True

    def held(self):
        return {one["email"]: one for one in self.ask("GET", "/v1/customers?limit=100")["data"]}

    def is_gone(self, customer):
        try:
            return self.ask("GET", f"/v1/customers/{customer}").get("deleted")
        except urllib.error.HTTPError as error:
            return error.code == 404

    def test_customers_are_made_once_and_written_by_their_id(self):
        self.rows = [person(1), person(2, name="Ben & \"B\" = 50%")]
        self.run_sync(accepted=2)
        held = self.held()
        self.assertEqual(held["p2@example.com"][self.name], "Ben & \"B\" = 50%")
        self.assertEqual(held["p1@example.com"]["metadata"], {"city": "Ulm"})
        self.run_sync(sent=0)
        by_id = {"object": "customers", "match": {"id": "phone"}, "fields": {"name": "name", "description": "name"}}
        self.rows = [person(1, phone=held["p1@example.com"]["id"], name="Ann")]
        self.write_sync("names", mode="update", **by_id)
        self.run_sync(sync="names", accepted=1)
        self.assertEqual(self.held()["p1@example.com"][self.name], "Ann")
        if not self.removes:
            return
        self.write_sync("leavers", mode="delete", **(by_id | {"fields": None}))
        self.run_sync(sync="leavers", accepted=1)
        self.assertTrue(self.is_gone(held["p1@example.com"]["id"]))


class StatefulMock(Customers, EmulatedTest):
    name, removes = "description", False  # it is older than the other one

    @classmethod
    def start(cls, port):
        return Emulator([need("stripe-stateful-mock")], PORT=str(port))


class Emulate(Customers, EmulatedTest):
    service = "stripe"


if __name__ == "__main__":
    main()
