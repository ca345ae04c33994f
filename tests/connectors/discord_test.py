"""Discord as a destination, tried against its sandbox."""

from kinds_of_vendor import Messages
from of_vendor import SECRET, VendorTest, main


class Discord(Messages, VendorTest):
    vendor = "discord"
    settings = {"webhook_id": "1", "webhook_token": SECRET}
    fields = {"content": "name"}
    wrong, reason_of_wrong = {"name": "x" * 2001}, "2000 or fewer"

    @staticmethod
    def text(message):
        return message["content"]


if __name__ == "__main__":
    main()
