#include "config/kinds.h"

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

Of<Settings> email() {
  return settings(
      "email alert", "An email.",
      {setting("to", list(text("an email address")).or_one().not_empty())
           .required()
           .help("Who gets it.")
           .example("[ops@example.com]"),
       setting("from", text("an email address"))
           .required()
           .help("Who it is from.")
           .example("penstock@example.com"),
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

SettingField events() {
  const auto event =
      choice<AlertEvent>({{"failed", AlertEvent::failed, "a run failed"},
                          {"stopped", AlertEvent::stopped, "a guard stopped a run"},
                          {"partial", AlertEvent::partial, "some rows were rejected or are invalid"},
                          {"recovered", AlertEvent::recovered, "the first good run after one of these"}});
  return setting("on", list(event).or_one().not_empty())
      .by_default("[failed, stopped]")
      .help("What it tells of.");
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
    case KindOfType::alert:
      return declare::with_more(of_type, {events(), description()});
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
