// From checked rows to records.
#include <fmt/format.h>

#include <algorithm>

#include "sandbox/hubspot/batch.h"

namespace penstock::sandbox::hubspot {
namespace {

// A value that only one row of a request may have.
struct Claim {
  size_t group;  // what kind of value: 0 trace ids, 1 ids, 2 and up properties
  std::string_view value;
  auto operator<=>(const Claim&) const = default;
};

void claim_values(const Row& row, const ObjectType& object, std::vector<Claim>& claims) {
  if (!row.trace_id.empty()) claims.push_back({0, row.trace_id});
  if (!row.id.empty()) claims.push_back({1, row.id});
  for (const Field& field : row.fields) {
    const bool counts = !field.value.empty() && object.table().is_unique(field.property);
    if (counts) claims.push_back({size_t{2} + field.property, field.value});
  }
}

std::string_view operation_name(Operation operation) {
  switch (operation) {
    case Operation::create:
      return "create";
    case Operation::update:
      return "update";
    case Operation::upsert:
      return "upsert";
  }
  return {};
}

// By what the sandbox recognises a row, to fail the same rows every time.
std::string identity_of(const Row& row, const ObjectType& object) {
  if (!row.id.empty()) return std::string(row.id);
  for (const Field& field : row.fields) {
    if (object.table().is_unique(field.property)) return std::string(field.value);
  }
  return simdjson::minify(row.properties);
}

Refusal refuse_chosen() {
  const ValueProblem problem{"SANDBOX_REFUSED",
                             "This row is in the share that the sandbox was told to refuse", false};
  const NamedProblem named{"hs_object_id", problem};
  return refuse_values({&named, 1});
}

Refusal refuse_conflict(const Table::Conflict& conflict, Operation operation, const ObjectType& object) {
  const std::string holder = record_id(conflict.holder);
  const std::string_view property = object.table().property_name(conflict.field.property);
  Refusal refusal{409, "CONFLICT", {}, {}};
  refusal.message = operation == Operation::create
                        ? fmt::format("{} already exists. Existing ID: {}", object.singular(), holder)
                        : fmt::format("{} with {} '{}' already exists. Existing ID: {}", object.singular(),
                                      property, conflict.field.value, holder);
  refusal.details.push_back({refusal.message, "CONFLICT", std::string(property)});
  return refusal;
}

// The live record an update or upsert means.
std::optional<RecordNumber> locate(const Row& row, const ObjectType& object) {
  const Table& table = object.table();
  if (row.id_property.empty() || row.id_property == "hs_object_id") {
    const auto record = find_record(table, row.id);
    return record && !table.record(*record).archived() ? record : std::nullopt;
  }
  const PropertyId property = *table.find_property(row.id_property);
  const auto kept = kept_form(object.definition(property), row.id);
  return table.find_unique(property, kept ? std::string_view(*kept) : row.id);
}

bool must_exist(const Row& row, Operation operation) {
  if (operation == Operation::update) return true;
  return operation == Operation::upsert && (row.id_property.empty() || row.id_property == "hs_object_id");
}

void add_history(const Row& row, Operation operation, const ObjectType& object, State& state) {
  if (!state.history.kept()) return;
  const std::string id = record_id(*row.record);
  const std::string properties = simdjson::minify(row.properties);
  state.history.add(object.name(), {operation_name(operation), id, row.id, properties}, state.now);
}

// Options to be added to those held become the whole list.
void resolve_added_options(Row& row, const ObjectType& object, std::deque<std::string>& texts) {
  for (Field& field : row.fields) {
    if (!adds_options(object.definition(field.property), field.value)) continue;
    const std::string_view held =
        row.record ? object.table().record(*row.record).value(field.property) : std::string_view();
    field.value = texts.emplace_back(add_options(held, field.value));
  }
}

std::optional<Refusal> carry_out_all_or_none(Batch& batch, ObjectType& object, State& state) {
  for (Row& row : batch.rows) {
    judge(row, batch.operation, object, state);
    if (row.refusal) return row.refusal;
  }
  for (Row& row : batch.rows) write(row, batch, object, state);
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> find_duplicate(const Batch& batch, const ObjectType& object) {
  std::vector<Claim> claims;
  claims.reserve(batch.rows.size() * 3);
  for (const Row& row : batch.rows) claim_values(row, object, claims);
  std::sort(claims.begin(), claims.end());
  const auto twice = std::adjacent_find(claims.begin(), claims.end());
  if (twice == claims.end()) return std::nullopt;
  return invalid(fmt::format("Duplicate IDs found in batch input: [{}]. IDs must be unique", twice->value));
}

void judge(Row& row, Operation operation, const ObjectType& object, const State& state) {
  const SandboxOptions& options = state.options;
  if (!row.problems.empty()) {
    row.refusal = refuse_values(row.problems);
  } else if (options.fail_rows > 0 && is_chosen(identity_of(row, object), options.fail_rows, options.seed)) {
    row.refusal = refuse_chosen();
  }
  if (row.refusal) return;
  if (operation != Operation::create) row.record = locate(row, object);
  if (!row.record && must_exist(row, operation)) {
    row.refusal = not_found(object);
  } else if (const auto conflict = object.table().conflict(row.fields, row.record)) {
    row.refusal = refuse_conflict(*conflict, operation, object);
  }
}

void write(Row& row, Batch& batch, ObjectType& object, State& state) {
  resolve_added_options(row, object, batch.texts);
  const Time now = state.now;
  row.is_new = !row.record;
  if (row.is_new) {
    row.record = object.table().create(row.fields, now);
  } else {
    object.table().update(*row.record, row.fields, now);
  }
  add_history(row, batch.operation, object, state);
}

// A create whose rows cannot be told apart in the reply fails as a whole.
std::optional<Refusal> carry_out(Batch& batch, ObjectType& object, State& state) {
  const auto has_no_trace = [](const Row& row) { return row.trace_id.empty(); };
  const bool untraced = std::any_of(batch.rows.begin(), batch.rows.end(), has_no_trace);
  if (untraced && batch.operation == Operation::create) return carry_out_all_or_none(batch, object, state);
  for (Row& row : batch.rows) {
    judge(row, batch.operation, object, state);
    if (!row.refusal) write(row, batch, object, state);
  }
  return std::nullopt;
}

}  // namespace penstock::sandbox::hubspot
