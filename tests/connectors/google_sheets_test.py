"""Google Sheets: rows are appended once each, and written or emptied by their number."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class GoogleSheets(VendorTest):
    vendor = "google_sheets"
    settings = {"spreadsheet": "s1", "client_id": "c", "client_secret": SECRET, "refresh_token": SECRET, "token_url": "{sandbox}/token"}
    sync = {"object": "People", "mode": "append", "match": None, "fields": {"A": "id", "B": "email", "D": "city"}}

    def sheet(self):
        return self.held("s1/People")

    def test_each_key_is_appended_once(self):
        self.rows = [person(1, city="=1+1"), person(2, city=None)]
        self.call("check")
        self.run_sync(accepted=2, requests=1)
        self.rows = [person(1, city="Bonn"), person(2), person(3)]
        self.run_sync(accepted=1)
        self.assertEqual(self.sheet(), [{"A": "1", "B": "p1@example.com", "D": "=1+1"}, {"A": "2", "B": "p2@example.com"},
                                        {"A": "3", "B": "p3@example.com", "D": "Ulm"}])

    def test_rows_are_written_and_emptied_by_number(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.write_sync("cities", mode="update", match={"row": "id"}, fields={"D": "city"})
        self.rows = [person(1, city=None), person(2, city="Bonn")]
        self.run_sync(sync="cities", accepted=2, requests=1)
        self.assertEqual(self.sheet(), [{"A": "1", "B": "p1@example.com"}, {"A": "2", "B": "p2@example.com", "D": "Bonn"}])
        self.write_sync("leavers", mode="delete", match={"row": "id"}, fields=None)
        self.rows = [person(1)]
        self.run_sync(sync="leavers", accepted=1)
        self.assertEqual(self.sheet(), [{}, {"A": "2", "B": "p2@example.com", "D": "Bonn"}])

    def test_rows_are_found_by_a_column(self):
        self.rows = [person(7), person(8)]
        self.run_sync(accepted=2)
        self.write_sync("people", mode="mirror", match={"A": "id"}, fields={"B": "email", "D": "city"}, guard={"max_removed": "100%"})
        self.rows = [person(8, city="Bonn"), person(9)]
        self.call("check")
        # One look at the column; one row is written, one is added.
        self.run_sync(sync="people", accepted=2, requests=3)
        self.assertEqual([(one["A"], one["D"]) for one in self.sheet()], [("7", "Ulm"), ("8", "Bonn"), ("9", "Ulm")])
        self.assert_quiet(sync="people")
        # Somebody sorts the sheet: rows have other numbers now.
        held = [[one["A"], one["B"], "", one["D"]] for one in reversed(self.sheet())]
        self.sandbox.call("PUT", "/v4/spreadsheets/s1/values/People!A1:D3?valueInputOption=RAW", {"values": held})
        self.rows = [person(8, city="Rom")]
        self.run_sync(sync="people", changed=1, removed=1, accepted=2)
        self.assertEqual([one.get("D") for one in self.sheet()], [None, "Rom", "Ulm"])
        self.assertEqual([one.get("A") for one in self.sheet()], [None, "8", "7"])

    def test_what_occurs_twice_in_the_column_is_refused(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.write_sync("cities", mode="update", match={"D": "city"}, fields={"E": "name"})
        self.rows = [person(1), person(3, city="Oslo")]
        self.assertIn("SEVERAL_MATCH", self.reason(1, self.run_sync(sync="cities", code=PARTIAL, rejected=1, skipped=1)))

    def test_a_cell_that_is_too_large_is_refused_alone(self):
        self.rows = [person(1), person(2, city="x" * 50001), person(3)]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("50000 characters", self.refused(result)["2"])
        self.assertEqual([one["A"] for one in self.sheet()], ["1", "3"])


if __name__ == "__main__":
    main()
