// mcp: agents talk to the project.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "cli/version.h"
#include "mcp/stdio.h"

namespace penstock::cli {
namespace {

int serve_agents(const Globals& globals, bool allow_run) {
  if (::isatty(STDIN_FILENO) == 1)
    say(globals,
        "waiting for messages of the Model Context Protocol on standard input (see docs/agents.md)\n");
  RealLoop loop(24);
  Random random = Random::from_system();
  Interruption stop;
  int signal = 0;
  const InterruptWatch watch(loop, [&stop, &signal](Interrupt interrupt) {
    signal = interrupt.signal;
    if (interrupt.nth > 1) ::_exit(interrupted_exit(signal));
    stop.interrupt();
  });
  const mcp::Mcp server(
      {.loop = loop,
       .disk = real_disk(),
       .clock = real_clock(),
       .random = random,
       .directory = globals.directory,
       .version = std::string(kVersion),
       .connect = [&loop](const Workspace& workspace) { return open_client(loop, workspace); }});
  const auto served = loop.run(mcp::serve_stdio(loop, server, stop, {.may_run = allow_run}));
  if (signal != 0) return interrupted_exit(signal);
  return served.ok() ? kDone : print_error(globals, served.error());
}

}  // namespace

void add_mcp(Door door) {
  auto* command = door.app.add_subcommand(
      "mcp", "Serve agents by the Model Context Protocol, over standard input and output");
  command->footer(
      "An agent's client starts this and talks to it. It lists, checks, plans and explains; it sends "
      "nothing\n"
      "unless --allow-run is given. Personal values are masked. See docs/agents.md for the set-up of "
      "clients.\n"
      "Examples:\n  penstock -C /srv/crm-sync mcp\n  penstock -C /srv/crm-sync mcp --allow-run");
  auto allow_run = std::make_shared<bool>(false);
  command->add_flag("--allow-run", *allow_run, "Also offer `run` and `retry`, which write to destinations");
  command->callback(
      [door, allow_run] { door.run = [door, allow_run] { return serve_agents(door.globals, *allow_run); }; });
}

}  // namespace penstock::cli
