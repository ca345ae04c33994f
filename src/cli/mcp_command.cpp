// mcp: agents talk to the project.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "cli/version.h"
#include "mcp/http.h"
#include "mcp/stdio.h"

namespace penstock::cli {
namespace {

struct McpGiven {
  bool allow_run = false;
  std::string listen;
};

void tell_url(const std::string& url) {
  fmt::print("{}/mcp\n", url);
  std::fflush(stdout);
}

int serve_agents(const Globals& globals, const McpGiven& given) {
  if (given.listen.empty() && ::isatty(STDIN_FILENO) == 1)
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
  const auto served =
      given.listen.empty()
          ? loop.run(mcp::serve_stdio(loop, server, stop, {.may_run = given.allow_run}))
          : loop.run(mcp::serve_http(loop, server, stop, {.listen = given.listen, .on_listening = tell_url}));
  if (signal != 0) return interrupted_exit(signal);
  return served.ok() ? kDone : print_error(globals, served.error());
}

}  // namespace

void add_mcp(Door door) {
  auto* command = door.app.add_subcommand(
      "mcp", "Serve agents by the Model Context Protocol, over standard input and output, or HTTP");
  command->footer(
      "An agent's client starts this and talks to it. It lists, checks, plans and explains; it sends "
      "nothing\n"
      "unless --allow-run is given. Personal values are masked. See docs/agents.md for the set-up of "
      "clients.\n"
      "Examples:\n  penstock -C /srv/crm-sync mcp\n  penstock -C /srv/crm-sync mcp --allow-run\n"
      "  penstock -C /srv/crm-sync mcp --listen 127.0.0.1:7071");
  auto given = std::make_shared<McpGiven>();
  auto* allow_run = command->add_flag("--allow-run", given->allow_run,
                                      "Also offer `run` and `retry`, which write to destinations");
  command
      ->add_option("--listen", given->listen,
                   "Serve by HTTP at this address of loopback instead (port 0: any that is free)")
      ->type_name("ADDR:PORT")
      ->excludes(allow_run);
  command->callback(
      [door, given] { door.run = [door, given] { return serve_agents(door.globals, *given); }; });
}

}  // namespace penstock::cli
