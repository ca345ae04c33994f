#include "store/files/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::files {
namespace {

Error bad_name(std::string message) {
  return {ErrorKind::config, std::move(message),
          "a name is made of letters, digits, dashes and slashes, with {object}, {run}, {date}, {time} and "
          "{mark}"};
}

std::string digits_of_time(Time now) {
  std::string time = iso8601(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return time;
}

std::string random_mark(Random& random) {
  std::string mark;
  for (int i = 0; i < 8; ++i) mark += "0123456789abcdef"[random.below(16)];
  return mark;
}

// A name that leads out of its directory, or is hidden in it, is a slip at best.
bool is_good(std::string_view name) {
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('/'));
    const bool odd =
        std::any_of(part.begin(), part.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (part.empty() || part.starts_with('.') || odd) return false;
    if (part.size() == name.size()) return true;
    name.remove_prefix(part.size() + 1);
  }
  return false;
}

}  // namespace

Result<std::string> file_name(const std::string& name, bool each, const NameFacts& facts, Random& random) {
  if (!is_good(facts.object) || facts.object.find('/') != facts.object.npos)
    return Error{ErrorKind::config, fmt::format("'{}' cannot begin a file's name", facts.object),
                 "use letters, digits and dashes"};
  if (each && name.find("{mark}") == name.npos)
    return bad_name(
        fmt::format("the name '{}' has no {{mark}}: files of one run would overwrite one another", name));
  std::string out;
  for (size_t at = 0; at < name.size();) {
    if (name[at] != '{') {
      out += name[at++];
      continue;
    }
    const size_t end = name.find('}', at);
    const std::string word = name.substr(at + 1, end == name.npos ? end : end - at - 1);
    if (word == "object")
      out += facts.object;
    else if (word == "run")
      out += facts.run;
    else if (word == "date")
      out += iso8601(facts.now).substr(0, 10);
    else if (word == "time")
      out += digits_of_time(facts.now);
    else if (word == "mark")
      out += random_mark(random);
    else
      return bad_name(fmt::format("the name '{}' holds '{{{}}}', which stands for nothing", name, word));
    at = end + 1;
  }
  if (!is_good(out)) return bad_name(fmt::format("'{}' is no name for a file", out));
  return out + facts.extension;
}

}  // namespace penstock::files
