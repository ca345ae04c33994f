#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>

#include "cli/build_facts.h"
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/test_command.h"

namespace penstock::cli {
namespace {

void add_globals(CLI::App& app, Globals& globals) {
  app.add_option("-C", globals.directory, "Project directory")->capture_default_str();
  app.add_flag("--json", globals.json, "One JSON object per line on standard output");
  app.add_flag("--quiet,-q", globals.quiet, "Results and errors only");
  app.add_flag("--verbose,-v", globals.verbose, "Say more");
  app.add_flag("--no-color", globals.no_color, "No colours; NO_COLOR does the same");
}

int run(int argc, char** argv) {
  Globals globals;
  Run chosen;
  CLI::App app{
      "Penstock carries rows from a warehouse into the tools where people work, and sends only what has "
      "changed.",
      "penstock"};
  app.set_version_flag("--version", version_text);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Start here:\n  penstock init demo\n  cd demo\n  penstock sandbox &\n  penstock run\n"
      "Each command explains itself: penstock COMMAND --help");
  add_globals(app, globals);
  const Door door{app, globals, chosen};
  for (const auto add :
       {add_init,       add_check,  add_plan,    add_approve,   add_run,     add_retry,    add_drift,
        add_undo,       add_settle, add_status,  add_runs,      add_log,     add_trace,    add_query,
        add_metrics,    add_test,   add_schema,  add_connector, add_preview, add_discover, add_transforms,
        add_dbt,        add_git,    add_serve,   add_worker,    add_alert,   add_sandbox,  add_mcp,
        add_completion, add_man,    add_version, add_secret,    add_user,    add_token,    add_audit})
    add(door);
  // Called by the shells' scripts; what follows is somebody's unfinished command line.
  if (argc > 1 && std::string_view(argv[1]) == "__complete")
    return print_completions(app, {argv + 2, argv + argc});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are "errors" with code 0; all others are the user's.
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  globals.terminal = Terminal::detect(globals.no_color);
  return chosen();
}

}  // namespace
}  // namespace penstock::cli

int main(int argc, char** argv) {
  // A reader that goes away (`penstock log ... | head`) ends us by an error on the write, not by a signal
  // that could strike in the middle of a run.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return penstock::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n   → this is a mistake of ours: please report it\n", error.what());
    return penstock::cli::kFailed;
  }
}
