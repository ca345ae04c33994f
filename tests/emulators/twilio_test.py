"""Twilio's connector against npm `emulate`."""

import base64

from emulated import EmulatedTest, main, person

ACCOUNT = "AC" + "0" * 32


class Twilio(EmulatedTest):
    vendor, service = "twilio", "twilio"
    token = "twilio_test_auth_token"
    settings = {"account_sid": ACCOUNT, "auth_token": "${env:EMULATOR_TOKEN}"}
    sync = {"object": "messages", "mode": "append", "match": None,
            "fields": {"To": "phone", "From": {"value": "+15005550006"}, "Body": "name"}}

    def test_messages_are_sent_once(self):
        login = base64.b64encode(f"{ACCOUNT}:{self.token}".encode()).decode()
        numbers = self.ask("GET", f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json", Authorization=f"Basic {login}")
        sender = numbers["incoming_phone_numbers"][0]["phone_number"]
        self.write_sync(fields={"To": "phone", "From": {"value": sender}, "Body": "name"})
        self.rows = [person(number, phone=f"+1415555010{number}") for number in (1, 2)]
        self.run_sync(accepted=2)
        self.run_sync(sent=0)
        sent = self.ask("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", Authorization=f"Basic {login}")["messages"]
        self.assertEqual(sorted((one["to"], one["body"]) for one in sent),
                         [("+14155550101", "Person 1"), ("+14155550102", "Person 2")])


if __name__ == "__main__":
    main()
