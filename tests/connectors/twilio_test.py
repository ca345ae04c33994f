"""Twilio as a destination, tried against its sandbox."""

from kinds_of_vendor import Messages
from of_vendor import SECRET, VendorTest, main, person


class Twilio(Messages, VendorTest):
    vendor = "twilio"
    settings = {"account_sid": "AC" + "0" * 32, "auth_token": SECRET}
    fields = {"To": "phone", "From": {"value": "+15005550006"}, "Body": "name"}
    wrong, reason_of_wrong = {"phone": "12"}, "21211"

    @staticmethod
    def row(number, **values):
        return person(number, **({"phone": f"+1415555010{number}"} | values))

    @staticmethod
    def text(message):
        return message["Body"]


if __name__ == "__main__":
    main()
