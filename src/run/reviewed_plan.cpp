#include "run/reviewed_plan.h"

#include <fmt/format.h>

#include "run/approvals.h"
#include "run/configuration.h"

namespace penstock {
namespace {

constexpr RunKind kKindsOfPlans[] = {RunKind::usual, RunKind::full, RunKind::retry};

std::optional<RunKind> kind_named(std::string_view name) {
  for (const RunKind kind : kKindsOfPlans)
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

GuardStop moved(const PlanFile& file, const std::string& what) {
  return {std::string(kPlanMoved), what,
          fmt::format("plan again: `penstock plan {} --out {}`, and look at what it says now",
                      file.facts.sync, file.path)};
}

std::string shown_part(const PlanDifference::Part& part, std::string_view one, std::string_view several) {
  if (part.rows == 0) return "";
  constexpr uint64_t kKeysShown = 5;
  return fmt::format("{} {} (key{} {}{})", part.rows, part.rows == 1 ? one : several,
                     part.rows == 1 ? "" : "s", part.keys, part.rows > kKeysShown ? ", ..." : "");
}

std::string shown_difference(const PlanDifference& difference) {
  std::string out;
  for (const auto& part :
       {shown_part(difference.changed, "row of the plan has changed since",
                   "rows of the plan have changed since"),
        shown_part(difference.added, "row is new", "rows are new"),
        shown_part(difference.gone, "row is not to be sent any more", "rows are not to be sent any more")})
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  return out;
}

// How far the state of a sync has got.
struct StateMoment {
  uint64_t generation = 0;
  std::string last_run;
};
StateMoment state_moment(const PreparedSync& prepared, const Manifest& manifest) {
  if (prepared.warehouse && prepared.warehouse->drawn.is_loaded)
    return {prepared.warehouse->drawn.generation, prepared.warehouse->drawn.last_run};
  return {manifest.generation, manifest.last_run};
}

// A plan with a limit sends the rows that the file names, not as many others.
Result<void> narrow(const Workspace& workspace, PreparedSync& prepared, Plan& plan, const PlanFile& file) {
  const std::string kept = plan.file + ".kept";
  auto rows = keep_common_rows(*prepared.opened.connection, file.path, plan.file, kept);
  if (!rows.ok()) return rows.error();
  plan.counts.to_send = *rows;
  return workspace.disk().rename(kept, plan.file);
}

}  // namespace

Result<PlanFile> open_plan_file(const Workspace& workspace, const std::string& path) {
  auto file = read_plan_file(workspace.disk(), path);
  if (!file.ok()) return file;
  const config::Project& project = workspace.project();
  const auto wrong = [&](const std::string& what, const std::string& remedy) {
    return Error{ErrorKind::config, fmt::format("{} {}", path, what), remedy};
  };
  if (file->facts.project != project.name)
    return wrong(fmt::format("is a plan of the project '{}', not of '{}'", file->facts.project, project.name),
                 "name the project's directory with -C");
  if (project.sync(file->facts.sync) == nullptr)
    return wrong(
        fmt::format("is a plan of the sync '{}', which this project does not have", file->facts.sync),
        "plan again");
  if (!kind_named(file->facts.kind))
    return wrong(fmt::format("is a plan of an unknown kind, '{}'", file->facts.kind), "plan again");
  return file;
}

RunRequest request_for(PlanFile file) {
  RunRequest request;
  request.kind = *kind_named(file.facts.kind);
  request.key = file.facts.key;
  request.as_of = file.facts.planned_at;
  request.reviewed = std::make_shared<const PlanFile>(std::move(file));
  return request;
}

Result<PlanFile> keep_plan(const Workspace& workspace, PreparedSync& prepared, const PlannedStage& stage,
                           const Estimate& estimate, const RunRequest& request) {
  PlanFileFacts facts;
  facts.project = workspace.project().name;
  facts.sync = prepared.sync->name;
  facts.version = request.version;
  facts.planned_at = *request.as_of;
  facts.kind = name_of(request.kind);
  facts.limit = request.limit;
  facts.key = request.key;
  facts.configuration = configuration_digest(prepared);
  const StateMoment moment = state_moment(prepared, stage.snapshot->manifest());
  facts.generation = moment.generation;
  facts.last_run = moment.last_run;
  for (const auto& field : prepared.mapped.mapping.fields)
    if (field.personal) facts.personal.push_back(field.name);
  facts.counts = stage.plan.counts;
  facts.requests = estimate.requests;
  facts.seconds = estimate.seconds;
  return write_plan_file(workspace.disk(), *prepared.opened.connection, stage.plan, std::move(facts),
                         request.out);
}

Result<PlannedSync> plan_of_file(const Workspace& workspace, const PlanFile& file, const PlannedSync& now,
                                 uint64_t samples) {
  PlannedSync planned;
  planned.sync = file.facts.sync;
  planned.plan.counts = file.facts.counts;
  planned.estimate.requests = file.facts.requests;
  planned.estimate.seconds = file.facts.seconds;
  planned.guard = now.guard;
  planned.notes = now.notes;
  planned.moved = now.moved;
  planned.read = file;
  auto rows = plan_file_samples(file, samples);
  if (!rows.ok()) return rows.error();
  planned.plan.samples = *std::move(rows);
  auto names = approvers(workspace, file.digest);
  if (!names.ok()) return names.error();
  planned.approved_by = *std::move(names);
  return planned;
}

Result<std::optional<GuardStop>> moved_before_planning(const Workspace& workspace,
                                                       const PreparedSync& prepared, const PlanFile& file) {
  using Moved = std::optional<GuardStop>;
  if (!file.intact) return Moved(moved(file, fmt::format("{} was changed after it was written", file.path)));
  const std::string parts = changed_parts(file.facts.configuration, configuration_digest(prepared));
  if (!parts.empty()) return Moved(moved(file, fmt::format("since the plan was made, {} changed", parts)));
  auto manifest = read_manifest(workspace.disk(), workspace.paths().snapshot(file.facts.sync));
  if (!manifest.ok()) return manifest.error();
  const StateMoment now = state_moment(prepared, *manifest);
  if (now.generation == file.facts.generation && now.last_run == file.facts.last_run) return Moved();
  if (now.last_run.empty())
    return Moved(moved(file,
                       "what the destination last accepted is not known any more: the plan was compared with "
                       "another state of the sync"));
  return Moved(moved(
      file,
      fmt::format("run {} has moved on since the plan was made: the plan was compared with {}", now.last_run,
                  file.facts.last_run.empty() ? "the state before the first run"
                                              : "the state after run " + file.facts.last_run)));
}

Result<std::optional<GuardStop>> moved_rows(const Workspace& workspace, PreparedSync& prepared,
                                            PlannedStage& stage, const PlanFile& file) {
  auto difference = compare_plans(*prepared.opened.connection, file.path, stage.plan.file,
                                  file.facts.limit ? Holds::part : Holds::all);
  if (!difference.ok()) return difference.error();
  if (!difference->none()) return std::optional(moved(file, shown_difference(*difference)));
  if (file.facts.limit)
    if (auto narrowed = narrow(workspace, prepared, stage.plan, file); !narrowed.ok())
      return narrowed.error();
  return std::optional<GuardStop>();
}

}  // namespace penstock
