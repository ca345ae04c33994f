#include "state/lease_names.h"

#include <fmt/format.h>

namespace penstock::state {

bool is_history_name(std::string_view name) {
  return name.starts_with("operations/") || name.starts_with("requests/") || name.starts_with("before/");
}

std::string lease_of_sync(std::string_view sync) {
  return fmt::format("syncs/{}/lock", sync);
}

std::string lease_of_name(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == name.npos) return "";
  const std::string_view kind = name.substr(0, slash), inner = name.substr(slash + 1);
  const std::string subject(inner.substr(0, inner.find('/')));
  if (kind == "syncs" || is_history_name(name)) return lease_of_sync(subject);
  if (kind == "alerts") return "alerts/lock";
  if (kind == "logins") return fmt::format("logins/{}.lock", subject.substr(0, subject.rfind('.')));
  return "";
}

}  // namespace penstock::state
