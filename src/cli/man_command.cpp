// man: the manual page penstock(1), from the tree of commands and the page docs/cli.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/build_facts.h"
#include "cli/command.h"
#include "cli/roff.h"
#include "mcp/pages.h"

namespace penstock::cli {
namespace {

constexpr std::string_view kEnvironment = R"(
| | |
| --- | --- |
| `NO_COLOR` | no colours, when it is set |
| `PENSTOCK_CA_FILE`, `SSL_CERT_FILE`, `CURL_CA_BUNDLE` | a file of certificate authorities to trust in place of the system's |
| `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | proxies, and where none is used |
| `PENSTOCK_CACHE` | where copies of a shared state are kept; in the project when it is not set |

Project files name other variables as `${env:NAME}`.
)";

constexpr std::string_view kFiles = R"(
| | |
| --- | --- |
| `penstock.yaml` | the project: its name, its state, what holds for all syncs |
| `sources/`, `models/`, `destinations/`, `syncs/`, `alerts/`, `connectors/`, `tests/` | one YAML file each; models may be SQL files |
| `.penstock/` | the state: what was accepted, the journal, the history of runs, operations as Parquet |
)";

// A section of docs/cli.md by its heading, without the help texts and without what is run as a test.
std::string section_of(const std::string& heading) {
  std::string_view page;
  for (const auto& one : mcp::pages())
    if (one.name == "cli") page = one.text;
  const std::string start = "\n## " + heading + "\n";
  size_t at = page.find(start);
  if (at == std::string_view::npos) return "";
  at += start.size();
  std::string text(page.substr(at, std::min(page.find("\n## ", at), page.size()) - at));
  for (const auto& [open, close] :
       {std::pair("<!-- help of", "<!-- end -->"), std::pair("```sh run", "\n```\n")})
    for (size_t begin = text.find(open); begin != std::string::npos; begin = text.find(open)) {
      const size_t end = text.find(close, begin);
      text.erase(begin, end == std::string::npos ? end : end + std::string_view(close).size() - begin);
    }
  return text;
}

std::string option_head(const CLI::Option& option) {
  if (option.get_positional()) return "\\fI" + roff_text(option.get_name(true)) + "\\fR";
  std::string names;
  for (const auto& name : option.get_snames())
    names += (names.empty() ? "\\fB\\-" : ", \\fB\\-") + roff_text(name) + "\\fR";
  for (const auto& name : option.get_lnames())
    names += (names.empty() ? "\\fB\\-\\-" : ", \\fB\\-\\-") + roff_text(name) + "\\fR";
  if (option.get_items_expected_max() == 0) return names;
  const std::string type = option.get_type_name();
  names += " \\fI" + roff_text(type.substr(0, type.find(':'))) + "\\fR";
  return option.get_default_str().empty() ? names : names + " (" + roff_text(option.get_default_str()) + ")";
}

std::string options_roff(const CLI::App& app) {
  std::string out;
  for (const bool positional : {true, false})
    for (const auto* option : app.get_options([](const CLI::Option*) { return true; })) {
      if (option->get_positional() != positional || option->check_name("--help")) continue;
      out += ".TP\n" + option_head(*option) + "\n" + roff_text(option->get_description()) + "\n";
    }
  return out;
}

std::string command_roff(const CLI::App& app, const std::string& path) {
  const auto inner = app.get_subcommands([](const CLI::App*) { return true; });
  std::string out;
  if (inner.empty()) {
    out += ".SS penstock " + roff_text(path) + "\n" + roff_text(app.get_description()) + ".\n";
    const std::string prose = roff_of_markdown(section_of("penstock " + path));
    out += (prose.empty() || prose.starts_with('.') ? "" : ".PP\n") + prose + options_roff(app);
    // A command without one of its own has the program's.
    const std::string footer = app.get_footer();
    if (!footer.empty() && footer != app.get_parent()->get_footer()) out += ".PP\n" + roff_block(footer);
  }
  for (const auto* each : inner)
    out += command_roff(*each, path.empty() ? each->get_name() : path + " " + each->get_name());
  return out;
}

std::string man_page(const CLI::App& app) {
  const BuildFacts facts = build_facts();
  std::string out =
      fmt::format(".TH PENSTOCK 1 \"{}\" \"penstock {}\" \"User Commands\"\n", facts.date, facts.version);
  out += ".SH NAME\npenstock \\- carry rows from a warehouse into the tools where people work\n";
  out += ".SH SYNOPSIS\n.B penstock\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR ...\n";
  out += ".SH DESCRIPTION\n" + roff_text(app.get_description()) + "\n";
  out += ".SH OPTIONS\nBefore or after any command:\n" + options_roff(app);
  out += ".SH SELECTING SYNCS\n" + roff_of_markdown(section_of("Selecting syncs"));
  std::string commands;
  for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; }))
    commands += command_roff(*each, each->get_name());
  out += ".SH COMMANDS\n" + commands;
  out += ".SH EXIT STATUS\n" + roff_of_markdown(section_of("Exit codes"));
  out += ".SH ENVIRONMENT\n" + roff_of_markdown(kEnvironment) + ".SH FILES\n" + roff_of_markdown(kFiles);
  return out + ".SH SEE ALSO\n.BR duckdb (1),\n.BR systemd.service (5)\n";
}

}  // namespace

void add_man(Door door) {
  auto* command = door.app.add_subcommand("man", "Print the manual page, for man(1)");
  command->footer(
      "Examples:\n  penstock man | man -l -\n  penstock man > /usr/local/share/man/man1/penstock.1");
  command->callback([door] {
    door.run = [door] {
      fmt::print("{}", man_page(door.app));
      return static_cast<int>(kDone);
    };
  });
}

}  // namespace penstock::cli
