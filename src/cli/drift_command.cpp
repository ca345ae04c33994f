#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "declare/json.h"
#include "recall/drift.h"

namespace penstock::cli {
namespace {

struct DriftGiven {
  std::string sync;
  DriftRequest request;
  uint64_t shown = 100;
};

std::string drifted_json(const std::string& sync, const DriftedField& field) {
  declare::JsonWriter json;
  const auto text = [&](const char* name, const std::optional<std::string>& value) {
    json.key(name);
    value ? json.text(*value) : json.raw("null");
  };
  json.begin_object().key("sync").text(sync).key("key").text(field.key);
  json.text_if("record_id", field.record_id);
  json.key("gone").boolean(field.is_gone);
  if (!field.is_gone) {
    json.key("field").text(field.field);
    text("ours", field.ours);
    text("theirs", field.theirs);
    json.key("policy").text(field.policy);
  }
  json.text_if("written_at", field.written_at).text_if("run", field.run);
  return json.end_object().str();
}

std::string drift_json(const std::string& sync, const Drift& drift) {
  declare::JsonWriter json;
  json.begin_object().key("event").text("result").key("sync").text(sync);
  const std::pair<const char*, uint64_t> counts[] = {{"rows", drift.rows},
                                                     {"compared", drift.compared},
                                                     {"pending", drift.pending},
                                                     {"drifted_rows", drift.drifted_rows},
                                                     {"drifted", drift.drifted_fields},
                                                     {"gone", drift.gone},
                                                     {"taken_back", drift.taken_back},
                                                     {"requests", drift.requests}};
  for (const auto& [name, value] : counts) json.key(name).integer(static_cast<int64_t>(value));
  return json.end_object().str();
}

std::string value_cell(const std::optional<std::string>& value) {
  return value ? shortened(*value, 32) : "NULL";
}

std::string drift_text(const Drift& drift, const DriftRequest& request, const Terminal& terminal) {
  std::string out;
  const uint64_t found = drift.drifted_fields + drift.gone;
  if (found == 0)
    out += fmt::format("{} nobody changed what was written: {} compared",
                       styled("✓", Style::green, terminal.colour_out), count(drift.compared, "row", "rows"));
  else
    out += fmt::format(
        "{} {} of {} changed by others, in {} of {} compared",
        styled("!", Style::yellow, terminal.colour_out), count(drift.drifted_fields, "value", "values"),
        count(drift.drifted_rows, "row", "rows"), number(drift.drifted_rows), number(drift.compared));
  if (drift.gone > 0) out += fmt::format(", {} gone", count(drift.gone, "record", "records"));
  out += styled(fmt::format("  {}\n", count(drift.requests, "request", "requests")), Style::dim,
                terminal.colour_out);
  if (drift.pending > 0)
    out += styled(fmt::format("  {} not compared: the next run sends them anyway\n",
                              count(drift.pending, "row was", "rows were")),
                  Style::dim, terminal.colour_out);
  if (drift.taken_back > 0)
    out +=
        fmt::format("  {} with the next run\n", count(drift.taken_back, "row goes again", "rows go again"));
  if (!request.out.empty()) out += fmt::format("  all of it: {}\n", request.out);
  return out;
}

int drift(const Globals& globals, const DriftGiven& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto* sync = known_sync(globals, *workspace, given.sync);
  if (sync == nullptr) return kUsage;
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  Table table({"key", "record", "field", "ours", "theirs", "last written", "run"});
  uint64_t shown = 0;
  const auto visit = [&](const DriftedField& field) {
    if (globals.json) {
      fmt::print("{}\n", drifted_json(sync->name, field));
    } else if (shown++ < given.shown) {
      table.add({field.key, field.record_id, field.is_gone ? "(no such record any more)" : field.field,
                 field.is_gone ? "" : value_cell(field.ours), field.is_gone ? "" : value_cell(field.theirs),
                 field.written_at.empty() ? "longer ago than kept" : field.written_at, field.run});
    }
  };
  declare::Diagnostics diagnostics;
  auto found = (*session)->loop().run(
      find_drift((*session)->parts(nullptr), *sync, given.request, diagnostics, visit));
  if (!found.ok()) {
    if ((*session)->signal() != 0) return interrupted_exit((*session)->signal());
    return !diagnostics.ok() ? print_diagnostics(globals, diagnostics) : print_error(globals, found.error());
  }
  for (const auto& note : found->notes) say(globals, "note: " + note + "\n");
  if (globals.json) {
    fmt::print("{}\n", drift_json(sync->name, *found));
  } else {
    if (!table.empty()) fmt::print("{}\n", table.text(globals.terminal));
    if (shown > given.shown)
      fmt::print("(the first {} of {}; --show for more, --json or --out for all)\n", given.shown, shown);
    fmt::print("{}", drift_text(*found, given.request, globals.terminal));
  }
  return found->drifted_fields + found->gone > 0 ? kPartial : kDone;
}

}  // namespace

void add_drift(Door door) {
  auto* command =
      door.app.add_subcommand("drift", "List what others changed since we wrote it; write nothing");
  command->footer(
      "Reads back the records of all rows that are as they were accepted, and compares the mapped fields.\n"
      "Exit codes: 0 nothing was changed, 3 something was.\n"
      "Examples:\n  penstock drift customers_to_crm\n  penstock drift customers_to_crm --out drift.parquet\n"
      "  penstock drift customers_to_crm --take-back && penstock run customers_to_crm");
  auto given = std::make_shared<DriftGiven>();
  command->add_option("SYNC", given->sync, "The sync")->required();
  command->add_option("--key", given->request.key,
                      "Only this row; parts of a longer key separated by commas");
  command->add_option("--limit", given->request.limit, "Read the records of at most so many rows")
      ->check(CLI::PositiveNumber);
  command->add_option("--out", given->request.out, "Write all of it into this Parquet file");
  command->add_option("--show", given->shown, "At most so many lines")->capture_default_str();
  command->add_flag("--take-back", given->request.take_back,
                    "Rows with changed fields of `drift: take_back` go again with the next run");
  command->callback([door, given] { door.run = [door, given] { return drift(door.globals, *given); }; });
}

}  // namespace penstock::cli
