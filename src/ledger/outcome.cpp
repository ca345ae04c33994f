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

void OutcomeCounts::add(Outcome outcome, uint64_t rows) {
  switch (outcome) {
    case Outcome::accepted:
      accepted += rows;
      return;
    case Outcome::rejected:
      rejected += rows;
      return;
    case Outcome::skipped:
      skipped += rows;
      return;
    case Outcome::in_doubt:
      in_doubt += rows;
      return;
    case Outcome::failed:
      failed += rows;
      return;
  }
}

double in_milliseconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

}  // namespace penstock
