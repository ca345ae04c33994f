#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "declare/json.h"
#include "run/doubt.h"

namespace penstock::cli {
namespace {

struct SettleOptions {
  std::string sync;
  std::vector<std::string> keys;
  bool written = false, not_written = false;
};

std::string settled_json(const std::string& sync, const std::string& key, bool written) {
  declare::JsonWriter json;
  json.begin_object().key("sync").text(sync).key("key").text(key);
  return json.key("settled_as").text(written ? "written" : "not_written").end_object().str();
}

std::string settled_text(size_t rows, bool written) {
  if (rows == 0) return "no row of this sync is in doubt\n";
  return fmt::format("{} taken as {}\n", count(rows, "row", "rows"),
                     written ? "written" : "not written: the next run sends what the model has then");
}

int settle(const Globals& globals, const SettleOptions& given) {
  if (given.written == given.not_written)
    return print_error(globals, {ErrorKind::config, "say what you found: --written or --not-written",
                                 "look at the destination whether the rows are there"});
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto* sync = known_sync(globals, *workspace, given.sync);
  if (sync == nullptr) return kUsage;
  auto settled = settle_doubt(*workspace, *sync, given.keys,
                              given.written ? DoubtVerdict::written : DoubtVerdict::not_written);
  if (!settled.ok()) return print_error(globals, settled.error());
  for (const auto& note : settled->notes) say(globals, "note: " + note + "\n");
  if (globals.json) {
    for (const auto& key : settled->keys) fmt::print("{}\n", settled_json(sync->name, key, given.written));
  } else {
    fmt::print("{}", settled_text(settled->keys.size(), given.written));
  }
  return kDone;
}

}  // namespace

void add_settle(Door door) {
  auto* command = door.app.add_subcommand("settle", "Say what became of rows in doubt");
  command->footer(
      "A row is in doubt when it was sent and no reply came, and sending it again could double it. Look at\n"
      "the destination, then say what you found.\n"
      "Examples:\n  penstock settle messages --written\n  penstock settle messages 4711 4712 --not-written");
  auto given = std::make_shared<SettleOptions>();
  command->add_option("SYNC", given->sync, "The sync")->required();
  command->add_option("KEY", given->keys, "Only these rows; all in doubt when none is named");
  auto* written =
      command->add_flag("--written", given->written, "They are there: never sent again as they are");
  command->add_flag("--not-written", given->not_written, "They are not there: the next run sends them")
      ->excludes(written);
  command->callback([door, given] { door.run = [door, given] { return settle(door.globals, *given); }; });
}

}  // namespace penstock::cli
