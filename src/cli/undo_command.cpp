#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/run_view.h"
#include "cli/session.h"
#include "declare/json.h"
#include "recall/undo.h"

namespace penstock::cli {
namespace {

std::string undo_json(const UndoReport& undo, bool dry_run) {
  declare::JsonWriter json;
  json.begin_object().members(report_json(undo.report));
  json.key("undone").text(undo.undone).key("dry_run").boolean(dry_run);
  const std::pair<const char*, uint64_t> counts[] = {
      {"restored", undo.restored},     {"values", undo.values},   {"removed_records", undo.removed},
      {"made_again", undo.made_again}, {"created", undo.created}, {"left_values", undo.left_values}};
  for (const auto& [name, value] : counts) json.key(name).integer(static_cast<int64_t>(value));
  json.key("left").begin_array();
  for (const auto& left : undo.left) {
    json.begin_object().key("key").text(left.key).text_if("record_id", left.record_id);
    json.text_if("field", left.field);
    if (!left.field.empty()) {
      json.key("theirs");
      left.theirs ? json.text(*left.theirs) : json.raw("null");
    }
    json.key("why").text(left.why).end_object();
  }
  return json.end_array().end_object().str();
}

std::string left_table(const UndoReport& undo, const Terminal& terminal) {
  Table table({"key", "record", "field", "theirs", ""});
  for (const auto& left : undo.left)
    table.add({left.key, left.record_id, left.field.empty() ? "(the record)" : left.field,
               left.theirs          ? shortened(*left.theirs, 40)
               : left.field.empty() ? ""
                                    : "NULL",
               left.why});
  return "\n  left alone:\n" + table.text(terminal);
}

std::string undo_text(const UndoReport& undo, bool dry_run, const Terminal& terminal) {
  std::string out = dry_run ? "" : report_text(undo.report, terminal);
  const char* verb = dry_run ? "would be" : undo.values == 1 ? "was" : "were";
  out += fmt::format("  {} {} put back, in {}\n", count(undo.values, "value", "values"), verb,
                     count(undo.restored, "record", "records"));
  if (undo.made_again > 0)
    out += fmt::format("  {} that the run had removed {} made again\n",
                       count(undo.made_again, "record", "records"), dry_run ? "would be" : "made anew:");
  if (undo.removed > 0)
    out += fmt::format("  {} that the run had made {} removed\n", count(undo.removed, "record", "records"),
                       dry_run ? "would be" : "was");
  if (undo.created > 0)
    out += styled(fmt::format("  {} that the run had made stay (--created removes them)\n",
                              count(undo.created, "record", "records")),
                  Style::dim, terminal.colour_out);
  if (!undo.left.empty()) out += left_table(undo, terminal);
  if (!dry_run && undo.report.run.accepted > 0)
    out += styled(
        fmt::format("\n  these rows are held until they change, or `penstock retry {}` releases them\n",
                    undo.report.run.sync),
        Style::dim, terminal.colour_out);
  return out;
}

struct UndoGiven {
  UndoRequest request;
};

int undo(const Globals& globals, const UndoGiven& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  declare::Diagnostics diagnostics;
  auto undone = (*session)->loop().run(undo_run((*session)->parts(nullptr), given.request, diagnostics));
  if (!undone.ok()) {
    if ((*session)->signal() != 0) return interrupted_exit((*session)->signal());
    return !diagnostics.ok() ? print_diagnostics(globals, diagnostics) : print_error(globals, undone.error());
  }
  const bool dry_run = given.request.dry_run;
  fmt::print("{}", globals.json ? undo_json(*undone, dry_run) + "\n"
                                : undo_text(*undone, dry_run, globals.terminal));
  const int exit = exit_of(undone->report, (*session)->signal());
  return exit == kDone && !undone->left.empty() ? kPartial : exit;
}

}  // namespace

void add_undo(Door door) {
  auto* command =
      door.app.add_subcommand("undo", "Put back what a run overwrote, where nobody changed it since");
  command->footer(
      "Needs `before: keep` in the sync, at the time of that run. What somebody changed after the run is "
      "left\n"
      "alone and listed. An undo is a run itself, and can be undone. Exit codes: 0 all put back, 3 some was "
      "left.\n"
      "Examples:\n  penstock undo 20261123-141311-x7k2 --dry-run\n  penstock undo 20261123-141311-x7k2\n"
      "  penstock undo 20261123-141311-x7k2 --key 42");
  auto given = std::make_shared<UndoGiven>();
  command->add_option("RUN", given->request.run, "The run's id")->required();
  command->add_option("--key", given->request.key,
                      "Only this row; parts of a longer key separated by commas");
  command->add_flag("--dry-run", given->request.dry_run,
                    "Read what is there, say what would be done, write nothing");
  command->add_flag("--created", given->request.created, "Remove the records that the run made");
  command->callback([door, given] { door.run = [door, given] { return undo(door.globals, *given); }; });
}

}  // namespace penstock::cli
