// Which key each match value was last written for. A match value stands for a record at the destination, and
// two keys may come to share one: a customer whose id changed, a row that was entered twice. The snapshot
// knows a key's match value but not whose a match value is; this does. It is one more snapshot, beside the
// sync's (docs/formats.md).
//
// It is a hint, and never wrong about more than who: whoever asks makes sure in the sync's snapshot that the
// key still has that match value.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "snapshot/snapshot.h"

namespace penstock {

// The place of a match value in the hint; letter case makes no difference. Nothing for one without any text.
std::optional<KeyHash> match_hash(std::span<const std::string> match);

// What the hint keeps there.
KeyState owner_state(KeyHash owner);
// By which a probe of the hint knows this owner again: half of its hash.
Fingerprint owner_mark(KeyHash owner);

// The key that the match value was last written for.
Result<std::optional<KeyHash>> owner_of(const Snapshot& owners, std::span<const std::string> match);

// Whether that is another key than this one.
Result<bool> is_passed_on(const Snapshot& owners, KeyHash key, std::span<const std::string> match);

// That key with its details, if the model has it (`seen`), it is another than `key`, and it still has the
// match value.
struct MatchOwner {
  Found found;
  Details details;
};
Result<std::optional<MatchOwner>> other_owner(const Snapshot& owners, const Snapshot& snapshot,
                                              const SeenBits* seen, KeyHash key,
                                              std::span<const std::string> match, bool ignore_case);

// Another key of the model that has the record of this one: the very same, as far as ids tell, and else what
// has its match value. (One that was in doubt may have been written to it, and has another match value now.)
Result<std::optional<MatchOwner>> record_sharer(const Snapshot& owners, const Snapshot& snapshot,
                                                const SeenBits* seen, KeyHash key, const Details& details);

}  // namespace penstock
