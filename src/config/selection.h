// Which syncs are meant, and in which order: one answer for the command line, the service and agents.
//
//   customers_to_crm          the sync of that name
//   crm_*, orders_?           names that fit a pattern: * any letters, ? one, [ab] one of these
//   tag:finance               by a tag;  destination:, source:, model: and owner: by these
//   tag:a,crm_*               all parts of one word must hold (intersection)
//   tag:a  tag:b              any of several words is enough (union)
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/project.h"

namespace penstock::config {

// What a selection does with syncs that are paused. One that is called by its very name is always meant.
enum class Paused { left_out, included };

// All syncs in an order in which they may run: each after those that it follows, else by name.
std::vector<const Sync*> in_order(const Project& project);

// The syncs that the words select, in that order; without words all of them. Values of selectors may be
// patterns, too. `owner:` is the sync's owner, or its model's when it names none. Never empty; the pointers
// are into `project`. Errors of kind config, with the nearest valid name: a word that is not understood, a
// part that fits nothing, parts that do not fit anything together, a project without syncs, only syncs that
// are paused.
Result<std::vector<const Sync*>> select_syncs(const Project& project, const std::vector<std::string>& words,
                                              Paused paused = Paused::left_out);

// "tag:", "destination:", ...: for completions and pages.
std::vector<std::string> selector_names();

}  // namespace penstock::config
