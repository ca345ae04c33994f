#include "declare/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace penstock::declare {
namespace {

Error expected(std::string phrase) {
  return {ErrorKind::config, std::move(phrase), ""};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A decimal number at the start of a text, kept exact: value = digits / 10^places.
struct Decimal {
  uint64_t digits = 0;
  int places = 0;
};

constexpr uint64_t kPowersOfTen[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};

// Takes it off the front of `text`; at most 12 digits before and 6 after the point, so that products with
// units stay in range.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number;
  size_t at = 0;
  while (at < text.size() && is_digit(text[at])) number.digits = number.digits * 10 + (text[at++] - '0');
  if (at == 0 || at > 12) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const size_t point = at++;
    while (at < text.size() && is_digit(text[at]) && number.places < 6) {
      number.digits = number.digits * 10 + (text[at++] - '0');
      ++number.places;
    }
    if (at == point + 1) return std::nullopt;
  }
  if (at < text.size() && is_digit(text[at])) return std::nullopt;
  text.remove_prefix(at);
  return number;
}

// digits / 10^places * unit when that is whole and below `max`.
std::optional<uint64_t> times(Decimal number, uint64_t unit, uint64_t max) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(number.digits, unit, &product)) return std::nullopt;
  const uint64_t scale = kPowersOfTen[number.places];
  if (product % scale != 0 || product / scale > max) return std::nullopt;
  return product / scale;
}

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// Largest first, in microseconds.
constexpr std::array<Unit, 7> kTimeUnits{{{"w", 604'800'000'000},
                                          {"d", 86'400'000'000},
                                          {"h", 3'600'000'000},
                                          {"m", 60'000'000},
                                          {"s", 1'000'000},
                                          {"ms", 1'000},
                                          {"us", 1}}};
constexpr uint64_t kMicrosMax = 36'525ull * 86'400'000'000;  // 100 years

constexpr std::array<Unit, 9> kSizeUnits{{{"TiB", 1ull << 40},
                                          {"TB", 1'000'000'000'000},
                                          {"GiB", 1ull << 30},
                                          {"GB", 1'000'000'000},
                                          {"MiB", 1ull << 20},
                                          {"MB", 1'000'000},
                                          {"KiB", 1ull << 10},
                                          {"KB", 1'000},
                                          {"B", 1}}};
constexpr uint64_t kBytesMax = 1'000'000'000'000'000;  // 1000 TB

std::string_view take_letters(std::string_view& text) {
  size_t at = 0;
  while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at]))) ++at;
  std::string_view letters = text.substr(0, at);
  text.remove_prefix(at);
  return letters;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

std::optional<uint64_t> read_micros(std::string_view text) {
  uint64_t total = 0;
  size_t next_unit = 0;  // units must get smaller: 1h30m, not 30m1h
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_decimal(text);
    const std::string_view name = take_letters(text);
    const auto* unit = std::find_if(kTimeUnits.begin() + next_unit, kTimeUnits.end(),
                                    [&](const Unit& each) { return each.name == name; });
    if (!number || unit == kTimeUnits.end()) return std::nullopt;
    const auto micros = times(*number, unit->factor, kMicrosMax - total);
    if (!micros) return std::nullopt;
    total += *micros;
    next_unit = static_cast<size_t>(unit - kTimeUnits.begin()) + 1;
  }
  return total;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (const auto micros = read_micros(text)) return Duration(static_cast<int64_t>(*micros));
  return expected("a duration such as 30s, 15m or 1h30m");
}

Result<uint64_t> parse_size(std::string_view text) {
  const auto number = take_decimal(text);
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (number)
    for (const Unit& unit : kSizeUnits)
      if (same_ignoring_case(text, unit.name))
        if (const auto bytes = times(*number, unit.factor, kBytesMax)) return *bytes;
  return expected("a size such as 3MB or 500 KB");
}

Result<Share> parse_share(std::string_view text) {
  const auto number = take_decimal(text);
  if (number && text == "%") {
    const double percent =
        static_cast<double>(number->digits) / static_cast<double>(kPowersOfTen[number->places]);
    if (percent <= 100) return Share{percent / 100};
  }
  return expected("a share from 0% to 100%, such as 5%");
}

Result<Rate> parse_rate(std::string_view text) {
  const auto number = take_decimal(text);
  if (number && number->places == 0 && number->digits > 0 && text.starts_with('/')) {
    text.remove_prefix(1);
    const bool unit_alone = !text.empty() && !is_digit(text[0]);
    const auto micros = read_micros(unit_alone ? "1" + std::string(text) : std::string(text));
    if (micros && *micros > 0) return Rate{number->digits, Duration(static_cast<int64_t>(*micros))};
  }
  return expected("a rate such as 190/10s or 4/s");
}

Result<ShareOrCount> parse_share_or_count(std::string_view text) {
  ShareOrCount out;
  if (auto share = parse_share(text); share.ok()) {
    out.share = *share;
    return out;
  }
  if (auto count = parse_integer(text); count.ok() && *count >= 0) {
    out.count = static_cast<uint64_t>(*count);
    return out;
  }
  return expected("a share such as 5% or a number of rows");
}

Result<int64_t> parse_integer(std::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (text[i] == '_' && between) continue;
    digits += text[i];
  }
  int64_t value = 0;
  const char* first = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const char* end = digits.data() + digits.size();
  const auto [rest, problem] = std::from_chars(first, end, value);
  const bool sign_twice = digits.starts_with("+-");
  if (problem == std::errc() && rest == end && first != end && !sign_twice) return value;
  return expected("a whole number");
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const bool starts_well = !text.empty() && (is_digit(text[0]) || text[0] == '-' || text[0] == '.');
  const auto [rest, problem] =
      std::from_chars(text.data(), end, value);  // NOLINT(bugprone-suspicious-stringview-data-usage)
  if (starts_well && problem == std::errc() && rest == end && std::isfinite(value)) return value;
  return expected("a number");
}

Result<std::string> parse_url(std::string_view text) {
  std::string_view rest = text;
  for (std::string_view scheme : {"https://", "http://"}) {
    if (!rest.starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    const bool has_host = !rest.empty() && rest[0] != '/' && rest[0] != ':' && rest[0] != '?';
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != 0x7F; });
    if (has_host && printable) return std::string(text);
  }
  return expected("a URL that starts with https:// or http://");
}

std::string show(Duration duration) {
  auto rest = static_cast<uint64_t>(std::max<int64_t>(0, duration.count()));
  if (rest == 0) return "0s";
  std::string out;
  for (const Unit& unit : kTimeUnits) {
    if (rest < unit.factor) continue;
    out += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return out;
}

std::string show_size(uint64_t bytes) {
  for (const Unit& unit : kSizeUnits)
    if (bytes >= unit.factor && bytes % unit.factor == 0)
      return fmt::format("{}{}", bytes / unit.factor, unit.name);
  return fmt::format("{}B", bytes);
}

std::string show(Share share) {
  return fmt::format("{:.10g}%", share.fraction * 100);
}

std::string show(const Rate& rate) {
  for (const Unit& unit : kTimeUnits)
    if (rate.per == Duration(static_cast<int64_t>(unit.factor)))
      return fmt::format("{}/{}", rate.count, unit.name);
  return fmt::format("{}/{}", rate.count, show(rate.per));
}

}  // namespace penstock::declare
