// What letters look like to each kind of receiver.
#include "alert/receivers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "declare/utf8.h"
#include "net/crypto.h"

namespace penstock::alert {
namespace {

using testing::HasSubstr;
using testing::Not;

const Time kSent = from_unix_micros(1'793'610'000'000'000);  // 2026-11-02 09:00:00
const Origin kOrigin{"acme", "https://penstock.example.com"};

Outage outage_of(std::vector<std::string> syncs) {
  Outage outage;
  outage.id = "destination crm: auth 1793609700";
  outage.since = kSent - 5min;
  for (const std::string& sync : syncs) {
    Member& member = outage.members[sync];
    member.since = outage.since;
    member.last.sync = sync;
    member.last.event = AlertEvent::broken;
    member.last.run = "20261102-085500-" + sync;
    member.last.what = "the destination 'crm' refuses the login";
    member.last.said = "CRM says: <b>token & \"key\"</b> expired";
    member.last.remedy = "mend the login";
    member.last.command = "penstock check --connect";
    member.last.rows = {.rows = 12000, .failed = 1200};
  }
  return outage;
}

Letter letter_about(Saying saying, const Outage& outage) {
  Message message;
  message.items.push_back({saying, outage});
  message.at = kSent;
  return letter_of(message, kOrigin);
}

// The JSON of a request's body, whole.
class Body {
 public:
  explicit Body(const HttpRequest& request) : text_(request.body) {
    EXPECT_EQ(parser_.parse(text_).get(root_), simdjson::SUCCESS) << request.body;
  }
  std::string text(const char* pointer) {
    std::string_view value;
    EXPECT_EQ(root_.at_pointer(pointer).get(value), simdjson::SUCCESS) << pointer << " in " << text_;
    return std::string(value);
  }
  size_t size(const char* pointer) {
    simdjson::dom::array array;
    EXPECT_EQ(root_.at_pointer(pointer).get(array), simdjson::SUCCESS) << pointer;
    return array.size();
  }

 private:
  std::string text_;
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

TEST(Letters, SayWhatBrokeSinceWhenHowManyAndWhatToDo) {
  const Letter letter = letter_about(Saying::broke, outage_of({"people"}));
  EXPECT_EQ(letter.title, "[acme] people: the destination 'crm' refuses the login");
  const Section& section = letter.sections[0];
  EXPECT_EQ(section.facts[0].second, "2026-11-02 08:55:00 UTC (5 min)");
  EXPECT_EQ(section.facts[1].second, "1,200 not delivered, none sent, of 12,000 in the model");
  EXPECT_EQ(section.link, "https://penstock.example.com/runs/20261102-085500-people");
  EXPECT_EQ(section.command, "penstock check --connect");
}

TEST(Letters, ListTheSyncsOfOneOutage) {
  Outage outage = outage_of({"a", "b", "c"});
  outage.members["b"].restored = kSent - 1min;
  const Letter letter = letter_about(Saying::still, outage);
  EXPECT_EQ(letter.title, "[acme] Still: 3 syncs: the destination 'crm' refuses the login");
  EXPECT_THAT(letter.sections[0].facts[1].second, HasSubstr("b (works again since 2026-11-02 08:59:00 UTC)"));
}

TEST(Letters, TellTheEnd) {
  Outage outage = outage_of({"a"});
  outage.members["a"].restored = kSent - 1min;
  Letter letter = letter_about(Saying::recovered, outage);
  EXPECT_EQ(letter.title, "[acme] Recovered: a works again");
  EXPECT_EQ(letter.sections[0].facts[1].second, "2026-11-02 08:55:00 UTC (lasted 4 min)");
  EXPECT_TRUE(letter.sections[0].said.empty());
  outage.members["a"].gone = true;
  EXPECT_EQ(letter_about(Saying::recovered, outage).title, "[acme] Over: a is not watched any more");
}

TEST(Letters, Spans) {
  for (const auto& [span, text] : {std::pair<Duration, const char*>{-1s, "0 s"},
                                   {59s, "59 s"},
                                   {60s, "1 min"},
                                   {2h, "2 h"},
                                   {2h + 5min, "2 h 5 min"},
                                   {72h, "3 days"}})
    EXPECT_EQ(span_text(span), text);
}

TEST(SlackForm, EscapesWhatOthersSaid) {
  const HttpRequest request =
      slack_request("https://hooks.example.com/services/x", letter_about(Saying::broke, outage_of({"a"})));
  Body body(request);
  EXPECT_EQ(body.text("/blocks/0/type"), "header");
  EXPECT_THAT(body.text("/blocks/1/text/text"), HasSubstr("&lt;b&gt;token &amp; \"key\"&lt;/b&gt; expired"));
  EXPECT_THAT(body.text("/blocks/1/text/text"),
              HasSubstr("<https://penstock.example.com/runs/20261102-085500-a|Open>"));
  EXPECT_THAT(body.text("/blocks/1/text/text"), HasSubstr("`penstock check --connect`"));
}

TEST(SlackForm, StaysWithinItsLimits) {
  Outage outage = outage_of({"a"});
  for (auto& [sync, member] : outage.members) {
    member.last.said = member.last.remedy = std::string(100000, '<');
    member.last.what = std::string(5000, 'x');
  }
  Message message;
  for (int i = 0; i < 90; ++i) message.items.push_back({Saying::broke, outage});
  Body body(slack_request("https://x.example", letter_of(message, kOrigin)));
  EXPECT_LE(body.size("/blocks"), 50u);
  EXPECT_LE(declare::count_characters(body.text("/blocks/0/text/text")), 150u);
  EXPECT_LE(declare::count_characters(body.text("/blocks/1/text/text")), 3000u);
  EXPECT_THAT(body.text("/blocks/21/text/text"), HasSubstr("and 70 more"));
}

TEST(PagerDutyForm, TriggersAndResolvesUnderOneKey) {
  const Outage outage = outage_of({"a"});
  const auto broke =
      pagerduty_requests("https://x.example/enqueue", "KEY", letter_about(Saying::broke, outage), kOrigin);
  ASSERT_EQ(broke.size(), 1u);
  Body trigger(broke[0]);
  EXPECT_EQ(trigger.text("/event_action"), "trigger");
  EXPECT_EQ(trigger.text("/payload/severity"), "error");
  EXPECT_EQ(trigger.text("/payload/custom_details/Cause"), "CRM says: <b>token & \"key\"</b> expired");
  const auto over = pagerduty_requests("https://x.example/enqueue", "KEY",
                                       letter_about(Saying::recovered, outage), kOrigin);
  Body resolve(over[0]);
  EXPECT_EQ(resolve.text("/event_action"), "resolve");
  EXPECT_EQ(resolve.text("/dedup_key"), trigger.text("/dedup_key"));
}

TEST(PagerDutyForm, KeysAreShortAndDiffer) {
  Section one, other;
  one.id = std::string(400, 'a');
  other.id = std::string(400, 'a') + "b";
  EXPECT_LE(dedup_key(one, kOrigin).size(), 255u);
  EXPECT_NE(dedup_key(one, kOrigin), dedup_key(other, kOrigin));
}

TEST(WebhookForm, IsSigned) {
  const Letter letter = letter_about(Saying::broke, outage_of({"a"}));
  const HttpRequest request =
      webhook_request("https://x.example", {{"X-Own", "1"}}, "secret", letter, kOrigin);
  EXPECT_EQ(*find_header(request.headers, "X-Penstock-Signature"), hex(hmac_sha256("secret", request.body)));
  EXPECT_EQ(*find_header(request.headers, "X-Own"), "1");
  Body body(request);
  EXPECT_EQ(body.text("/outages/0/saying"), "broke");
  EXPECT_EQ(body.text("/project"), "acme");
  EXPECT_EQ(find_header(webhook_request("https://x.example", {}, "", letter, kOrigin).headers,
                        "X-Penstock-Signature"),
            nullptr);
}

// The headers of a mail, unfolded, one a line.
std::string headers_of(const Mail& mail) {
  std::string headers = mail.text.substr(0, mail.text.find("\r\n\r\n"));
  for (size_t at; (at = headers.find("\r\n ")) != headers.npos;) headers.erase(at, 2);
  return headers;
}

TEST(MailForm, NothingEndsAHeadersLine) {
  Outage outage = outage_of({"a"});
  outage.members["a"].last.what = "x\r\nBcc: evil@example.com\n\tmore";
  const Mail mail =
      mail_of("Ann <a@example.com>", {"b@example.com"}, letter_about(Saying::broke, outage), kOrigin);
  EXPECT_THAT(headers_of(mail), Not(HasSubstr("\nBcc")));
  EXPECT_EQ(mail.from, "a@example.com");
  EXPECT_EQ(mail.to, std::vector<std::string>{"b@example.com"});
}

TEST(MailForm, OtherLettersAreEncodedInWordsOfWholeCharacters) {
  Outage outage = outage_of({"a"});
  for (int i = 0; i < 60; ++i) outage.members["a"].last.what += "é→";
  const Mail mail =
      mail_of("Jörg \"X\" <a@example.com>", {"b@example.com"}, letter_about(Saying::broke, outage), kOrigin);
  const std::string headers = mail.text.substr(0, mail.text.find("\r\n\r\n"));
  for (const char c : headers) EXPECT_TRUE(c == '\r' || c == '\n' || (c >= 32 && c < 127));
  size_t start = 0;
  for (size_t at = 0; (at = headers.find("\r\n", start)) != headers.npos; start = at + 2)
    EXPECT_LE(at - start, 120u);
  for (size_t at = 0; (at = headers.find("=?utf-8?B?", at)) != headers.npos; ++at) {
    const size_t end = headers.find("?=", at + 10);
    EXPECT_LE(end + 2 - at, 75u);
    const auto word = from_base64(headers.substr(at + 10, end - at - 10));
    ASSERT_TRUE(word);
    EXPECT_EQ(declare::find_not_utf8(*word), std::string::npos);
  }
}

TEST(MailForm, BothPartsSayIt) {
  const Mail mail =
      mail_of("a@example.com", {"b@example.com"}, letter_about(Saying::broke, outage_of({"a"})), kOrigin);
  std::vector<std::string> parts;
  for (size_t at = 0; (at = mail.text.find("base64\r\n\r\n", at)) != mail.text.npos; ++at) {
    std::string part = mail.text.substr(at + 10, mail.text.find("\r\n--", at) - at - 10);
    std::erase_if(part, [](char c) { return c == '\r' || c == '\n'; });
    parts.push_back(from_base64(part).value_or("not Base64"));
  }
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_THAT(parts[0], HasSubstr("> CRM says: <b>token & \"key\"</b> expired"));
  EXPECT_THAT(parts[1], HasSubstr("&lt;b&gt;token &amp; &quot;key&quot;&lt;/b&gt; expired"));
}

}  // namespace
}  // namespace penstock::alert
