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

    def test_a_cell_that_is_too_large_is_refused_alone(self):
        self.rows = [person(1), person(2, city="x" * 50001), person(3)]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("50000 characters", self.refused(result)["2"])
        self.assertEqual([one["A"] for one in self.sheet()], ["1", "3"])


if __name__ == "__main__":
    main()
