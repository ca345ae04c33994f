#include "plan/whole.h"

namespace penstock {

bool differs(const Plan& plan) {
  return plan.counts.to_send > 0 || plan.migration != nullptr;
}

Result<void> make_whole(duck::Connection& connection, const Snapshot& snapshot, Plan& plan) {
  plan.counts.unchanged += plan.counts.forced;
  plan.counts.changed -= plan.counts.forced;
  plan.counts.forced = 0;
  if (plan.counts.invalid == 0) return success();
  const auto keys = connection.texts(
      "SELECT key_hi, key_lo FROM penstock_repeated UNION SELECT d.key_hi, d.key_lo FROM penstock_refused "
      "refused JOIN penstock_stage stage ON refused.row = stage.rowid");
  if (!keys.ok()) return keys.error();
  for (const auto& row : *keys) {
    const KeyHash key{std::stoull(*row[0]), std::stoull(*row[1])};
    const auto found = snapshot.find(key);
    if (!found.ok()) return found.error();
    if (*found && (*found)->accepted) plan.silent.forget.push_back(key);
  }
  return success();
}

}  // namespace penstock
