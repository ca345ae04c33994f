#include "run/warehouse_side.h"

#include <fmt/format.h>

#include "run/plan_stage.h"
#include "run/prepare.h"

namespace penstock {
namespace {

Result<void> check_can_be_drawn(const config::Sync& sync) {
  if (*sync.mode != config::Mode::replace) return success();
  return Error{ErrorKind::config,
               fmt::format("{}: mode replace sends all rows, so there is nothing to find in the warehouse",
                           sync.mode.place.show()),
               "leave out `planner: warehouse`"};
}

// A sync that was planned in the warehouse, and is not any more.
Result<void> come_back(const Workspace& workspace, PreparedSync& prepared) {
  if (!prepared.warehouse->has_lock)
    return Error{ErrorKind::locked,
                 "the state of this sync is to come back from the warehouse, and a run is going on",
                 "try again when it is done"};
  prepared.opened = {};
  if (auto left = prepared.warehouse->plan->leave(prepared.warehouse->own); !left.ok()) return left;
  prepared.warehouse.reset();
  prepared.notes.push_back("the state of this sync came back from the warehouse: `planner: local`");
  return open_again(workspace, prepared);
}

}  // namespace

StateDirectories state_of(const Workspace& workspace, const PreparedSync& prepared) {
  if (prepared.warehouse && prepared.warehouse->drawn.is_loaded) {
    const DrawPlaces& places = prepared.warehouse->places;
    return {places.snapshot(), places.owners(), places.written()};
  }
  const std::string& sync = prepared.sync->name;
  return {workspace.paths().snapshot(sync), workspace.paths().owners(sync), workspace.paths().written(sync)};
}

Result<void> open_warehouse(const Workspace& workspace, PreparedSync& prepared, const RunRequest& request,
                            const std::string& directory) {
  const DrawPlaces own{workspace.paths().sync(prepared.sync->name)};
  if (prepared.sync->planner == config::Planner::local) {
    auto mark = read_mark(workspace.disk(), own.mark());
    if (!mark.ok() || !*mark) return mark.ok() ? success() : Result<void>(mark.error());
  } else if (auto can = check_can_be_drawn(*prepared.sync); !can.ok()) {
    return can;
  }
  auto plan = WarehousePlan::open(
      {workspace.disk(), workspace.project(), *prepared.sync, workspace.resolver(), open_options(workspace)});
  if (!plan.ok()) return plan.error();
  WarehouseSide& side = prepared.warehouse.emplace();
  side.plan = *std::move(plan);
  side.own = own;
  side.places = {directory};
  side.draw.all = request.kind == RunKind::full;
  side.draw.keys_only = plans_keys_only(*prepared.sync->mode);
  side.draw.will_push = directory == own.directory;
  side.draw.in_order = request.limit.has_value();
  if (request.key) {
    auto key = parse_key(*request.key, prepared.model->primary_key.size());
    if (!key.ok()) return key.error();
    side.draw.only = *key;
  }
  for (const auto& column : prepared.opened.columns) side.columns.push_back(column.name);
  return success();
}

Result<void> draw_stage(const Workspace& workspace, PreparedSync& prepared) {
  if (!prepared.warehouse) return success();
  WarehouseSide& side = *prepared.warehouse;
  auto waits = side.plan->has_to_push(side.own);
  if (!waits.ok()) return waits.error();
  if (*waits && side.has_lock) {
    prepared.opened = {};
    if (auto pushed = side.plan->push(side.own, prepared.mapped, side.columns, side.draw); !pushed.ok())
      return pushed;
    if (auto again = open_again(workspace, prepared); !again.ok()) return again;
  }
  if (prepared.sync->planner == config::Planner::local) return come_back(workspace, prepared);
  auto drawn = side.plan->draw(side.places, prepared.opened, prepared.mapped, side.draw);
  if (!drawn.ok()) return drawn.error();
  prepared.opened = std::move(drawn->opened);
  prepared.mapped.relation = prepared.opened.relation;
  prepared.notes.insert(prepared.notes.end(), drawn->notes.begin(), drawn->notes.end());
  side.drawn = *std::move(drawn);
  return success();
}

Result<void> push_stage(PreparedSync& prepared) {
  if (!prepared.warehouse) return success();
  WarehouseSide& side = *prepared.warehouse;
  prepared.opened = {};
  auto pushed = side.plan->push(side.places, prepared.mapped, side.columns, side.draw);
  if (pushed.ok()) return success();
  return std::move(pushed).error().in(
      "what this run did is recorded here, and goes to the warehouse with the next run; it could not yet");
}

Result<KeyCounts> state_counts(const Workspace& workspace, const std::string& sync) {
  const DrawPlaces own{workspace.paths().sync(sync)};
  auto manifest = read_manifest(workspace.disk(), own.snapshot());
  if (!manifest.ok()) return manifest.error();
  auto mark = read_mark(workspace.disk(), own.mark());
  if (!mark.ok()) return mark.error();
  if (*mark && (*mark)->drawing && !(*mark)->all) return (*mark)->head_counts;
  return *mark && !(*mark)->drawing ? added_up((*mark)->head_counts, (*mark)->loaded_counts, manifest->counts)
                                    : manifest->counts;
}

Result<void> needs_local_state(const config::Sync& sync, std::string_view what) {
  if (sync.planner == config::Planner::local) return success();
  return Error{
      ErrorKind::config,
      fmt::format("{} needs the state of '{}' here, which is kept in the warehouse", what, sync.name),
      "set `planner: local`, and run the sync once: its state comes back without anything being sent"};
}

}  // namespace penstock
