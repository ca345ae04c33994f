// What every command gets, and the exit codes that scripts rely on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "config/selection.h"
#include "declare/diagnostics.h"
#include "run/workspace.h"

namespace CLI {
class App;
}

namespace penstock::cli {

enum Exit : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kPartial = 3,
  kStopped = 4,
  kInterrupted = 130,
  kTerminated = 143
};

// Options before or after any command.
struct Globals {
  std::string directory = ".";
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool no_color = false;
  Terminal terminal;
};

// A command adds its options to the app and sets `run`, which gives the exit code.
using Run = std::function<int()>;
struct Door {
  CLI::App& app;
  Globals& globals;
  Run& run;
};

// Listed by hand in main.cpp: one function a command.
void add_init(Door door);
void add_check(Door door);
void add_plan(Door door);
void add_run(Door door);
void add_approve(Door door);
void add_retry(Door door);
void add_drift(Door door);
void add_undo(Door door);
void add_settle(Door door);
void add_status(Door door);
void add_runs(Door door);
void add_log(Door door);
void add_trace(Door door);
void add_query(Door door);
void add_metrics(Door door);
void add_schema(Door door);
void add_connector(Door door);
void add_preview(Door door);
void add_discover(Door door);
void add_transforms(Door door);
void add_dbt(Door door);
void add_alert(Door door);
void add_git(Door door);
void add_sandbox(Door door);
void add_mcp(Door door);
void add_completion(Door door);
void add_man(Door door);
void add_version(Door door);
void add_serve(Door door);
void add_worker(Door door);

// Where users and tokens of the service are kept: beside the state, or in the project where that is shared.
std::string access_file(const Workspace& workspace);
void add_secret(Door door);
void add_user(Door door);
void add_token(Door door);
void add_audit(Door door);

// Opens the project; null when its files have errors, which are then printed.
std::unique_ptr<Workspace> open_workspace(const Globals& globals);
// For what is kept beside the state, whatever is wrong with the project's other files; null when
// penstock.yaml itself cannot be read, which is then printed.
std::unique_ptr<Workspace> open_local(const Globals& globals);
// The name that the system knows this user by; empty when it knows none.
std::string system_user();
// Prints errors and warnings; gives the exit code.
int print_diagnostics(const Globals& globals, const declare::Diagnostics& diagnostics);
// The exit code of its kind.
int exit_of(const Error& error);
// Prints "error: ..." with its remedy; gives its exit code.
int print_error(const Globals& globals, const Error& error);
// Prints to standard error, unless --quiet.
void say(const Globals& globals, const std::string& text);
// What the words select (config/selection.h), in the order in which they may run. What is wrong is printed;
// empty then.
std::vector<const config::Sync*> choose_syncs(const Globals& globals, const Workspace& workspace,
                                              const std::vector<std::string>& words,
                                              config::Paused paused = config::Paused::left_out);
// The positional SYNC and the option --select, for both of which `words` are kept. `what`: "Syncs to run".
void add_selection(CLI::App& command, std::vector<std::string>& words, const std::string& what);
// The sync of that name; an unknown name is printed, null then.
const config::Sync* known_sync(const Globals& globals, const Workspace& workspace, const std::string& name);

}  // namespace penstock::cli
