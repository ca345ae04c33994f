#include "state/place.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace penstock::state {
namespace {

Error wrong_word(std::string_view what, std::string_view expected) {
  return {ErrorKind::config, fmt::format("state: {} is not {}", what, expected),
          "docs/shared-state.md lists what may stand behind the '?'"};
}

// "30s", "2m"
Result<Duration> parse_lease(std::string_view text) {
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (code != std::errc() || (unit != "s" && unit != "m"))
    return wrong_word(fmt::format("lease={}", text), "a duration such as 30s or 2m");
  const Duration lease = unit == "s" ? Duration(std::chrono::seconds(number)) : std::chrono::minutes(number);
  if (lease < 3s || lease > 1h) return wrong_word(fmt::format("lease={}", text), "between 3s and 60m");
  return lease;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

// Takes our own words out of the address: the server's client does not know them.
Result<void> take_words(Place& place) {
  const size_t mark = place.where.find('?');
  if (mark == std::string::npos) return success();
  std::string rest;
  for (std::string_view words = std::string_view(place.where).substr(mark + 1); !words.empty();) {
    const size_t end = std::min(words.find('&'), words.size());
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    if (place.kind == PlaceKind::postgres && word.starts_with("schema=")) {
      place.schema = word.substr(7);
      if (!is_name(place.schema)) return wrong_word(word, "a name of letters, digits and _");
    } else if (word.starts_with("lease=")) {
      auto lease = parse_lease(word.substr(6));
      if (!lease.ok()) return lease.error();
      place.lease = *lease;
    } else if (place.kind == PlaceKind::s3 && word.starts_with("endpoint=")) {
      place.endpoint = word.substr(9);
    } else if (place.kind == PlaceKind::s3 && word.starts_with("region=")) {
      place.region = word.substr(7);
    } else if (place.kind == PlaceKind::s3) {
      return wrong_word(word, "endpoint=, region= or lease=");
    } else {
      rest += (rest.empty() ? "?" : "&") + std::string(word);
    }
  }
  place.where = place.where.substr(0, mark) + rest;
  return success();
}

// "postgres://user:secret@host/db?password=secret" -> "postgres://user@host/db"
std::string without_password(std::string_view url) {
  std::string shown(url.substr(0, url.find('?')));
  const size_t begin = shown.find("://") + 3;
  const size_t at = shown.rfind('@', shown.find('/', begin));
  const size_t colon = shown.find(':', begin);
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  return shown;
}

// Names that need no escaping anywhere.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-._/").find(c) != std::string_view::npos;
  });
}

Result<Place> parse_bucket(Place place) {
  place.kind = PlaceKind::s3;
  if (auto taken = take_words(place); !taken.ok()) return taken.error();
  place.shown = place.where;
  const std::string_view rest = std::string_view(place.where).substr(5);
  if (rest.empty() || rest.starts_with('/') || !is_plain(rest))
    return wrong_word(place.where, "s3://bucket/prefix, of letters, digits and -._/");
  return place;
}

}  // namespace

Result<Place> parse_place(std::string_view text) {
  Place place{.kind = PlaceKind::directory, .where = std::string(text), .shown = std::string(text)};
  if (text.find("://") == text.npos) return place;
  if (text.starts_with("s3://")) return parse_bucket(std::move(place));
  if (!text.starts_with("postgres://") && !text.starts_with("postgresql://"))
    return Error{
        ErrorKind::config,
        fmt::format("state: '{}' is not a place that is known", text.substr(0, text.find("://") + 3)),
        "give a directory, postgres://user@host/database, or s3://bucket/prefix"};
  place.kind = PlaceKind::postgres;
  if (auto taken = take_words(place); !taken.ok()) return taken.error();
  place.shown = without_password(place.where);
  return place;
}

}  // namespace penstock::state
