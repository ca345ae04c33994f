#include <fmt/format.h>

#include "alert/receivers.h"
#include "declare/utf8.h"

namespace penstock::alert {
namespace {

using declare::JsonWriter;

constexpr size_t kHeaderMax = 150, kSectionMax = 3000, kSectionsMax = 20, kTitleMax = 200, kLinkMax = 400;

// In Slack's mark-up three characters are special; escaped, nothing that others said can mention people or
// make a link (docs.slack.dev/messaging/formatting-message-text, 2026-11-27).
std::string slack_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

const char* mark_of(const Section& section) {
  if (section.saying == Saying::recovered) return ":white_check_mark:";
  if (section.severity == Severity::error) return ":red_circle:";
  return section.severity == Severity::warning ? ":large_yellow_circle:" : ":information_source:";
}

// What does not fit is left out, piece by piece; the link is last and has its room.
std::string slack_section(const Section& section) {
  std::string out =
      fmt::format("{} *{}*", mark_of(section), slack_text(declare::shorten(section.title, kTitleMax)));
  const auto add = [&](const std::string& piece) {
    if (out.size() + piece.size() <= kSectionMax - kLinkMax) out += piece;
  };
  for (const auto& [name, value] : section.facts) add(fmt::format("\n*{}:* {}", name, slack_text(value)));
  if (!section.said.empty()) add("\n> " + slack_text(section.said));
  if (!section.remedy.empty()) add("\n\u2192 " + slack_text(section.remedy));
  if (!section.command.empty()) add(fmt::format("\n`{}`", slack_text(section.command)));
  const std::string link = fmt::format("\n<{}|Open>", slack_text(section.link));
  if (!section.link.empty() && link.size() <= kLinkMax) out += link;
  return out;
}

void add_text(JsonWriter& json, std::string_view block, std::string_view type, std::string_view text) {
  json.begin_object().key("type").text(block).key("text").begin_object();
  json.key("type").text(type).key("text").text(text).end_object().end_object();
}

}  // namespace

HttpRequest slack_request(const std::string& webhook_url, const Letter& letter) {
  JsonWriter json;
  json.begin_object().key("text").text(slack_text(letter.title)).key("blocks").begin_array();
  add_text(json, "header", "plain_text", declare::shorten(letter.title, kHeaderMax));
  for (size_t i = 0; i < std::min(letter.sections.size(), kSectionsMax); ++i)
    add_text(json, "section", "mrkdwn", slack_section(letter.sections[i]));
  std::string note = letter.note;
  if (letter.sections.size() > kSectionsMax)
    note += fmt::format("{}and {} more: penstock alert list", note.empty() ? "" : " ",
                        letter.sections.size() - kSectionsMax);
  if (!note.empty()) add_text(json, "section", "mrkdwn", slack_text(note));
  json.end_array().end_object();
  return {.method = "POST",
          .url = webhook_url,
          .headers = {{"Content-Type", "application/json"}},
          .body = json.str()};
}

}  // namespace penstock::alert
