// What the snapshot remembers of one key of a sync.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/key.h"
#include "base/time.h"

namespace penstock {

// Why a key is not sent again before `next_try`, unless its row, the mapping or the connector changes.
struct Waiting {
  enum class Kind : uint8_t {
    row_rejected,      // the destination refused the row's payload
    removal_rejected,  // the destination refused to remove the record
    nothing_to_do,     // the mode had nothing to do for it (insert: it exists; update: it does not)
    in_doubt,          // sent, and the reply never came
    held,              // a run that wrote it was undone: until the row changes, or a person releases it
  };
  Fingerprint fingerprint = kUnknownPayload;  // of the payload that was refused
  Kind kind = Kind::row_rejected;
  uint32_t attempts = 0;
  Time since{};  // whole microseconds since 1970, as every Time
  Time next_try{};
  // Digest of mapping and connector at the refusal: another digest ends the wait. Of `held`: digest of the
  // undo's id, 0 for several.
  uint64_t cause = 0;
  std::string code{};  // as the destination gave them
  std::string message{};
  bool operator==(const Waiting&) const = default;
};

constexpr const char* name_of(Waiting::Kind kind) {
  switch (kind) {
    case Waiting::Kind::in_doubt:
      return "in_doubt";
    case Waiting::Kind::held:
      return "held";
    case Waiting::Kind::nothing_to_do:
      return "nothing_to_do";
    case Waiting::Kind::removal_rejected:
      return "removal_rejected";
    case Waiting::Kind::row_rejected:
      break;
  }
  return "rejected";
}

// Texts of a key: on disk only, read one key at a time.
struct Details {
  std::string key{};                 // as it is shown to people (show_key)
  std::string record_id{};           // the record at the destination, when known
  std::vector<std::string> match{};  // the match values it was last written with
  std::optional<Waiting> waiting{};
  bool operator==(const Details&) const = default;
};

// Everything about one key. A key without a state is absent: never sent, or removed for good.
struct KeyState {
  // The payload the destination last accepted; kUnknownPayload: there may be a record, its contents are
  // not known, so that every payload differs from it; nothing: never accepted (the key only waits).
  std::optional<Fingerprint> accepted{};
  bool gone = false;     // left the model under `on_removed: ignore`; what was accepted still stands there
  bool foreign = false;  // found at the destination, not written by us: never delete it
  std::optional<Details> details{};

  bool waiting() const { return details && details->waiting; }
  bool operator==(const KeyState&) const = default;
};

}  // namespace penstock
