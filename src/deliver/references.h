// The records that rows name by values of their own: which are known, and which must be looked up first.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "connector/connector.h"
#include "deliver/row.h"

namespace penstock {

// The value of the row that a look-up is made for, as its reply is compared with it.
std::string looked_for(const Row& row, const connector::BoundOperation& look_up,
                       const connector::ValueRules& rules);

// Many rows name the same record: what was found once in a run is not looked up again.
class References {
 public:
  explicit References(const connector::Target& target)
      : target_(&target), known_(target.references().size()) {}
  // Gives the row the references that this step's operation speaks of, as far as they are known. The look-up
  // that it needs next; nullopt: it has them all.
  std::optional<Step> complete(Row& row, Step step, const connector::BoundOperation& operation) const;
  // The row's record of this reference was found.
  void learn(size_t reference, const Row& row, const std::string& record_id);

 private:
  // Beyond these what is found is forgotten, so that memory is bounded.
  static constexpr size_t kKnownMax = 100'000;
  const connector::Target* target_;
  std::vector<std::unordered_map<std::string, std::string>> known_;  // of each reference: ids by value
};

}  // namespace penstock
