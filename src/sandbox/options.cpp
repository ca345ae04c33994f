#include "sandbox/options.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace penstock::sandbox {
namespace {

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr std::array<Unit, 4> kUnits{{{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}}};

// The number at the start of `text`, which is cut off from it.
std::optional<uint32_t> take_number(std::string_view& text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

std::optional<Duration> parse_period(std::string_view text) {
  const bool counted = !text.empty() && text[0] >= '0' && text[0] <= '9';
  const auto count = counted ? take_number(text) : std::optional<uint32_t>(1);
  if (!count || *count == 0) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (unit.name == text) return *count * unit.length;
  }
  return std::nullopt;
}

}  // namespace

Result<RateLimit> parse_rate_limit(std::string_view text) {
  if (text == "none") return RateLimit{};
  std::string_view rest = text;
  const auto requests = take_number(rest);
  const bool slash = !rest.empty() && rest[0] == '/';
  const auto period = slash ? parse_period(rest.substr(1)) : std::nullopt;
  if (requests && *requests > 0 && *requests <= 1'000'000 && period) return RateLimit{*requests, *period};
  return Error{ErrorKind::config, fmt::format("'{}' is not a rate limit", text),
               "Write requests and period, like 190/10s or 5/s, or none."};
}

Result<double> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  const std::string_view digits = text.substr(0, text.size() - percent);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const double share = percent ? number / 100 : number;
  if (error == std::errc() && end == digits.data() + digits.size() && share >= 0 && share <= 1) return share;
  return Error{ErrorKind::config, fmt::format("'{}' is not a share", text), "Write a share like 1% or 0.01."};
}

}  // namespace penstock::sandbox
