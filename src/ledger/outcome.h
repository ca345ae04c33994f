// What became of the rows and requests of a run, as the journal keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace penstock {

enum class Outcome : uint8_t {
  accepted = 0,
  rejected = 1,  // by the destination, or by the look-up there
  skipped = 2,   // the mode had nothing to do
  in_doubt = 3,  // it may or may not have been written
  failed = 4,    // certainly not written, and not refused either: the next plan sees it again
};
std::string_view name_of(Outcome outcome);

// One row's end. The row is named by its number in the plan file, never by its place in a batch.
struct RowOutcome {
  uint64_t ordinal = 0;
  Outcome outcome = Outcome::accepted;
  std::string operation;  // the connector's word: upsert, create, ...
  uint32_t attempt = 0;   // requests that carried the row
  int status = 0;         // HTTP status of the last reply; 0: none
  std::string code, message;
  std::string record_id;
  uint64_t request = 0;  // number of the last request; 0: none
  Time at{};
  Duration latency{};           // of that request
  bool foreign = false;         // found there, not written by us
  bool effect_unknown = false;  // an earlier attempt may have been written
  bool created = false;         // the record is known to have been made by this
  // Requests that carried the row before, and after which it went again: refused as too fast, not answered,
  // or answered with what another request had to mend. The newest sixteen.
  std::vector<uint64_t> tries{};
};

// One request, for `trace`. Bodies are masked, and kept whole for failures, sampled for the rest.
struct RequestRecord {
  uint64_t number = 0;  // in the run, from 1
  std::string operation, method, url;
  uint64_t rows = 0;
  int status = 0;     // 0: no reply
  std::string error;  // of the transport
  Time at{};
  Duration latency{};
  std::string request_body, reply_body;
  std::string request_headers{},
      reply_headers{};  // those that tell something, as one JSON object; kept as bodies are
};

// Counts that people read: sent = accepted + rejected + skipped + in_doubt.
struct OutcomeCounts {
  uint64_t accepted = 0, rejected = 0, skipped = 0, in_doubt = 0, failed = 0;
  uint64_t sent() const { return accepted + rejected + skipped + in_doubt; }
  void add(Outcome outcome, uint64_t rows = 1);
};

double in_milliseconds(Duration duration);

}  // namespace penstock
