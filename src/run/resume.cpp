#include "run/resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "run/prepare.h"
#include "run/row_source.h"

namespace penstock {
namespace {

// The rows of a plan file as it lies there: the sync may map other fields by now.
struct OldPlan {
  duck::Database database;
  duck::Connection connection;
  MappedModel model;
};

MappedField field_of(const config::Sync& sync, const RunFacts& run, std::string name, ValueType type) {
  MappedField field;
  field.personal = std::find(run.personal.begin(), run.personal.end(), name) != run.personal.end();
  for (const auto& rule : sync.fields) {
    if (rule.name != name) continue;
    field.write = rule.value.write;
    field.omit_null = rule.value.null == config::NullValue::omit;
  }
  field.name = std::move(name);
  field.type = type;
  return field;
}

Result<OldPlan> open_plan(const Workspace& workspace, const config::Sync& sync, const RunFacts& run) {
  auto database = duck::Database::borrow(
      {.path = "", .memory_limit = "1GB", .temporary_directory = workspace.paths().temporary()});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  if (auto defined = define_payload_functions(*connection); !defined.ok()) return defined.error();
  auto columns = connection->describe(
      fmt::format("SELECT * FROM read_parquet({})", duck::quote_text(workspace.paths().plan(sync.name))));
  if (!columns.ok()) return columns.error();
  MappedModel model;
  for (const auto& column : *columns) {
    const ValueType type = payload_type_of(column.type);
    if (column.name.starts_with("match.")) {
      MappedColumn match;
      match.name = column.name.substr(6);
      match.type = type;
      match.personal = true;  // whether it was is not known any more
      model.mapping.match.push_back(std::move(match));
    } else if (column.name.starts_with("fields.")) {
      model.mapping.fields.push_back(field_of(sync, run, column.name.substr(7), type));
    }
  }
  return OldPlan{*std::move(database), *std::move(connection), std::move(model)};
}

Result<connector::Target> bind_target(connector::ConnectorRef connector, connector::TargetSettings settings,
                                      const Mapping& mapping, const JobRecord& job) {
  connector::TargetFacts facts;
  facts.object = job.object;
  facts.match_kind = static_cast<connector::MatchKind>(job.match_kind);
  for (const auto& match : mapping.match) {
    facts.match_fields.push_back(match.name);
    facts.match_types.push_back(match.type);
  }
  facts.match_is_personal = !mapping.match.empty();
  for (size_t i = 0; i < std::min(mapping.fields.size(), connector::kFieldsMax); ++i) {
    facts.fields.push_back(mapping.fields[i].name);
    facts.field_types.push_back(mapping.fields[i].type);
    if (mapping.fields[i].personal) facts.personal.set(i);
  }
  return connector::Target::bind(std::move(connector), std::move(settings), std::move(facts));
}

RouteRules rules_of(const config::Sync& sync, const Mapping& mapping) {
  RouteRules rules;
  rules.mode = *sync.mode;
  rules.follow = sync.match_change == config::MatchChange::follow;
  rules.on_removed = sync.on_removed;
  for (const auto& field : mapping.fields) {
    rules.write.push_back(field.write);
    rules.omit_null.push_back(field.omit_null);
  }
  return rules;
}

// Finds the rows of the jobs in the plan.
Task<Result<std::vector<LeftJob>>> find_rows(Loop& loop, OldPlan& plan, const std::string& file,
                                             const Router& router, LeftJobs left) {
  std::vector<LeftJob> jobs;
  std::unordered_map<uint64_t, std::vector<std::pair<size_t, size_t>>> places;
  for (auto& job : left.jobs) {
    for (size_t i = 0; i < job.job.rows.size(); ++i) places[job.job.rows[i]].emplace_back(jobs.size(), i);
    const size_t rows = job.job.rows.size();
    jobs.push_back({std::move(job), std::vector<Row>(rows)});
  }
  auto reader = PlanReader::open(plan.connection, file, plan.model);
  if (!reader.ok()) co_return reader.error();
  PlanRows rows(loop, *std::move(reader));
  for (;;) {
    auto chunk = co_await rows.next();
    if (!chunk.ok()) co_return chunk.error();
    if (*chunk == nullptr) break;
    for (size_t index = 0; index < (*chunk)->rows(); ++index) {
      const auto found = places.find((*chunk)->ordinal(index));
      if (found == places.end()) continue;
      for (const auto& [job, place] : found->second) {
        Row& row = jobs[job].rows[place];
        row.chunk = *chunk;
        row.index = static_cast<uint32_t>(index);
        (void)router.start(row);  // what it knows of itself; its way is known
        if (jobs[job].journal.job.step != static_cast<uint64_t>(Step::remove)) {
          row.old_match.clear();
          row.replaces = false;
        }
        const auto& ids = jobs[job].journal.job.record_ids;
        if (!ids.empty()) row.record_id = ids[place];
        row.was_found = !ids.empty();
      }
    }
  }
  for (const auto& job : jobs)
    for (const Row& row : job.rows)
      if (row.chunk == nullptr)
        co_return Error{ErrorKind::disk,
                        "the plan file does not have the rows of a job that the journal names", ""};
  co_return jobs;
}

}  // namespace

std::string name_of(const UnfinishedJob& job, const RunFacts& facts) {
  return fmt::format("job {} of run {}, begun {}", job.job.id, facts.run, iso8601(job.job.created));
}

Task<Result<void>> resume_jobs(ResumeParts parts, const config::Sync& sync, LeftJobs left) {
  const config::Destination& destination = *parts.workspace.project().destination(*sync.destination);
  const connector::ConnectorRef connector = parts.workspace.catalog().find(*destination.type);
  auto settings = co_await settings_at_hand(parts.loop, parts.workspace, destination, Login::needed);
  if (!settings.ok()) co_return settings.error();
  auto access = open_access(parts.loop, parts.client, parts.workspace, destination, *settings, Login::needed);
  if (!access.ok()) co_return access.error();
  auto plan = co_await parts.loop.offload([&] { return open_plan(parts.workspace, sync, left.facts); });
  if (!plan.ok()) co_return plan.error();
  auto target = bind_target(connector, *std::move(settings), plan->model.mapping, left.jobs[0].job);
  if (!target.ok()) co_return target.error();
  auto router = Router::make(*target, rules_of(sync, plan->model.mapping));
  if (!router.ok()) co_return router.error();
  LeftJobs numbered;
  numbered.jobs_begun = left.jobs_begun;
  numbered.requests = left.requests;
  auto jobs = co_await find_rows(parts.loop, *plan, parts.workspace.paths().plan(sync.name), *router,
                                 std::move(left));
  if (!jobs.ok()) co_return jobs.error();
  auto journal =
      Journal::reopen(parts.loop, parts.workspace.disk(), parts.workspace.paths().journal(sync.name));
  if (!journal.ok()) co_return journal.error();
  const auto limits = limits_of(parts.loop, parts.accounts, *target, destination.rate_share.fraction);
  Delivery delivery(
      {parts.loop, parts.client, **access, *target, *router, *limits, **journal, parts.random, {}});
  parts.watch(&delivery);
  auto resumed = co_await delivery.resume(*std::move(jobs), numbered);
  parts.watch(nullptr);
  if (!resumed.ok()) co_return resumed.error();
  if (delivery.jobs_left() > 0)
    co_return Error{ErrorKind::interrupted, "interrupted",
                    "the jobs work on: the next run asks for them again"};
  co_return success();
}

}  // namespace penstock
