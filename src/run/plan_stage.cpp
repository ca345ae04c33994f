#include "run/plan_stage.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "connector/values.h"
#include "plan/whole.h"
#include "run/warehouse_side.h"

namespace penstock {
namespace {

// A value as a message shows it.
std::string shown_value(const MappedColumn& column, std::string_view value) {
  if (column.personal) return std::string(kMask);
  if (value.size() <= 60) return std::string(value);
  size_t end = 57;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  return std::string(value.substr(0, end)) + "...";
}

// Why a value is none: a transform could not convert it.
std::string why_not_converted(const MappedColumn& column, const Values& values, size_t row) {
  if (!column.converted || values.is_null(row)) return "";
  const auto failure = transform::failure_in(values.bytes(row));
  if (!failure) return "";
  return fmt::format("{}: '{}' {}", column.name, shown_value(column, failure->value), failure->reason);
}

OnRemoved on_removed(const config::Sync& sync) {
  const bool mirrors = *sync.mode == config::Mode::mirror || *sync.mode == config::Mode::replace;
  return mirrors ? OnRemoved::remove : sync.on_removed;
}

}  // namespace

// A row of a list of what is to go means another record when its match value changes.
bool plans_keys_only(config::Mode mode) {
  return mode == config::Mode::insert || mode == config::Mode::append;
}

std::string why_invalid(const MappedModel& mapped, const connector::ValueRules& rules,
                        std::span<const Values> match, std::span<const Values> fields, size_t row) {
  // Of several values any tells who is meant.
  const bool none = !match.empty() && std::all_of(match.begin(), match.end(),
                                                  [&](const Values& value) { return value.is_null(row); });
  if (none && match.size() == 1)
    return fmt::format("the match value '{}' is NULL", mapped.mapping.match[0].name);
  if (none) return "all match values are NULL";
  for (size_t i = 0; i < match.size(); ++i)
    if (auto why = why_not_converted(mapped.mapping.match[i], match[i], row); !why.empty()) return why;
  for (size_t i = 0; i < fields.size(); ++i) {
    const MappedField& field = mapped.mapping.fields[i];
    if (auto why = why_not_converted(field, fields[i], row); !why.empty()) return why;
    const std::string why = connector::why_not(fields[i], row, rules);
    if (why.empty()) continue;
    std::string text;
    append_text(text, fields[i], row);
    return fmt::format("{}: '{}' {}", field.name, shown_value(field, text), why);
  }
  return "";
}

std::string dry_plan_file(const Workspace& workspace, const std::string& sync, const std::string& run) {
  return join_path(workspace.paths().temporary(), fmt::format("plan-{}-{}.parquet", sync, run));
}

GuardFacts guard_facts(const PreparedSync& prepared, const Snapshot& snapshot, const RunRequest& request,
                       const Estimate& estimate) {
  return {.known = prepared.warehouse ? prepared.warehouse->drawn.known : snapshot.manifest().counts.current,
          .first_run = snapshot.manifest().generation == 0,
          .asked_for_all = request.kind == RunKind::full,
          .asked_for_key = request.key.has_value(),
          .nothing_is_sent = request.kind == RunKind::baseline,
          .on_removed = on_removed(*prepared.sync),
          .requests = estimate.requests,
          .day = estimate.day,
          .confirmed = request.confirmed};
}

namespace {

Result<void> plan_every_row(const Workspace& workspace, PreparedSync& prepared, const Snapshot& snapshot,
                            PlanOptions& options, Plan& plan) {
  if (!options.probe.everything) {
    if (!differs(plan)) return success();
    auto samples = std::move(plan.samples);  // of what has changed, among all that goes
    plan = {};
    if (auto opened = open_again(workspace, prepared); !opened.ok()) return opened;
    options.probe.everything = true;
    auto every = make_plan(*prepared.opened.connection, prepared.mapped, snapshot, options);
    if (!every.ok()) return every.error();
    plan = *std::move(every);
    plan.samples = std::move(samples);
  }
  return make_whole(*prepared.opened.connection, snapshot, plan);
}

}  // namespace

Result<PlannedStage> plan_stage(const Workspace& workspace, PreparedSync& prepared, const RunRequest& request,
                                const std::string& file) {
  PlannedStage stage;
  const bool replaces = *prepared.sync->mode == config::Mode::replace;
  if (replaces && (request.limit || request.key))
    return Error{ErrorKind::config, "mode replace writes all rows or none, not some of them",
                 "leave out --limit and --key"};
  const StateDirectories state = state_of(workspace, prepared);
  auto snapshot = Snapshot::open(workspace.disk(), state.snapshot, Verify::everything);
  if (!snapshot.ok()) return snapshot.error();
  stage.snapshot.emplace(*std::move(snapshot));
  prepared.mapped.older = evaluable_mappings(*prepared.opened.connection, prepared.opened.shape,
                                             stage.snapshot->manifest().mappings, prepared.mapped.mapping);
  PlanOptions options;
  options.probe.keys_only = plans_keys_only(*prepared.sync->mode);
  options.probe.everything = request.kind == RunKind::full;
  options.probe.retry_waiting = request.kind == RunKind::retry;
  options.probe.cause = prepared.cause;
  options.probe.now = request.as_of.value_or(workspace.clock().now());
  if (request.key) {
    auto key = parse_key(*request.key, prepared.model->primary_key.size());
    if (!key.ok()) return key.error();
    options.probe.only = *key;
  }
  auto owners = Snapshot::open(workspace.disk(), state.owners, Verify::headers);
  if (!owners.ok()) return owners.error();
  options.owners = &*owners;
  options.unique_match = prepared.target->facts().match_kind != connector::MatchKind::search;
  options.follows_records = prepared.router->follows_records();
  options.whole_records = prepared.target->writes_whole();
  options.replaces_records = prepared.router->replaces_records();
  options.on_removed = on_removed(*prepared.sync);
  options.forget_removed = *prepared.sync->mode == config::Mode::remove;
  if (const auto* find = prepared.target->find(); find != nullptr)
    options.match_ignores_case = find->operation->find->ignore_case;
  if (prepared.warehouse) options.elsewhere = prepared.warehouse->drawn.elsewhere;
  options.limit = request.limit;
  options.samples = request.samples;
  options.file = file;
  options.why_invalid = [&mapped = prepared.mapped, &rules = prepared.target->values()](
                            auto match, auto fields, size_t row) {
    return why_invalid(mapped, rules, match, fields, row);
  };
  auto plan = make_plan(*prepared.opened.connection, prepared.mapped, *stage.snapshot, options);
  if (!plan.ok()) return plan.error();
  stage.plan = *std::move(plan);
  // Where all rows go at once a first plan says whether any of them differs, and a second one holds them all.
  if (replaces && request.kind != RunKind::baseline)
    if (auto whole = plan_every_row(workspace, prepared, *stage.snapshot, options, stage.plan); !whole.ok())
      return whole.error();
  return stage;
}

Result<KeyHash> parse_key(const std::string& text, size_t columns) {
  std::vector<std::string> parts;
  if (columns == 1) {
    parts.push_back(text);
  } else if (text.starts_with('[')) {
    simdjson::dom::parser parser;
    simdjson::dom::array array;
    if (parser.parse(text).get_array().get(array) == simdjson::SUCCESS)
      for (const auto item : array) {
        std::string_view string;
        parts.push_back(item.get(string) == simdjson::SUCCESS ? std::string(string) : simdjson::minify(item));
      }
  } else {
    for (size_t start = 0;;) {
      const size_t comma = text.find(',', start);
      parts.push_back(text.substr(start, comma - start));
      if (comma == text.npos) break;
      start = comma + 1;
    }
  }
  if (parts.size() != columns)
    return Error{ErrorKind::config,
                 fmt::format("the key '{}' has {} parts, the model's has {}", text, parts.size(), columns),
                 "separate the parts with commas, or write a JSON list: [\"DE\",42]"};
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return hash_key(views);
}

}  // namespace penstock
