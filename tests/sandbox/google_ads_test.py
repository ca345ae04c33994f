#!/usr/bin/env python3
"""The stand-in of Google's Customer Match: the Data Manager API and the older jobs."""
import hashlib

from dialect import Dialect, form, run


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def member(email):
    return {"userData": {"userIdentifiers": [{"emailAddress": email}]}}


class DataManager(Dialect):
    vendor = "google_ads"

    def body(self, *members, **more):
        return {"destinations": [{"operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "123"}, "productDestinationId": "77"}],
                "audienceMembers": list(members), "encoding": "HEX", **more}

    def change(self, action, *members, status=200):
        terms = {"termsOfService": {"customerMatchTermsOfServiceStatus": "ACCEPTED"}} if action == "ingest" else {}
        reply = self.expect(status, "POST", f"/v1/audienceMembers:{action}", self.body(*members, **terms))
        if status != 200:
            return reply
        return self.until(lambda: self.expect(200, "GET", "/v1/requestStatus:retrieve?requestId=" + reply["requestId"])
                          ["requestStatusPerDestination"][0], lambda seen: seen["requestStatus"] != "PROCESSING")

    def test_members_come_and_go(self):
        self.assertEqual(self.change("ingest", member(digest("a")), member(digest("b")))["requestStatus"], "SUCCESS")
        self.change("remove", member(digest("a")))
        self.assertEqual([one["identifiers"] for one in self.records("list_77")], [["emailAddress=" + digest("b")]])

    def test_wrong_rows_refuse_the_whole_request(self):
        wrong = self.change("ingest", member(digest("a")), member("b@x.example"), status=400)
        self.assertEqual(wrong["error"]["details"][0]["fieldViolations"][0]["field"], "audience_members[1].user_data")
        self.assertEqual(self.expect(400, "POST", "/v1/audienceMembers:ingest", self.body(member(digest("a"))))["error"]["status"], "INVALID_ARGUMENT")
        self.change("ingest", *[member(digest("a"))] * 10001, status=400)

    def test_login_and_tokens(self):
        self.assert_login_is_needed("GET", "/v1/requestStatus:retrieve?requestId=x")
        token = self.expect(200, "POST", "/token", form(grant_type="refresh_token", refresh_token="r", client_id="c", client_secret="s"))
        self.assertEqual(token["expires_in"], 3599)


class OlderJobs(Dialect):
    vendor = "google_ads"
    described = "google_ads_jobs"
    login = {"Authorization": "Bearer test-token", "developer-token": "d"}

    def test_a_job(self):
        name = self.expect(200, "POST", "/v24/customers/1/offlineUserDataJobs:create", {"job": {
            "type": "CUSTOMER_MATCH_USER_LIST", "customerMatchUserListMetadata": {"userList": "customers/1/userLists/77"}}})["resourceName"]
        operations = [{"create": {"userIdentifiers": [{"hashedEmail": email}]}} for email in (digest("a"), "b", digest("c"))]
        done = self.expect(200, "POST", f"/v24/{name}:addOperations", {"operations": operations, "enablePartialFailure": True})
        self.assertEqual(done["partialFailureError"]["details"][0]["errors"][0]["location"]["fieldPathElements"][0],
                         {"fieldName": "operations", "index": 1})
        self.expect(200, "POST", f"/v24/{name}:run", {})
        query = {"query": f"SELECT offline_user_data_job.status FROM offline_user_data_job WHERE offline_user_data_job.resource_name = '{name}'"}
        self.until(lambda: self.expect(200, "POST", "/v24/customers/1/googleAds:search", query)["results"][0]["offlineUserDataJob"],
                   lambda seen: seen["status"] == "SUCCESS")
        self.assertEqual(len(self.records("list_77")), 2)

    def test_small_changes(self):
        metadata = {"userList": "customers/1/userLists/77"}
        self.expect(200, "POST", "/v24/customers/1:uploadUserData", {"customerMatchUserListMetadata": metadata, "operations": [
            {"create": {"userIdentifiers": [{"hashedEmail": digest("a")}]}}]})
        self.expect(400, "POST", "/v24/customers/1:uploadUserData", {"customerMatchUserListMetadata": metadata, "operations": [{}] * 11})
        self.assertEqual(len(self.records("list_77")), 1)


if __name__ == "__main__":
    run()
