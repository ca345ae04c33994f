// dbt: what dbt is told of us. (What it tells us stands in its manifest, and is read with the project.)
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "source/dbt/dbt.h"

namespace penstock::cli {
namespace {

struct ExposuresGiven {
  std::string file;
  bool check = false;
};

int write_exposures(const Globals& globals, const ExposuresGiven& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  auto text = dbt::exposures(real_disk(), workspace->project());
  if (!text.ok()) return print_error(globals, text.error());
  if (given.file.empty()) {
    fmt::print("{}", *text);
    return kDone;
  }
  const auto there = real_disk().read(given.file);
  const bool is_same = there.ok() && *there == *text;
  if (given.check) {
    if (is_same) return kDone;
    return print_error(globals, {ErrorKind::source, fmt::format("{} is not what the syncs say", given.file),
                                 fmt::format("write it anew: penstock dbt exposures --out {}", given.file)});
  }
  if (is_same) return kDone;
  if (there.ok() && !there->starts_with("# Written by `penstock dbt exposures`"))
    return print_error(globals,
                       {ErrorKind::config, fmt::format("{} was written by somebody else", given.file),
                        "name another file, or remove it first"});
  if (auto written = real_disk().replace(given.file, *text); !written.ok())
    return print_error(globals, written.error());
  say(globals, fmt::format("{} written\n", given.file));
  return kDone;
}

}  // namespace

void add_dbt(Door door) {
  auto* command = door.app.add_subcommand("dbt", "What dbt is told of the syncs");
  command->require_subcommand(1);
  auto* exposures = command->add_subcommand("exposures", "The syncs as dbt's exposures, for its lineage");
  exposures->footer(
      "Put the file into dbt's models/. Its lineage then shows which syncs carry a model on.\n"
      "Examples:\n  penstock dbt exposures --out models/penstock_exposures.yml\n"
      "  penstock dbt exposures --out models/penstock_exposures.yml --check");
  auto given = std::make_shared<ExposuresGiven>();
  auto* out = exposures->add_option("--out", given->file, "Where to write them; else they are printed")
                  ->type_name("FILE");
  exposures->add_flag("--check", given->check, "Write nothing; fail if the file is not up to date")
      ->needs(out);
  exposures->callback(
      [door, given] { door.run = [door, given] { return write_exposures(door.globals, *given); }; });
}

}  // namespace penstock::cli
