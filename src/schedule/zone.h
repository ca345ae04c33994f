// A time zone: what its clocks show at an instant, and when they are put forward or back. ICU underneath.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace penstock::schedule {

// Immutable, so safe to share between threads.
class Zone {
 public:
  // An IANA name, "Europe/Berlin", or "UTC". Errors: config for a name that ICU does not know.
  static Result<Zone> open(const std::string& name);

  // What is added to UTC at this instant.
  std::chrono::minutes offset(Time at) const;
  // The first instant after `at` from which on the offset is another one; nullopt: it stays as it is.
  std::optional<Time> next_change(Time at) const;

 private:
  class Rules;
  explicit Zone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  // Shared: a zone is a value, and the rules of one never change.
  std::shared_ptr<const Rules> rules_;
};

}  // namespace penstock::schedule
