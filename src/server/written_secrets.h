// Secrets that somebody wrote out in a file of the project: pages and the API do not show them, and they stay
// as they are when the rest of the file is edited. Private to server/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declare/diagnostics.h"

namespace penstock::server {

// What stands in the place of one. As a value of YAML it is a text like any other.
inline constexpr std::string_view kHiddenSecret = "(a secret that is not shown)";

class WrittenSecrets {
 public:
  // `found`: what reading the project said, whose warnings of written out secrets tell where they are.
  explicit WrittenSecrets(const declare::Diagnostics& found);

  // Of a file, or of a difference between two: wherever one stands as a value of its own.
  std::string hidden(std::string_view text) const;
  // An edited text with those put back that hidden() took out of `before`, in their order. Errors (config):
  // there are others than there were.
  Result<std::string> put_back(std::string_view edited, std::string_view before) const;

 private:
  struct Found {
    size_t at = 0;
    std::string_view secret{};
  };
  std::vector<Found> find_in(std::string_view text) const;

  std::vector<std::string> secrets_;  // longest first
};

}  // namespace penstock::server
