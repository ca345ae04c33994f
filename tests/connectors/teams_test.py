"""Microsoft Teams as a destination, tried against its sandbox."""

from kinds_of_vendor import Messages
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Teams(Messages, VendorTest):
    vendor = "teams"
    settings = {"base_url": "{sandbox}/workflows/1", "signature": SECRET}
    fields = {"text": "name"}

    @staticmethod
    def text(message):
        return message["attachments"][0]["content"]["body"][0]["text"]

    def test_a_bad_row_is_refused_alone(self):
        self.sync_messages()
        self.rows = [person(1), person(2), person(3)]
        self.sandbox.fault(status=400, body={"error": {"code": "BadRequest", "message": "no such card"}})
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual([(one["code"], one["message"]) for one in result["refused"]], [("BadRequest", "no such card")])
        self.assertEqual(len(self.messages()), 2)


if __name__ == "__main__":
    main()
