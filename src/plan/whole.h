// Plans of syncs that write an object as a whole: all rows or none.
#pragma once

#include "plan/plan.h"

namespace penstock {

// Whether the destination is to be written: some row is to be sent, or what was accepted has other fields
// now.
bool differs(const Plan& plan);

// After a plan that was asked for every row: rows that are as they were accepted count as unchanged, although
// they go as well; and what is known of keys whose rows are invalid now is forgotten with the commit, since
// the whole comes without them. `connection` is the one that the plan was made with.
Result<void> make_whole(duck::Connection& connection, const Snapshot& snapshot, Plan& plan);

}  // namespace penstock
