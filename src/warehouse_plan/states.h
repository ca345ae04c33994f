// States of keys as lines of a table, and back.
#pragma once

#include <string>

#include "duck/duck.h"
#include "snapshot/snapshot.h"

namespace penstock {

// "0123456789abcdef0123456789abcdef"
std::string key_digits(KeyHash key);
KeyHash parse_key_digits(std::string_view digits);

// Puts every line of `sql` (key, then kStateColumns, all VARCHAR) into the change set.
Result<void> put_states(duck::Connection& connection, const std::string& sql, ChangeSet& changes);

// CREATE TABLE `table`(key VARCHAR, accepted BIGINT, gone BOOLEAN, ...) of all that the snapshot holds.
Result<void> list_states(duck::Connection& connection, const std::string& table, const Snapshot& snapshot);

}  // namespace penstock
