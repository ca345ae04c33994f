#include "ledger/outcome.h"

namespace penstock {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
      return "accepted";
    case Outcome::rejected:
      return "rejected";
    case Outcome::skipped:
      return "skipped";
    case Outcome::in_doubt:
      return "in_doubt";
    case Outcome::failed:
      return "failed";
  }
  die("an Outcome without a name");
}

void OutcomeCounts::add(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
      ++accepted;
      return;
    case Outcome::rejected:
      ++rejected;
      return;
    case Outcome::skipped:
      ++skipped;
      return;
    case Outcome::in_doubt:
      ++in_doubt;
      return;
    case Outcome::failed:
      ++failed;
      return;
  }
}

}  // namespace penstock
