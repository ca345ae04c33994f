#include "deliver/limit_news.h"

#include <charconv>
#include <ctime>
#include <map>
#include <string>

namespace penstock {
namespace {

// Numbers up to here are seconds from now (30 years), up to there seconds since 1970, beyond milliseconds.
constexpr double kSecondsFromNow = 1e9, kSecondsSince1970 = 1e11;
constexpr uint64_t kBelievedMost = 1'000'000'000'000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '"')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '"')) text.remove_suffix(1);
  return text;
}

std::optional<uint64_t> whole_number(std::string_view text) {
  text = trimmed(text);
  uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  // "100, 100;w=10": the first says what holds now.
  const bool ends = end == text.data() + text.size() || *end == ',' || *end == ';' || *end == ' ';
  if (problem != std::errc() || !ends || number > kBelievedMost) return std::nullopt;
  return number;
}

std::optional<Time> date(std::string_view text) {
  const std::string copy(text);
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"}) {
    std::tm parts{};
    if (::strptime(copy.c_str(), format, &parts) != nullptr)
      return Time(Duration(int64_t{::timegm(&parts)} * 1'000'000));
  }
  return std::nullopt;
}

using Found = std::map<std::string, std::string, std::less<>>;

// The parts of a header's text: "api-usage={used}/{allowed}" of "api-usage=12/100". Before the first literal
// anything may stand.
Found parts_of(std::string_view pattern, std::string_view text) {
  Found found;
  const size_t first = pattern.find('{');
  if (first == pattern.npos) return found;
  const size_t begin = text.find(pattern.substr(0, first));
  if (begin == text.npos) return found;
  text.remove_prefix(begin + first);
  pattern.remove_prefix(first);
  while (pattern.starts_with('{') && pattern.find('}') != pattern.npos) {
    const size_t close = pattern.find('}');
    const std::string_view name = pattern.substr(1, close - 1);
    pattern.remove_prefix(close + 1);
    const std::string_view literal = pattern.substr(0, pattern.find('{'));
    size_t length = 0;
    while (length < text.size() && (text[length] == '.' || (text[length] >= '0' && text[length] <= '9')))
      ++length;
    found.emplace(name, text.substr(0, length));
    text.remove_prefix(length);
    if (!text.starts_with(literal)) return found;
    text.remove_prefix(literal.size());
    pattern.remove_prefix(literal.size());
  }
  return found;
}

const std::string* first_header(const HttpReply& reply, const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (const auto* text = reply.header(name)) return text;
  return nullptr;
}

std::optional<uint64_t> number_in(const Found& found, std::string_view name) {
  const auto part = found.find(name);
  return part == found.end() ? std::nullopt : whole_number(part->second);
}

void add_parts(const Found& found, Time now, WindowNews& news) {
  if (const auto allowed = number_in(found, "allowed")) news.allowed = allowed;
  if (const auto remaining = number_in(found, "remaining")) news.remaining = remaining;
  const auto used = number_in(found, "used");
  if (used && news.allowed) news.remaining = *news.allowed - std::min(*news.allowed, *used);
  if (const auto reset = found.find("reset"); reset != found.end())
    news.ends_in = time_to_come(reset->second, now);
}

}  // namespace

std::optional<Duration> time_to_come(std::string_view text, Time now) {
  text = trimmed(text);
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size()) {
    if (!(number >= 0) || number > 1e14) return std::nullopt;
    if (number < kSecondsFromNow) return Duration(static_cast<int64_t>(number * 1e6));
    const double micros = number < kSecondsSince1970 ? number * 1e6 : number * 1e3;
    const Duration left = from_unix_micros(static_cast<int64_t>(micros)) - now;
    return left >= Duration(0) ? std::optional(left) : std::nullopt;
  }
  const auto at = date(text);
  if (!at || *at < now) return std::nullopt;
  return *at - now;
}

WindowNews limit_news(const connector::LearnedLimit& rule, const HttpReply& reply, Time now) {
  WindowNews news;
  for (const auto* names : {&rule.allowed, &rule.remaining, &rule.reset})
    if (const auto* text = rule.pattern.empty() ? nullptr : first_header(reply, *names))
      add_parts(parts_of(rule.pattern, *text), now, news);
  if (rule.pattern.empty()) {
    if (const auto* text = first_header(reply, rule.allowed)) news.allowed = whole_number(*text);
    if (const auto* text = first_header(reply, rule.remaining)) news.remaining = whole_number(*text);
    if (const auto* text = first_header(reply, rule.reset)) news.ends_in = time_to_come(*text, now);
  }
  if (const auto* text = rule.window_ms.empty() ? nullptr : reply.header(rule.window_ms))
    if (const auto length = whole_number(*text)) news.length = Duration(std::chrono::milliseconds(*length));
  return news;
}

}  // namespace penstock
