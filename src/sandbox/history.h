// Every write that took effect, in order: GET /_sandbox/history/OBJECT. Proves what was sent, and when.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace penstock::sandbox {

// One write to one record.
struct Write {
  std::string_view operation;   // "create", "update", "archive", ...
  std::string_view id;          // the record's
  std::string_view match;       // the value it was found by, as sent; may be empty
  std::string_view properties;  // JSON, as sent; empty: none
};

// Keeps the last million writes of each object, or nothing at all unless it was asked for. Not thread-safe.
class History {
 public:
  explicit History(bool kept) : kept_(kept) {}
  // Callers need not put together a Write that nobody keeps.
  bool kept() const { return kept_; }
  void add(std::string_view object, const Write& write, Time now);
  // JSON lines; nothing for an object without writes.
  void append_lines(std::string_view object, std::string& out) const;

 private:
  bool kept_;
  uint64_t sequence_ = 0;  // over all objects
  std::map<std::string, std::deque<std::string>, std::less<>> lines_;
};

}  // namespace penstock::sandbox
