#!/usr/bin/env python3
"""The stand-in of Google Sheets: cells by range."""
from dialect import Dialect, form, run

SHEET = "/v4/spreadsheets/s1"


class GoogleSheets(Dialect):
    vendor = "google_sheets"

    def append(self, *rows, sheet="Sheet1"):
        return self.expect(200, "POST", f"{SHEET}/values/{sheet}!A:C:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS", {"values": list(rows)})

    def values(self, range_, more=""):
        return self.expect(200, "GET", f"{SHEET}/values/{range_}{more}")["values"]

    def test_append_read_update(self):
        done = self.append(["Email", "Name"], ["a@x.example", "Ada", 3])
        self.assertEqual(done["updates"]["updatedRange"], "Sheet1!A1:C2")
        self.append(["b@x.example"])
        self.assertEqual(self.values("Sheet1!A:A", "?majorDimension=COLUMNS"), [["Email", "a@x.example", "b@x.example"]])
        self.expect(200, "POST", SHEET + "/values:batchUpdate", {"valueInputOption": "RAW", "data": [{"range": "Sheet1!A2:C2", "values": [[None, "", 4]]}]})
        self.assertEqual(self.values("Sheet1!A2:C2"), [["a@x.example", "", 4]])
        self.expect(200, "POST", SHEET + "/values:batchClear", {"ranges": ["Sheet1!B:C"]})
        self.assertEqual(self.values("Sheet1"), [["Email"], ["a@x.example"], ["b@x.example"]])

    def test_rows_are_deleted(self):
        self.append(["1"], ["2"], ["3"])
        # Prism takes minutes to compile the schema of these requests.
        self.expect(200, "POST", SHEET + ":batchUpdate", {"requests": [
            {"deleteDimension": {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}}}]}, judge=False)
        self.assertEqual(self.values("Sheet1!A:A"), [["1"], ["3"]])

    def test_refusals(self):
        self.expect(400, "POST", f"{SHEET}/values/Sheet1!A:A:append", {"values": [["x"]]})
        self.expect(400, "POST", SHEET + "/values:batchUpdate", {"valueInputOption": "RAW", "data": [{"range": "Sheet1!A1:A1", "values": [["x"], ["y"]]}]})
        self.assertEqual(self.records("s1/Sheet1"), [])
        self.assert_login_is_needed("GET", SHEET)

    def test_tokens(self):
        token = self.expect(200, "POST", "/token", form(grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion="a.b.c"), login=False)
        self.expect(200, "GET", SHEET, login={"Authorization": "Bearer " + token["access_token"]})


if __name__ == "__main__":
    run()
