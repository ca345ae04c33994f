"""Jira as a destination, tried against its sandbox."""

from kinds_of_vendor import Issues
from of_vendor import SECRET, VendorTest, main


class Jira(Issues, VendorTest):
    vendor = "jira"
    settings = {"user": "us@x.example", "token": SECRET}
    target, kept, title, issue_id = "issues", "issues", "summary", "id"
    fields = {"project.key": {"value": "OPS"}, "issuetype.name": {"value": "Task"}}
    first = {"project": {"key": "OPS"}}
    wrong, reason_of_wrong = {"name": "x" * 256}, "less than 255"
    removable = readable = True


if __name__ == "__main__":
    main()
