#!/usr/bin/env python3
"""The stand-in of Stripe: form-encoded, one object a request, idempotency keys."""
import urllib.parse

from dialect import Dialect, basic, run

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Stripe(Dialect):
    vendor = "stripe"
    login = basic("sk_test", "")

    def post(self, status, path, key=None, **fields):
        headers = {**FORM, **({"Idempotency-Key": key} if key else {})}
        return self.expect(status, "POST", "/v1/" + path, urllib.parse.urlencode(fields), headers=headers)

    def test_customers(self):
        made = self.post(200, "customers", email="ada@x.example", name="Ada", **{"metadata[ext]": "42", "metadata[tier]": "gold"})
        self.assertTrue(made["id"].startswith("cus_"))
        self.post(200, "customers/" + made["id"], name="", **{"metadata[tier]": ""})
        self.assertEqual(self.records("customers"), [{"email": "ada@x.example", "metadata": {"ext": "42"}}])
        query = urllib.parse.urlencode({"query": "metadata['ext']:'42' OR email:'b@x.example'"})
        self.assertEqual([one["id"] for one in self.expect(200, "GET", "/v1/customers/search?" + query)["data"]], [made["id"]])
        self.post(200, "customers", email="ada@x.example")
        self.assertEqual(len(self.expect(200, "GET", "/v1/customers?email=ada@x.example")["data"]), 2)
        self.assertTrue(self.expect(200, "DELETE", "/v1/customers/" + made["id"])["deleted"])
        self.post(404, "customers/" + made["id"], name="x")

    def test_customers_by_their_ids(self):
        made = self.post(200, "customers", email="ada@x.example", **{"metadata[tier]": "gold"})
        found = self.expect(200, "GET", "/v1/customers/" + made["id"])
        self.assertEqual((found["email"], found["metadata"]), ("ada@x.example", {"tier": "gold"}))
        self.expect(200, "DELETE", "/v1/customers/" + made["id"])
        gone = self.expect(200, "GET", "/v1/customers/" + made["id"])
        self.assertEqual((gone["deleted"], "email" in gone), (True, False))
        self.assertEqual(self.expect(404, "GET", "/v1/customers/cus_none")["error"]["code"], "resource_missing")

    def test_keys(self):
        first = self.post(200, "customers", key="k1", email="ada@x.example")
        self.assertEqual(self.post(200, "customers", key="k1", email="ada@x.example"), first)
        self.assertEqual(self.post(400, "customers", key="k1", email="ben@x.example")["error"]["type"], "idempotency_error")
        self.assertEqual(len(self.records("customers")), 1)

    def test_refusals(self):
        self.assertEqual(self.post(400, "customers", email="ada")["error"]["param"], "email")
        self.post(400, "products")
        self.post(400, "customers", **{"metadata[" + "k" * 41 + "]": "v"})
        self.expect(415, "POST", "/v1/customers", {"email": "ada@x.example"})
        self.assert_login_is_needed("GET", "/v1/customers")

    def test_own_ids(self):
        self.post(200, "products", id="p1", name="Boot")
        self.assertEqual(self.post(400, "products", id="p1", name="Boot")["error"]["code"], "resource_already_exists")


class StripeAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "stripe"
    options = ("--limit", "1/1m")

    def test_refuses_more(self):
        self.expect(200, "GET", "/v1/customers")
        reply = self.send("GET", "/v1/customers")
        self.assertEqual((reply.status, reply.json["error"]["code"], reply.headers["stripe-should-retry"]), (429, "rate_limit", "true"))


if __name__ == "__main__":
    run()
