#include "sim/owners_sync.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario.h"

namespace penstock::sim {
namespace {

constexpr int64_t kKeys = 7;

std::string quoted(const Value& value) {
  return value ? "'" + *value + "'" : "NULL";
}

std::string rows_sql(const OwnersSync& sync, const OwnedRows& rows) {
  std::string values, columns = "id, found_by", casts;
  for (size_t i = 1; i < sync.fields.size(); ++i) {
    columns += ", " + sync.fields[i].name;
    casts += fmt::format(", cast({0} as varchar) as {0}", sync.fields[i].name);
  }
  const auto line = [&](const OwnedRow* row) {
    std::string out = row != nullptr ? fmt::format("({}, '{}'", row->id, row->match) : "(NULL, NULL";
    for (size_t i = 1; i < sync.fields.size(); ++i)
      out += ", " + (row != nullptr ? quoted(row->values.at(sync.fields[i].name)) : "NULL");
    return out + ")";
  };
  for (const auto& row : rows) values += (values.empty() ? "" : ",\n    ") + line(&row);
  if (rows.empty()) values = line(nullptr);
  return fmt::format(
      "select cast(id as bigint) as id, cast(found_by as varchar) as found_by{}\n  from (values {})\n    "
      "t({})\n  where {}",
      casts, values, columns, rows.empty() ? "false" : "true");
}

}  // namespace

OwnersSync OwnersSync::draw(Random& random) {
  OwnersSync s;
  static constexpr const char* kModes[] = {"upsert", "upsert", "mirror", "mirror", "update"};
  static constexpr const char* kRemovals[] = {"ignore", "delete", "clear"};
  static constexpr const char* kWrites[] = {"always", "on_create", "if_empty", "if_unchanged",
                                            "if_unchanged"};
  const uint64_t kind = random.below(10);
  s.mode = kModes[random.below(std::size(kModes))];
  if (kind < 5) {
    s.object = "contacts", s.match_field = "email", s.match_kind = "unique";
  } else if (kind < 9) {
    s.object = "companies", s.match_field = "name", s.match_kind = "search";
  } else {
    s.object = "companies", s.match_field = "hs_object_id", s.match_kind = "id", s.mode = "update";
  }
  if (s.mode != "mirror") s.on_removed = kRemovals[random.below(std::size(kRemovals))];
  if (random.chance(0.2)) s.match_change = "new";
  s.fields = {{.name = kOwnedKey}, {.name = "p_a", .omit_null = random.chance(0.3)}};
  for (const char* name : {"p_b", "p_c", "p_d"})
    s.fields.push_back(
        {.name = name, .write = kWrites[random.below(std::size(kWrites))], .omit_null = random.chance(0.3)});
  s.keeps_before = random.chance(0.85);
  s.skips_equal = random.chance(0.3);
  s.batch_rows = 1 + random.below(7);
  s.concurrency = 1 + random.below(4);
  return s;
}

const OwnedField* OwnersSync::field(const std::string& name) const {
  for (const auto& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

Value OwnersSync::written(const OwnedRow& row, const OwnedField& field) const {
  if (field.name == kOwnedKey) return row.key();
  const Value& value = row.values.at(field.name);
  if (value) return value;
  return field.omit_null ? std::nullopt : Value("");
}

std::map<std::string, std::string> OwnersSync::files(const OwnedRows& rows, const std::string& state) const {
  std::map<std::string, std::string> files;
  files["penstock.yaml"] = fmt::format("project: owners\nstate: {}\n", state);
  files["connectors/crm.yaml"] = crm_connector(190);
  files["sources/warehouse.yaml"] = "type: duckdb\nthreads: 1\n";
  files["models/people.yaml"] =
      fmt::format("source: warehouse\nprimary_key: id\nsql: |\n  {}\n", rows_sql(*this, rows));
  files["destinations/there.yaml"] = "type: crm\naccess_token: sim-token\nbase_url: http://crm.test\n";
  std::string text = fmt::format(
      "model: people\ndestination: there\nobject: {}\nmode: {}\nmatch: {{ {}: found_by }}\n"
      "guard: {{ empty_model: allow }}\nbatch: {{ rows: {}, concurrency: {} }}\nmatch_change: {}\n"
      "before: {}\nskip_equal: {}\n",
      object, mode, match_field, batch_rows, concurrency, match_change, keeps_before ? "keep" : "none",
      skips_equal);
  if (on_removed != "ignore") text += fmt::format("on_removed: {}\n", on_removed);
  text += "fields:\n";
  for (const auto& field : fields)
    text += fmt::format("  {}: {{ sql: \"{}\", write: {}, \"null\": {} }}\n", field.name,
                        field.name == kOwnedKey ? "cast(id as varchar)" : field.name, field.write,
                        field.omit_null ? "omit" : "clear");
  files["syncs/sync.yaml"] = text;
  return files;
}

std::string OwnersSync::show() const {
  std::string out =
      fmt::format("{} of {} by {} ({}), on_removed {}, match_change {}, batches of {} x {}{}{}", mode, object,
                  match_field, match_kind, on_removed, match_change, batch_rows, concurrency,
                  keeps_before ? ", before: keep" : "", skips_equal ? ", skip_equal" : "");
  for (const auto& field : fields)
    out += fmt::format("\n  {} {}{}", field.name, field.write, field.omit_null ? " omit" : "");
  return out;
}

// ---- The model

OwnersModel::OwnersModel(Random& random, const OwnersSync& sync, std::vector<std::string> matches)
    : random_(random), sync_(sync), matches_(std::move(matches)) {
  for (int64_t id = 1; id <= kKeys; ++id)
    if (random_.chance(0.6)) add(id);
  note_owners();
}

Value OwnersModel::fresh_value() {
  if (random_.chance(0.15)) return std::nullopt;
  if (random_.chance(0.1)) return random_.chance(0.5) ? "x" : "y";
  return fmt::format("m{}", ++values_);
}

// A row that is there keeps its former match values to itself: two rows that exchange records in one run are
// more than a sync can tell apart.
std::optional<std::string> OwnersModel::free_match(int64_t id) {
  const std::string& match = some_match();
  for (const auto& row : rows_)
    if (row.match == match) return std::nullopt;
  const auto owner = owners_.find(match);
  if (owner != owners_.end() && owner->second != id && row(std::to_string(owner->second)) != nullptr)
    return std::nullopt;
  return match;
}

void OwnersModel::note_owners() {
  for (const auto& row : rows_) owners_[row.match] = row.id;
}

const OwnedRow* OwnersModel::row(const std::string& key) const {
  for (const auto& row : rows_)
    if (row.key() == key) return &row;
  return nullptr;
}

void OwnersModel::add(int64_t id) {
  const auto match = free_match(id);
  if (!match) return;
  OwnedRow row{.id = id, .match = *match, .values = {}};
  for (const auto& field : sync_.fields)
    if (field.name != kOwnedKey) row.values[field.name] = fresh_value();
  rows_.push_back(std::move(row));
}

void OwnersModel::alter(OwnedRow& row) {
  if (random_.chance(0.2)) {
    if (const auto match = free_match(row.id)) row.match = *match;
    if (random_.chance(0.5)) return;
  }
  for (auto& [name, value] : row.values)
    if (random_.chance(0.4)) value = fresh_value();
}

void OwnersModel::change() {
  for (int64_t id = 1; id <= kKeys; ++id) {
    const auto place =
        std::find_if(rows_.begin(), rows_.end(), [&](const auto& row) { return row.id == id; });
    if (place != rows_.end()) {
      if (random_.chance(0.12)) {
        left_[id] = *place;
        rows_.erase(place);
      } else if (random_.chance(0.4)) {
        alter(*place);
      }
      continue;
    }
    if (!random_.chance(0.35)) continue;
    const auto left = left_.find(id);
    const bool is_free = left != left_.end() &&
                         std::none_of(rows_.begin(), rows_.end(),
                                      [&](const auto& row) { return row.match == left->second.match; }) &&
                         owners_[left->second.match] == id;
    if (is_free && random_.chance(0.5))
      rows_.push_back(left->second);
    else
      add(id);
  }
  note_owners();
}

std::string OwnersModel::show() const {
  std::string out;
  for (const auto& row : rows_) {
    out += fmt::format("      {} {}", row.id, row.match);
    for (const auto& [name, value] : row.values) out += " " + quoted(value);
    out += "\n";
  }
  return out;
}

}  // namespace penstock::sim
