#include <fmt/format.h>

#include "alert/receivers.h"
#include "declare/utf8.h"
#include "net/crypto.h"

namespace penstock::alert {
namespace {

using declare::JsonWriter;

constexpr size_t kSummaryMax = 1024, kDedupMax = 255;

std::string_view pagerduty_severity(const Section& section) {
  if (section.severity == Severity::error) return "error";
  return section.severity == Severity::warning ? "warning" : "info";
}

void add_details(JsonWriter& json, const Section& section, const std::string& note) {
  json.key("custom_details").begin_object();
  for (const auto& [name, value] : section.facts) json.key(name).text(value);
  json.text_if("Cause", section.said).text_if("Remedy", section.remedy).text_if("Command", section.command);
  json.text_if("Note", note).end_object();
}

std::string trigger_body(const std::string& routing_key, const Letter& letter, const Section& section,
                         const Origin& origin) {
  JsonWriter json;
  json.begin_object().key("routing_key").text(routing_key).key("event_action").text("trigger");
  json.key("dedup_key").text(dedup_key(section, origin)).key("payload").begin_object();
  json.key("summary").text(
      declare::shorten(fmt::format("[{}] {}", origin.project, section.title), kSummaryMax));
  json.key("severity").text(pagerduty_severity(section));
  json.key("source").text(fmt::format("penstock {}", origin.project));
  json.key("timestamp").text(iso8601(letter.at)).key("group").text(origin.project);
  json.key("class").text(section.event);
  add_details(json, section, letter.note);
  json.end_object().key("client").text("Penstock").text_if("client_url", origin.public_url);
  if (!section.link.empty()) {
    json.key("links").begin_array().begin_object().key("href").text(section.link);
    json.key("text").text("Open in Penstock").end_object().end_array();
  }
  return json.end_object().str();
}

std::string resolve_body(const std::string& routing_key, const Section& section, const Origin& origin) {
  JsonWriter json;
  json.begin_object().key("routing_key").text(routing_key).key("event_action").text("resolve");
  return json.key("dedup_key").text(dedup_key(section, origin)).end_object().str();
}

}  // namespace

std::string dedup_key(const Section& section, const Origin& origin) {
  std::string key = fmt::format("penstock/{}/{}", origin.project, section.id);
  return key.size() <= kDedupMax ? key : "penstock/" + hex(sha256(key));
}

std::vector<HttpRequest> pagerduty_requests(const std::string& url, const std::string& routing_key,
                                            const Letter& letter, const Origin& origin) {
  std::vector<HttpRequest> requests;
  const auto add = [&](std::string body) {
    requests.push_back({.method = "POST",
                        .url = url,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = std::move(body)});
  };
  for (const Section& section : letter.sections) {
    if (section.saying != Saying::recovered) add(trigger_body(routing_key, letter, section, origin));
    if (section.saying == Saying::recovered || letter.is_test)
      add(resolve_body(routing_key, section, origin));
  }
  return requests;
}

}  // namespace penstock::alert
