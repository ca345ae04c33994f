#include "sandbox/lua/routes.h"

#include <fmt/format.h>

#include "net/http.h"

namespace penstock::sandbox::lua {
namespace {

Error mistake(std::string_view text) {
  return {ErrorKind::config, fmt::format("'{}' is not a route", text),
          "Write a method and a path, with at most one {name} a segment: \"GET /users/{id}\"."};
}

// The next segment, which is cut off together with its slash.
std::string_view take_segment(std::string_view& path) {
  const size_t end = path.find('/');
  const std::string_view segment = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  return segment;
}

}  // namespace

Result<Pattern::Segment> Pattern::parse_segment(std::string_view text) {
  const size_t open = text.find('{');
  const size_t close = text.find('}');
  if (open == std::string_view::npos && close == std::string_view::npos)
    return Segment{.before = std::string(text), .after = {}};
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2)
    return mistake(text);
  Segment segment{.before = std::string(text.substr(0, open)),
                  .after = std::string(text.substr(close + 1)),
                  .captures = true};
  segment.takes_rest = text[close - 1] == '*';
  if (segment.after.find_first_of("{}") != std::string::npos) return mistake(text);
  return segment;
}

Result<Pattern> Pattern::parse(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0 || text.substr(space + 1, 1) != "/") return mistake(text);
  Pattern pattern;
  pattern.method_ = text.substr(0, space);
  pattern.path_ = text.substr(space + 1);
  std::string_view rest = std::string_view(pattern.path_).substr(1);
  do {
    auto segment = parse_segment(take_segment(rest));
    if (!segment.ok()) return mistake(text);
    pattern.segments_.push_back(*std::move(segment));
  } while (!rest.empty());
  return pattern;
}

bool Pattern::matches(std::string_view path, std::vector<std::string>& captures) const {
  captures.clear();
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  bool ended = false;
  for (const Segment& segment : segments_) {
    if (ended) return false;
    if (segment.takes_rest) {
      captures.push_back(percent_decode(path));
      return true;
    }
    ended = path.find('/') == std::string_view::npos;
    std::string_view part = take_segment(path);
    if (!segment.captures) {
      if (part != segment.before && percent_decode(part) != segment.before) return false;
      continue;
    }
    if (part.size() <= segment.before.size() + segment.after.size() || !part.starts_with(segment.before) ||
        !part.ends_with(segment.after))
      return false;
    part.remove_prefix(segment.before.size());
    part.remove_suffix(segment.after.size());
    captures.push_back(percent_decode(part));
  }
  return ended;
}

Match find_route(const std::vector<Pattern>& routes, std::string_view method, std::string_view path) {
  Match match;
  for (size_t route = 0; route < routes.size(); ++route) {
    if (!routes[route].matches(path, match.captures)) continue;
    match.route = route;
    match.kind = routes[route].is_method(method) ? Match::Kind::found : Match::Kind::wrong_method;
    if (match.kind == Match::Kind::found) break;
  }
  return match;
}

}  // namespace penstock::sandbox::lua
