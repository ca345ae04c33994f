// A sync made ready: its model opened and mapped, its destination bound, its ways checked.
#pragma once

#include <memory>
#include <optional>

#include "async/loop.h"
#include "deliver/route.h"
#include "login/access.h"
#include "mapping/mapping.h"
#include "net/http.h"
#include "run/workspace.h"
#include "source/source.h"
#include "warehouse_plan/warehouse_plan.h"

namespace penstock {

// Whether secrets must be there: a plan does without, a run does not.
enum class Login { needed, optional };

// What a sync is made ready for: to be written; only to be compared with what the destination holds; or to
// find what others changed of what was written.
enum class Purpose { run, look, drift };

// Of a sync that is planned in the warehouse.
struct WarehouseSide {
  std::unique_ptr<WarehousePlan> plan;
  DrawPlaces own;                    // of the sync
  DrawPlaces places;                 // that are drawn into
  std::vector<std::string> columns;  // of the model
  Draw draw;
  bool has_lock = true;  // of the sync: its own state may be moved on
  Drawn drawn;           // but for what was opened
};

struct PreparedSync {
  Login login = Login::needed;
  const config::Sync* sync = nullptr;
  const config::Model* model = nullptr;
  const config::Destination* destination = nullptr;
  OpenedModel opened;
  MappedModel mapped;
  std::optional<WarehouseSide> warehouse;
  std::unique_ptr<Access> access;
  std::unique_ptr<connector::Target> target;
  std::unique_ptr<Router> router;
  uint64_t cause = 0;  // digest of mapping and connector: when it changes, refused rows are tried again
  std::vector<std::string> notes;  // for people: what had to be assumed
};

// Errors in the user's files go to `diagnostics`, everything else is the Result's.
Task<Result<PreparedSync>> prepare_sync(Loop& loop, HttpClient& client, Workspace& workspace,
                                        const config::Sync& sync, Login login,
                                        declare::Diagnostics& diagnostics, Purpose purpose = Purpose::run);

// How this project's models and sources are opened: all cores, and room to spill.
OpenOptions open_options(const Workspace& workspace);

// Opens the model once more, as it is now: for a second plan.
Result<void> open_again(const Workspace& workspace, PreparedSync& prepared);

// The way into a destination. An error (of kind config): `login` is needed and a setting for it is not there.
Result<std::unique_ptr<Access>> open_access(Loop& loop, HttpClient& client, Workspace& workspace,
                                            const config::Destination& destination,
                                            const connector::TargetSettings& settings, Login login);

// Values of a destination's file, with references resolved.
Result<connector::TargetSettings> resolve_settings(const config::Destination& destination,
                                                   const declare::Resolver& resolver, Login login);
// The same beside the loop: a store of secrets may take its time to answer. All outlive the task.
Task<Result<connector::TargetSettings>> settings_at_hand(Loop& loop, const Workspace& workspace,
                                                         const config::Destination& destination, Login login);

}  // namespace penstock
