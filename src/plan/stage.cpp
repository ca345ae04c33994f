#include "plan/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "plan/match_owners.h"

namespace penstock {
namespace {

duck::Type description_type() {
  return duck::Type::structure({{"key", DUCKDB_TYPE_VARCHAR},
                                {"key_hi", DUCKDB_TYPE_UBIGINT},
                                {"key_lo", DUCKDB_TYPE_UBIGINT},
                                {"fingerprint", DUCKDB_TYPE_UBIGINT},
                                {"record_id", DUCKDB_TYPE_VARCHAR},
                                {"match_before", DUCKDB_TYPE_VARCHAR},
                                {"send", DUCKDB_TYPE_VARCHAR},
                                {"anew", DUCKDB_TYPE_BOOLEAN},
                                {"invalid", DUCKDB_TYPE_VARCHAR}});
}

// A key as people see it. NULLs are shown: such rows are invalid, and people must find them. Personal parts
// are masked, with a few digits of the key's hash to tell rows apart.
std::string shown_key(const MappedModel& model, std::span<const Values> keys, size_t row, KeyHash hash) {
  std::vector<std::string> texts(keys.size());
  std::vector<std::string_view> parts;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].is_null(row))
      texts[i] = "NULL";
    else if (model.keys[i].personal)
      texts[i] = fmt::format("{}{:08x}", kMask, hash.lo >> 32);
    else
      append_text(texts[i], keys[i], row);
    parts.push_back(texts[i]);
  }
  return show_key(parts);
}

// Everything about a staged row that the probe did not hand on: only some rows get here.
class Describer {
 public:
  Describer(const MappedModel& model, const Snapshot& snapshot, std::shared_ptr<const RowProbe> probe,
            const PlanOptions& options)
      : model_(model),
        arguments_(Arguments::of(model)),
        snapshot_(snapshot),
        probe_(std::move(probe)),
        owners_(options.owners),
        ignores_case_(options.match_ignores_case),
        why_invalid_(options.why_invalid) {}

  // The first argument is the row's class, the rest are the probe's.
  Result<void> operator()(std::span<const duck::Vector> all, size_t rows, duckdb_vector result) {
    const auto* classes = all[0].data<uint8_t>();
    const auto arguments = all.subspan(1);
    const std::vector<Values> keys = arguments_.key_values(arguments);
    // All places first, so that what is read there is on its way from memory for many rows at once.
    const auto probed = arguments_.probe(snapshot_, arguments, rows);
    if (!probed.ok()) return probed.error();
    const auto& [hashes, fingerprints, places] = *probed;
    for (const Probe& place : places)
      if (place.standing != Standing::absent) snapshot_.prefetch_details(place.slot);
    const auto columns = duck::Writable(result).members(9);
    const duck::Writable &key = columns[0], &hi = columns[1], &lo = columns[2], &fingerprint = columns[3],
                         &record = columns[4], &match_before = columns[5], &send = columns[6],
                         &anew = columns[7], &invalid = columns[8];
    const std::vector<Values> match = values_of(arguments_.current.match, arguments),
                              fields = values_of(arguments_.current.fields, arguments);
    for (size_t row = 0; row < rows; ++row) {
      key.set_text(row, shown_key(model_, keys, row, hashes[row]));
      hi.set(row, hashes[row].hi);
      lo.set(row, hashes[row].lo);
      fingerprint.set(row, fingerprints[row]);
      auto details = details_of(places[row]);
      if (!details.ok()) return details.error();
      const auto row_class = static_cast<RowClass>(classes[row]);
      // What was never accepted was never written with the match value that it had when it was refused.
      const std::string before =
          row_class == RowClass::added ? "" : match_that_changed(arguments, row, *details);
      const auto lost = before.empty() ? is_passed_on_while_gone(hashes[row], places[row], *details)
                                       : is_anothers(hashes[row], *details);
      if (!lost.ok()) return lost.error();
      record.set_text_or_null(row, *lost ? "" : details->record_id);
      match_before.set_text_or_null(row, *lost ? "" : before);
      if (!*lost && !before.empty()) ++moved_;
      anew.set(row, *lost);
      const std::string why =
          why_invalid_ && is_sent(row_class) ? why_invalid_(match, fields, row) : std::string();
      invalid.set_text_or_null(row, why);
      if (!why.empty()) ++unfit_;
      if (row_class != RowClass::remapped) {
        send.set_null(row);
        continue;
      }
      const auto changed = probe_->changed_fields(hashes[row], arguments, row);
      if (!changed.ok()) return changed.error();
      send.set_text(row, *changed);
    }
    return success();
  }
  uint64_t moved() const { return moved_; }
  uint64_t unfit() const { return unfit_; }

 private:
  static std::vector<Values> values_of(const std::vector<MappingArguments::One>& columns,
                                       std::span<const duck::Vector> arguments) {
    std::vector<Values> values;
    for (const auto& column : columns) values.emplace_back(arguments[column.index], column.type);
    return values;
  }

  Result<Details> details_of(const Probe& place) const {
    return place.standing == Standing::absent ? Details{} : snapshot_.details(place.slot);
  }

  // What the record was matched by when it was last written, when that is something else now.
  std::string match_that_changed(std::span<const duck::Vector> arguments, size_t row,
                                 const Details& details) const {
    if (details.match.size() != arguments_.current.match.size()) return "";
    std::vector<std::string_view> before;
    bool changed = false;
    for (size_t i = 0; i < details.match.size(); ++i) {
      const auto& match = arguments_.current.match[i];
      const Values values(arguments[match.index], match.type);
      std::string now;
      if (!values.is_null(row)) append_text(now, values, row);
      changed = changed || now != details.match[i];
      before.push_back(details.match[i]);
    }
    return changed ? show_key(before) : "";
  }

  // The same for a key that had left the model, and is back.
  Result<bool> is_passed_on_while_gone(KeyHash key, const Probe& place, const Details& details) const {
    if (owners_ == nullptr || place.standing == Standing::absent) return false;
    const auto found = snapshot_.at(place.slot);
    if (!found.ok()) return found.error();
    return found->gone ? is_passed_on(*owners_, key, details.match) : Result<bool>(false);
  }

  // Whether the record of a key was written for another one since. To follow it would take it away again.
  Result<bool> is_anothers(KeyHash key, const Details& details) const {
    if (owners_ == nullptr) return false;
    const auto other = other_owner(*owners_, snapshot_, nullptr, key, details.match, ignores_case_);
    if (!other.ok()) return other.error();
    if (!*other || !(*other)->found.accepted || (*other)->found.foreign) return false;
    const std::string& id = (*other)->details.record_id;
    return id.empty() || details.record_id.empty() || id == details.record_id;
  }

  const MappedModel& model_;
  Arguments arguments_;
  const Snapshot& snapshot_;
  std::shared_ptr<const RowProbe> probe_;
  const Snapshot* owners_;  // nullptr: not known
  bool ignores_case_;
  decltype(PlanOptions::why_invalid) why_invalid_;
  std::atomic<uint64_t> moved_{0}, unfit_{0};
};

std::string renamed_columns(const MappingArguments& current) {
  std::string out;
  for (size_t i = 0; i < current.match.size(); ++i)
    out += fmt::format(", a{} AS m{}", current.match[i].index, i);
  for (size_t i = 0; i < current.fields.size(); ++i)
    out += fmt::format(", a{} AS f{}", current.fields[i].index, i);
  return out;
}

bool is_personal(const Mapping& mapping) {
  const auto personal = [](const MappedColumn& column) { return column.personal; };
  return std::any_of(mapping.match.begin(), mapping.match.end(), personal) ||
         std::any_of(mapping.fields.begin(), mapping.fields.end(), personal);
}

// DuckDB quotes the value that it could not convert: 'ada@example.com'.
std::string without_quoted(const std::string& message) {
  std::string out;
  char quote = 0;
  for (const char c : message) {
    if (quote == 0 || c == quote) out += c;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      out += kMask;
    } else if (c == quote) {
      quote = 0;
    }
  }
  return out;
}

}  // namespace

Result<Staged> fill_stage(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                          const std::shared_ptr<RowProbe>& probe, const PlanOptions& options) {
  auto defined = connection.define({.name = "penstock_diff",
                                    .result = duck::Type::of(DUCKDB_TYPE_UTINYINT),
                                    .has_effects = true,
                                    .call = [probe](auto arguments, size_t rows, duckdb_vector result) {
                                      return (*probe)(arguments, rows, result);
                                    }});
  if (!defined.ok()) return defined.error();
  const auto describer = std::make_shared<Describer>(model, snapshot, probe, options);
  defined = connection.define({.name = "penstock_describe",
                               .result = description_type(),
                               .call = [describer](auto arguments, size_t rows, duckdb_vector result) {
                                 return (*describer)(arguments, rows, result);
                               }});
  if (!defined.ok()) return defined.error();
  // A table has no order, and to keep the one in which its rows happen to lie costs a second copy of the
  // stage. (DuckDB heeds an ORDER BY of the model's all the same.) But of a few rows people expect the same
  // ones every time.
  const char* const keep_order = options.limit ? "true" : "false";
  if (auto set = connection.run(fmt::format("SET preserve_insertion_order = {}", keep_order)); !set.ok())
    return set.error();
  const Arguments arguments = Arguments::of(model);
  auto staged = connection.run(fmt::format(
      "CREATE TEMP TABLE penstock_stage AS SELECT class, penstock_describe(class, {0}) AS d{1} FROM "
      "(SELECT *, penstock_diff({0}) AS class FROM (SELECT {2} FROM {3})) WHERE class <> 0",
      argument_names(arguments), renamed_columns(arguments.current), argument_select_list(arguments),
      model.relation));
  if (auto set = connection.run("SET preserve_insertion_order = true"); !set.ok()) return set.error();
  if (staged.ok()) return Staged{.rows = *staged, .moved = describer->moved(), .unfit = describer->unfit()};
  Error error = staged.error();
  if (error.kind == ErrorKind::source && is_personal(model.mapping))
    error.message = without_quoted(error.message);
  return error;
}

}  // namespace penstock
