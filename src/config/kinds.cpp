#include "config/kinds.h"

#include <algorithm>

#include "config/shapes.h"

namespace penstock::config {
namespace {

using declare::choice;
using declare::identifier;
using declare::integer;
using declare::list;
using declare::Of;
using declare::reference_text;
using declare::reference_url;
using declare::setting;
using declare::SettingField;
using declare::settings;
using declare::text;

Of<Settings> slack() {
  return settings("slack alert", "A message to a Slack channel.",
                  {setting("webhook_url", reference_url())
                       .required()
                       .secret()
                       .help("The address of an incoming webhook.")
                       .example("${env:SLACK_WEBHOOK}")});
}

Of<Settings> pagerduty() {
  return settings("pagerduty alert", "An incident in PagerDuty.",
                  {setting("routing_key", reference_text())
                       .required()
                       .secret()
                       .help("The integration key of a service (Events API v2).")
                       .example("${env:PAGERDUTY_KEY}"),
                   setting("url", reference_url())
                       .by_default("https://events.pagerduty.com/v2/enqueue")
                       .help("Where the Events API is; another address for tests.")});
}

bool is_address_word(std::string_view word) {
  return !word.empty() && word.find_first_of(" \t\r\n<>()[],;:\\\"@") == word.npos &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) { return c > 32 && c < 127; });
}

// "a@example.com" or "Name <a@example.com>". What stands in headers of mails must not end a line.
bool is_mailbox(std::string_view text) {
  std::string_view address = text;
  if (text.ends_with('>')) {
    const size_t open = text.find('<');
    if (open == text.npos || text.substr(0, open).find_first_of("\r\n\"") != text.npos) return false;
    address = text.substr(open + 1, text.size() - open - 2);
  }
  const size_t at = address.find('@');
  return at != address.npos && is_address_word(address.substr(0, at)) &&
         is_address_word(address.substr(at + 1)) && address.size() <= 254;
}

Of<std::string> mailbox() {
  const declare::ScalarFacts facts{"an email address", "an email address such as ops@example.com",
                                   R"({"type":"string","pattern":"@"})"};
  return declare::parsed<std::string>(facts, [](std::string_view written) -> Result<std::string> {
    if (is_mailbox(written)) return std::string(written);
    return Error{ErrorKind::config, "an email address such as ops@example.com", ""};
  });
}

Of<Settings> email() {
  return settings(
      "email alert", "An email.",
      {setting("to", list(mailbox()).or_one().not_empty())
           .required()
           .help("Who gets it.")
           .example("[ops@example.com]"),
       setting("from", mailbox())
           .required()
           .help("Who it is from.")
           .example("Penstock <penstock@example.com>"),
       setting("host", reference_text()).required().help("The SMTP server.").example("smtp.example.com"),
       setting("port", integer({.min = 1, .max = 65535}, "a port")).by_default("587").help("Its port."),
       setting("tls", declare::choice_of({{"starttls", "a plain connection that turns encrypted"},
                                          {"implicit", "encrypted from the start (port 465)"},
                                          {"none", "not encrypted"}}))
           .by_default("starttls")
           .help("How the connection is encrypted."),
       setting("user", reference_text()).help("The login's name.").example("${env:SMTP_USER}"),
       setting("password", reference_text())
           .secret()
           .help("The login's password.")
           .example("${env:SMTP_PASSWORD}")});
}

Of<Settings> webhook() {
  return settings(
      "webhook alert", "A POST of JSON to an address of your own.",
      {setting("url", reference_url())
           .required()
           .help("Where it goes.")
           .example("https://hooks.example.com/penstock"),
       setting("headers", declare::map_of(reference_text()))
           .help("Headers to send along.")
           .example("{ Authorization: \"${env:HOOK_AUTHORIZATION}\" }"),
       setting("signing_secret", reference_text())
           .secret()
           .help("Signs the body: the header `X-Penstock-Signature` holds its HMAC-SHA256 in hexadecimal.")
           .example("${env:HOOK_SECRET}")});
}

class AlertKinds : public Kinds {
 public:
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, shape] : kinds_) out.push_back(name);
    return out;
  }
  const Of<Settings>* find(std::string_view name) const override {
    for (const auto& [known, shape] : kinds_)
      if (known == name) return &shape;
    return nullptr;
  }

 private:
  std::vector<std::pair<std::string, Of<Settings>>> kinds_ = {
      {"slack", slack()}, {"pagerduty", pagerduty()}, {"email", email()}, {"webhook", webhook()}};
};

SettingField description() {
  return setting("description", text()).help("What it is.");
}

SettingField rate_share() {
  const declare::ScalarFacts facts{"share", "a share from 1% to 100%",
                                   R"({"type":"string","pattern":"^[0-9.]+%$"})"};
  auto parse = [](std::string_view written) -> Result<Share> {
    auto share = declare::parse_share(written);
    if (share.ok() && share->fraction >= 0.01) return share;
    return Error{ErrorKind::config, "a share from 1% to 100%", ""};
  };
  return setting("rate_share", declare::parsed<Share>(facts, parse))
      .by_default("100%")
      .help("The part of the destination's limits that we use; the rest is left to other writers.");
}

// What every alert has, whatever its type.
std::vector<SettingField> of_every_alert() {
  const auto event = choice<AlertEvent>(
      {{"failed", AlertEvent::failed, "a run failed, whatever the reason"},
       {"stopped", AlertEvent::stopped, "a guard stopped a run"},
       {"partial", AlertEvent::partial, "some rows were rejected or are invalid (see `rejected_over`)"},
       {"late", AlertEvent::late, "a run was due and did not come, or goes on for longer than its interval"},
       {"broken", AlertEvent::broken,
        "of the runs that failed, those whose source cannot be read or whose login is refused"},
       {"recovered", AlertEvent::recovered, "what was told before is over"}});
  return {
      setting("on", list(event).or_one().not_empty())
          .by_default("[failed, stopped, late, recovered]")
          .help("What it tells of."),
      setting("rejected_over", declare::share_or_count())
          .otherwise("any row, with `partial` under `on`")
          .help(
              "Tells of a run that ended well but for more rows than these. A share is of the rows sent for "
              "those rejected, and of the model's for those invalid or waiting.")
          .example("5%"),
      setting("group_within", declare::duration(0s, 15min))
          .by_default("1m")
          .help("How long a message waits for other syncs that fail for the same cause, to tell of all at "
                "once."),
      setting("remind_after", declare::duration(1min))
          .by_default("6h")
          .help("What goes on is told again after this time, not before."),
      setting("at_most", integer({.min = 1, .max = 1000}, "a number of messages"))
          .by_default("20")
          .help("Messages in an hour; what would be more is summed up in the next one.")};
}

}  // namespace

const Kinds& alert_kinds() {
  static const AlertKinds kinds;
  return kinds;
}

Of<Settings> settings_shape(KindOfType kind, const Of<Settings>& of_type) {
  switch (kind) {
    case KindOfType::source:
      return declare::with_more(of_type, {description()});
    case KindOfType::destination:
      return declare::with_more(of_type, {rate_share(), description()});
    case KindOfType::alert: {
      auto fields = of_every_alert();
      fields.push_back(description());
      return declare::with_more(of_type, fields);
    }
  }
  return of_type;
}

Of<Settings> all_settings_shape(KindOfType kind, const Kinds& kinds) {
  std::vector<std::pair<std::string, Of<Settings>>> types;
  for (const std::string& name : kinds.names())
    if (const Of<Settings>* of_type = kinds.find(name))
      types.emplace_back(name, settings_shape(kind, *of_type));
  return declare::settings_by("type", types);
}

}  // namespace penstock::config
