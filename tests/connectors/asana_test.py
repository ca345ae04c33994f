"""Asana as a destination, tried against its sandbox."""

from kinds_of_vendor import Issues
from of_vendor import SECRET, VendorTest, main


class Asana(Issues, VendorTest):
    vendor = "asana"
    settings = {"token": SECRET}
    target, kept, title, issue_id = "project/1200000000000001", "tasks", "name", "gid"
    fields = {"notes": "email", "due_on": "phone"}
    first = {"notes": "p1@example.com", "projects": ["1200000000000001"]}
    wrong, reason_of_wrong = {"phone": "soon"}, "Not a date"
    removable = readable = True


if __name__ == "__main__":
    main()
