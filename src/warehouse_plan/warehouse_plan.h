// Planning in the warehouse: what a sync accepted last is kept in tables beside the data, the warehouse finds
// the rows that may have changed, and only those leave it. The face of this folder.
//
//     WarehousePlan::draw()   the candidates, and the part of the state that they need -> local files; the
//                             plan is made of those as of any model
//     WarehousePlan::push()   what a run changed in that part -> the tables, in one step
//
// The warehouse decides nothing: it compares hashes of the columns that the mapping uses, and gives every row
// too many rather than one too few. What goes, and why, is the planner's (plan/plan.h), whose files these
// are. See docs/warehouse-planning.md.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "config/project.h"
#include "mapping/mapping.h"
#include "plan/plan.h"
#include "source/source.h"
#include "warehouse_plan/candidates.h"
#include "warehouse_plan/head.h"
#include "warehouse_plan/places.h"
#include "warehouse_plan/tables.h"

namespace penstock {

struct WarehousePlanParts {
  Disk& disk;
  const config::Project& project;
  const config::Sync& sync;
  const declare::Resolver& resolver;
  OpenOptions options;
};

struct Draw {
  bool all = false;                  // every row, whether it changed or not
  bool keys_only = false;            // what was accepted once is never sent again
  bool will_push = false;            // what comes of it
  bool in_order = false;             // candidates come in the order of their keys
  std::optional<KeyHash> only = {};  // the one row that is asked for
};

// What a draw brought.
struct Drawn {
  OpenedModel opened;       // the candidates, in the place of the model
  Elsewhere elsewhere;      // what is known of the rows that stayed
  uint64_t known = 0;       // rows that the destination holds because of us, all of them
  uint64_t generation = 0;  // of the state as a whole
  std::string last_run;     // that it holds
  bool is_loaded = false;   // the state is that of the places; else the sync's own is still what counts
  std::vector<std::string> notes;
};

// Use from one thread at a time, but for interrupt(). Holds a connection for as long as it lives.
class WarehousePlan {
 public:
  // Errors: `config` where the sync cannot be planned there, with the place; `source`.
  static Result<std::unique_ptr<WarehousePlan>> open(WarehousePlanParts parts);

  // `model` is the whole model, opened, and is closed: the warehouse is asked for a part of it. What an
  // earlier draw left in `places` is replaced, and must have been pushed.
  Result<Drawn> draw(const DrawPlaces& places, OpenedModel& model, const MappedModel& mapped,
                     const Draw& draw);
  // Whether a run changed the drawn part, and died before it could say so to the warehouse.
  Result<bool> has_to_push(const DrawPlaces& places) const;
  // Idempotent. `columns`: of the model. The model must not be open. Errors leave everything as it is for the
  // next try.
  Result<void> push(const DrawPlaces& places, const MappedModel& mapped,
                    const std::vector<std::string>& columns, const Draw& draw);
  // Brings all of the state here, for a sync that is planned here from now on. The tables stay, marked as
  // left.
  Result<void> leave(const DrawPlaces& places);
  // Ends what the warehouse does, now and later, from any thread.
  void interrupt();

 private:
  struct Asking;
  struct Pushing;
  WarehousePlan(WarehousePlanParts parts, const config::Model& model, const config::Source& source,
                std::unique_ptr<PlanTables> tables);
  Result<Asking> ask(const MappedModel& mapped, const std::vector<std::string>& columns,
                     duck::Connection& connection);
  Result<std::string> whole_model();
  Result<void> keep(const std::string& sql, const std::string& table, bool append);
  Result<void> keep_lines(const std::string& from, const std::string& table, size_t key_columns,
                          const std::vector<std::string>& keys);
  Result<void> keep_candidates(const Statements& asked, const Question& question);
  Result<CandidateCounts> fetch(const Asking& asking, const std::vector<std::string>& columns,
                                const KeyCounts& known);
  Result<std::vector<KeyHash>> load_state(const DrawPlaces& places, const Asking& asking, const Head& head,
                                          const MappedModel& mapped, const std::vector<std::string>& columns,
                                          const std::optional<KeyHash>& only);
  Result<OpenedModel> open_candidates(const std::vector<std::string>& columns, bool in_order = false) const;
  Result<void> check_key(const Head& head, const Asking& asking) const;
  Result<void> check_not_lost(const DrawPlaces& places, bool has_tables) const;
  Result<void> push_changes(const Pushing& from, const MappedModel& mapped,
                            const std::vector<std::string>& columns, const Draw& draw);
  Result<void> apply(const Changes& changes, const std::vector<std::string>& columns);

  WarehousePlanParts parts_;
  const config::Model& model_;
  const config::Source& source_;
  std::unique_ptr<PlanTables> tables_;
  std::optional<std::string> model_sql_;
  std::string file_;                     // of candidates, that is worked on
  std::mutex mutex_;                     // of what follows
  duck::Connection* reading_ = nullptr;  // from the warehouse, just now
  bool interrupted_ = false;
};

}  // namespace penstock
