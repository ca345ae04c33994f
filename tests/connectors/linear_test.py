"""Linear as a destination, tried against its sandbox."""

from kinds_of_vendor import Issues
from of_vendor import SECRET, VendorTest, main


class Linear(Issues, VendorTest):
    vendor = "linear"
    settings = {"api_key": SECRET}
    target, kept, title, issue_id = "team/team-1", "issues", "title", "id"
    fields = {"description": "email", "priority": {"sql": "2"}}
    first = {"description": "p1@example.com", "priority": 2, "teamId": "team-1"}
    wrong, reason_of_wrong = {"name": ""}, "title and teamId are required"
    removable = True


if __name__ == "__main__":
    main()
