#include "cli/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

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

namespace {

// A sync that runs after another comes after it.
void add_in_order(const config::Project& project, const config::Sync& sync, std::set<std::string>& done,
                  std::vector<const config::Sync*>& order) {
  if (!done.insert(sync.name).second) return;
  if (sync.schedule)
    for (const auto& after : sync.schedule->after)
      if (const auto* earlier = project.sync(*after)) add_in_order(project, *earlier, done, order);
  order.push_back(&sync);
}

}  // namespace

std::vector<const config::Sync*> choose_syncs(const Globals& globals, const Workspace& workspace,
                                              const std::vector<std::string>& names) {
  std::vector<const config::Sync*> order;
  std::set<std::string> done;
  for (const auto& sync : workspace.project().syncs) add_in_order(workspace.project(), sync, done, order);
  std::vector<std::string> known;
  for (const auto* sync : order) known.push_back(sync->name);
  if (names.empty()) {
    std::erase_if(order, [](const auto* sync) { return sync->paused; });
    if (order.empty())
      print_error(globals,
                  {ErrorKind::config, "this project has no syncs to run", "write one in syncs/NAME.yaml"});
    return order;
  }
  for (const auto& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      print_error(globals,
                  {ErrorKind::config, fmt::format("there is no sync '{}'", name),
                   declare::did_you_mean(name, known) +
                       (known.empty() ? "" : fmt::format(" (syncs: {})", declare::list_names(known)))});
      return {};
    }
  std::erase_if(order, [&](const auto* sync) {
    return std::find(names.begin(), names.end(), sync->name) == names.end();
  });
  return order;
}

const config::Sync* known_sync(const Globals& globals, const Workspace& workspace, const std::string& name) {
  const auto found = choose_syncs(globals, workspace, {name});
  return found.empty() ? nullptr : found[0];
}

}  // namespace penstock::cli
