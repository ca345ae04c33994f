#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "async/interrupts.h"
#include "async/real_loop.h"
#include "cli/command.h"
#include "cli/session.h"
#include "declare/units.h"
#include "sandbox/sandbox.h"

namespace penstock::cli {
namespace {

struct SandboxGiven {
  SandboxOptions options;
  std::string listen = "127.0.0.1:8080", limit, latency, search_lag, fail, fail_requests, job_time;
};

Result<void> read_texts(SandboxGiven& given) {
  const size_t colon = given.listen.rfind(':');
  if (colon == std::string::npos)
    return Error{ErrorKind::config, fmt::format("--listen: expected ADDR:PORT, found '{}'", given.listen),
                 ""};
  given.options.address = given.listen.substr(0, colon);
  const std::string port = given.listen.substr(colon + 1);
  if (port.empty() || port.find_first_not_of("0123456789") != std::string::npos || port.size() > 5 ||
      std::stoul(port) > 65535)
    return Error{ErrorKind::config, fmt::format("--listen: '{}' is not a port", port), ""};
  given.options.port = static_cast<uint16_t>(std::stoul(port));
  if (!given.limit.empty()) {
    auto limit = sandbox::parse_rate_limit(given.limit);
    if (!limit.ok()) return std::move(limit).error().in("--limit");
    given.options.limit = *limit;
  }
  struct Text {
    const char* name;
    const std::string& text;
    Duration* duration;
    double* share;
  };
  for (const Text& one :
       {Text{"--latency", given.latency, &given.options.latency, nullptr},
        Text{"--search-lag", given.search_lag, &given.options.search_lag, nullptr},
        Text{"--job-time", given.job_time, &given.options.job_time, nullptr},
        Text{"--fail", given.fail, nullptr, &given.options.fail_rows},
        Text{"--fail-requests", given.fail_requests, nullptr, &given.options.fail_requests}}) {
    if (one.text.empty()) continue;
    if (one.duration != nullptr) {
      auto parsed = declare::parse_duration(one.text);
      if (!parsed.ok())
        return Error{ErrorKind::config,
                     fmt::format("{}: expected {}, found '{}'", one.name, parsed.error().message, one.text),
                     ""};
      *one.duration = *parsed;
    } else {
      auto parsed = sandbox::parse_share(one.text);
      if (!parsed.ok()) return std::move(parsed).error().in(one.name);
      *one.share = *parsed;
    }
  }
  return success();
}

int serve(const Globals& globals, SandboxGiven given) {
  if (auto read = read_texts(given); !read.ok()) return print_error(globals, read.error());
  auto sandbox = Sandbox::start(given.options);
  if (!sandbox.ok()) return print_error(globals, sandbox.error());
  // On standard output, so that a script that asked for any free port learns which one it is.
  fmt::print("{}\n", (*sandbox)->url());
  std::fflush(stdout);
  say(globals, fmt::format("a sandbox of {} is listening; Ctrl-C ends it and forgets its records\n",
                           given.options.dialect.empty() ? given.options.vendor : given.options.dialect));
  RealLoop loop;
  Event stopped(loop);
  InterruptWatch watch(loop, [&](Interrupt) { stopped.set(); });
  struct Wait {
    static Task<void> until(Event& event) { co_await event.wait(); }
  };
  loop.run(Wait::until(stopped));
  return kDone;
}

}  // namespace

void add_sandbox(Door door) {
  auto* command =
      door.app.add_subcommand("sandbox", "Serve a stateful stand-in for a vendor's API, for tests and demos");
  command->footer(
      "Any token is accepted. What it holds: GET /_sandbox/records/contacts; what it did: GET "
      "/_sandbox/stats.");
  auto given = std::make_shared<SandboxGiven>();
  command->add_option("--listen", given->listen, "Address and port; port 0 takes any")->capture_default_str();
  command
      ->add_option("--vendor", given->options.vendor,
                   fmt::format("Whose API it speaks: {}", fmt::join(sandbox_vendors(), ", ")))
      ->capture_default_str();
  command->add_option("--dialect", given->options.dialect,
                      "A Lua file that says how to answer, instead of a vendor (see docs/sandbox.md)");
  command->add_option("--limit", given->limit,
                      "Requests in a time, such as 190/10s, or none; the vendor's own when not given");
  command->add_option("--daily-limit", given->options.daily_limit, "Requests a day");
  command->add_option("--at-once", given->options.at_once, "Requests under way that are admitted");
  command->add_option("--latency", given->latency, "Time until each answer, such as 20ms");
  command->add_option("--search-lag", given->search_lag,
                      "Time until a search sees what was written, such as 5s");
  command->add_option("--job-time", given->job_time,
                      "Time that a vendor's job takes, such as 2s (default 200ms)");
  command->add_option("--fail", given->fail, "Share of rows that are refused, such as 1%");
  command->add_option("--fail-requests", given->fail_requests, "Share of requests answered with 503");
  command->add_option("--seed", given->options.seed, "Seed of everything random")->capture_default_str();
  command->add_flag("--strict", given->options.strict, "Refuse unknown properties instead of adding them");
  command->add_flag("--history", given->options.history, "Keep every write for GET /_sandbox/history/OBJECT");
  command->add_option("--threads", given->options.threads, "Server threads")->capture_default_str();
  command->callback([door, given] { door.run = [door, given] { return serve(door.globals, *given); }; });
}

}  // namespace penstock::cli
