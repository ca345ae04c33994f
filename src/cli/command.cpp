#include "cli/command.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

namespace penstock::cli {
namespace {

using declare::Diagnostic;
using declare::Part;

Style style_of(Part::Role role) {
  switch (role) {
    case Part::Role::place:
    case Part::Role::message:
      return Style::bold;
    case Part::Role::error:
      return Style::red;
    case Part::Role::warning:
      return Style::yellow;
    case Part::Role::caret:
      return Style::green;
    case Part::Role::note:
      return Style::blue;
    default:
      return Style::plain;
  }
}

}  // namespace

void say(const Globals& globals, const std::string& text) {
  if (!globals.quiet) std::fputs(text.c_str(), stderr);
}

int print_error(const Globals& globals, const Error& error) {
  const bool colour = globals.terminal.colour_err;
  std::fprintf(stderr, "%s %s\n", styled("error:", Style::red, colour).c_str(), error.message.c_str());
  if (!error.remedy.empty())
    std::fprintf(stderr, "%s %s\n", styled("   →", Style::dim, colour).c_str(), error.remedy.c_str());
  if (globals.json) {
    declare::JsonWriter json;
    json.begin_object().key("event").text("error").key("kind").text(name_of(error.kind));
    json.key("message").text(error.message).text_if("remedy", error.remedy).end_object();
    fmt::print("{}\n", json.str());
  }
  return exit_of(error);
}

int exit_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::config:
      return kUsage;
    case ErrorKind::interrupted:
      return kInterrupted;
    default:
      return kFailed;
  }
}

int print_diagnostics(const Globals& globals, const declare::Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    if (globals.json) {
      fmt::print("{}\n", as_json(diagnostic));
      continue;
    }
    if (globals.quiet && diagnostic.severity == declare::Severity::warning) continue;
    std::string text;
    for (const auto& part : parts_of(diagnostic))
      text += styled(part.text, style_of(part.role), globals.terminal.colour_err);
    std::fputs(text.c_str(), stderr);
  }
  return diagnostics.ok() ? kDone : kUsage;
}

std::unique_ptr<Workspace> open_workspace(const Globals& globals) {
  declare::Diagnostics diagnostics;
  auto workspace = Workspace::open(real_disk(), real_clock(), globals.directory, diagnostics);
  if (diagnostics.ok()) return workspace;
  print_diagnostics(globals, diagnostics);
  std::fprintf(stderr, "%s\n", diagnostics.summary().c_str());
  return nullptr;
}

std::unique_ptr<Workspace> open_local(const Globals& globals) {
  declare::Diagnostics all, of_project;
  auto workspace = Workspace::open(real_disk(), real_clock(), globals.directory, all);
  for (const auto& diagnostic : all.sorted())
    if (diagnostic.place.known() && diagnostic.place.file->name() == "penstock.yaml")
      of_project.add(diagnostic);
  if (of_project.ok()) return workspace;
  print_diagnostics(globals, of_project);
  return nullptr;
}

std::string system_user() {
  std::vector<char> space(1 << 14);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, space.data(), space.size(), &found) != 0 || found == nullptr)
    return "";
  return found->pw_name;
}

std::vector<const config::Sync*> choose_syncs(const Globals& globals, const Workspace& workspace,
                                              const std::vector<std::string>& words, config::Paused paused) {
  auto chosen = config::select_syncs(workspace.project(), words, paused);
  if (chosen.ok()) return *std::move(chosen);
  print_error(globals, chosen.error());
  return {};
}

void add_selection(CLI::App& command, std::vector<std::string>& words, const std::string& what) {
  const auto add = [&words](const std::vector<std::string>& given) {
    words.insert(words.end(), given.begin(), given.end());
  };
  command.add_option_function<std::vector<std::string>>(
      "SYNC", add, what + "; all of them when none is named. Patterns such as crm_* fit several");
  command
      .add_option_function<std::vector<std::string>>("--select", add,
                                                     "Those that fit tag:X, destination:X, source:X, "
                                                     "model:X, owner:X or a name; of parts joined by commas "
                                                     "all must hold")
      ->type_name("SELECTOR");
}

const config::Sync* known_sync(const Globals& globals, const Workspace& workspace, const std::string& name) {
  const auto* sync = workspace.project().sync(name);
  if (sync != nullptr) return sync;
  std::vector<std::string> known;
  for (const auto& each : workspace.project().syncs) known.push_back(each.name);
  print_error(globals, {ErrorKind::config, fmt::format("there is no sync '{}'", name),
                        declare::did_you_mean(name, known) +
                            (known.empty() ? "" : fmt::format(" (syncs: {})", declare::list_names(known)))});
  return nullptr;
}

}  // namespace penstock::cli
