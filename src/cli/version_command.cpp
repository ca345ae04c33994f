// version: what this program was built from.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/build_facts.h"
#include "cli/command.h"

namespace penstock::cli {

void add_version(Door door) {
  auto* command =
      door.app.add_subcommand("version", "Show the version, the commit, the compiler and DuckDB's version");
  command->callback([door] {
    door.run = [door] {
      fmt::print("{}\n", door.globals.json ? version_json() : version_text());
      return static_cast<int>(kDone);
    };
  });
}

}  // namespace penstock::cli
