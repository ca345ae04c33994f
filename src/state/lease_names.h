// Which lease guards which name, on every kind of shared place.
#pragma once

#include <string>
#include <string_view>

namespace penstock::state {

// Written once, under a name that no other content gets: what past runs left.
bool is_history_name(std::string_view name);
// Everything of a sync is under the lease of the sync, a login's file under that of the login, what is open
// of alerts under one for all of them; empty: none.
std::string lease_of_name(std::string_view name);
std::string lease_of_sync(std::string_view sync);

}  // namespace penstock::state
