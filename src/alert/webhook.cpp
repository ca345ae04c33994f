#include <fmt/format.h>

#include "alert/receivers.h"
#include "net/crypto.h"

namespace penstock::alert {
namespace {

using declare::JsonWriter;

std::string_view kind_of(const Letter& letter, const Section& section) {
  return letter.is_test ? "test" : name_of(section.saying);
}

std::string_view severity_name(Severity severity) {
  if (severity == Severity::error) return "error";
  return severity == Severity::warning ? "warning" : "info";
}

void add_section(JsonWriter& json, const Letter& letter, const Section& section) {
  json.begin_object().key("id").text(section.id).key("saying").text(kind_of(letter, section));
  json.key("event").text(section.event).key("severity").text(severity_name(section.severity));
  json.key("title").text(section.title).key("facts").begin_object();
  for (const auto& [name, value] : section.facts) json.key(name).text(value);
  json.end_object().text_if("cause", section.said).text_if("remedy", section.remedy);
  json.text_if("command", section.command).text_if("link", section.link).end_object();
}

// The same for a message that is sent again.
std::string delivery_id(const Letter& letter) {
  std::string text = fmt::format("{}", unix_micros(letter.at));
  for (const Section& section : letter.sections) text += "\n" + section.id;
  return hex(sha256(text)).substr(0, 24);
}

}  // namespace

HttpRequest webhook_request(const std::string& url, Headers headers, const std::string& secret,
                            const Letter& letter, const Origin& origin) {
  JsonWriter json;
  json.begin_object().key("version").integer(1).key("id").text(delivery_id(letter));
  json.key("project").text(origin.project).key("title").text(letter.title);
  json.key("at").text(iso8601(letter.at)).key("outages").begin_array();
  for (const Section& section : letter.sections) add_section(json, letter, section);
  json.end_array().text_if("note", letter.note).end_object();
  headers.emplace_back("Content-Type", "application/json");
  if (!secret.empty()) headers.emplace_back("X-Penstock-Signature", hex(hmac_sha256(secret, json.str())));
  return {.method = "POST", .url = url, .headers = std::move(headers), .body = json.str()};
}

}  // namespace penstock::alert
