"""GitHub as a destination, tried against its sandbox."""

from kinds_of_vendor import Issues
from of_vendor import SECRET, VendorTest, main


class GitHub(Issues, VendorTest):
    vendor = "github"
    settings = {"owner": "acme", "token": SECRET}
    target, kept, title, issue_id = "app", "acme/app", "title", "number"
    fields = {"body": "email", "labels": {"sql": "[city]"}}
    first = {"body": "p1@example.com", "labels": ["Ulm"]}
    wrong, reason_of_wrong = {"name": ""}, "Validation Failed"


if __name__ == "__main__":
    main()
