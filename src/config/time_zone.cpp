// Which names are time zones: compiled in, so that a project is checked alike on every machine.
#include <algorithm>

#include "config/cron.h"

namespace penstock::config {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr unsigned char kFile[] = {
#embed "time_zones.txt"
};
#pragma clang diagnostic pop

std::vector<std::string> read_names() {
  std::vector<std::string> names;
  std::string_view rest(reinterpret_cast<const char*>(kFile), sizeof kFile);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (!line.empty() && line[0] != '#') names.emplace_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

}  // namespace

const std::vector<std::string>& time_zone_names() {
  static const std::vector<std::string> names = read_names();
  return names;
}

bool is_time_zone(std::string_view name) {
  const auto& names = time_zone_names();
  return std::binary_search(names.begin(), names.end(), name);
}

}  // namespace penstock::config
