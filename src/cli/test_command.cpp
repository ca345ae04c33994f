// test: the cases of tests/*.yaml, offline; connector test: the behaviours that every connector must have.
#include "cli/test_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "declare/declare.h"
#include "rehearse/rehearse.h"

namespace penstock::cli {
namespace {

using rehearse::BehaviourResult;
using rehearse::CaseResult;
using rehearse::Difference;
using rehearse::Holds;

std::string case_json(const CaseResult& result) {
  declare::JsonWriter json;
  json.begin_object()
      .key("test")
      .text(result.file)
      .key("sync")
      .text(result.sync)
      .key("case")
      .text(result.name);
  json.key("line").integer(result.place.line).key("holds").boolean(result.holds());
  json.key("differences").begin_array();
  for (const Difference& each : result.differences) {
    json.begin_object().key("what").text(each.what);
    if (each.row) json.key("row").integer(static_cast<int64_t>(*each.row));
    json.text_if("field", each.field).key("expected").text(each.expected).key("got").text(each.got);
    json.end_object();
  }
  return json.end_array().end_object().str();
}

// "tier", "row 2, tier", "request 1", "the body of request 1"
std::string name_of(const Difference& difference) {
  std::string name = difference.field;
  if (difference.what == "requests") {
    const size_t dot = name.find(".body");
    name = dot == name.npos ? "request " + name : fmt::format("the body of request {}", name.substr(0, dot));
  } else if (name.empty()) {
    name = difference.what;
  }
  return difference.row ? fmt::format("row {}, {}", *difference.row, name) : name;
}

void print_case(const Globals& globals, const CaseResult& result) {
  const bool colour = globals.terminal.colour_out;
  if (result.holds()) {
    if (!globals.quiet)
      fmt::print("{} {}: {}\n", styled("✓", Style::green, colour), result.sync, result.name);
    return;
  }
  fmt::print("{} {}: {} ({})\n", styled("✗", Style::red, colour), result.sync,
             styled(result.name, Style::bold, colour), fmt::format("{}:{}", result.file, result.place.line));
  for (const Difference& each : result.differences)
    fmt::print("    {}\n      expected  {}\n      got       {}\n", name_of(each),
               styled(each.expected, Style::green, colour), styled(each.got, Style::red, colour));
}

bool is_chosen(const std::vector<std::string>& syncs, const config::Test& test) {
  return syncs.empty() || std::find(syncs.begin(), syncs.end(), *test.sync) != syncs.end();
}

// Unknown syncs are a mistake of the command line.
int check_names(const Globals& globals, const Workspace& workspace, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const auto& sync : workspace.project().syncs) known.push_back(sync.name);
  for (const auto& name : names)
    if (workspace.project().sync(name) == nullptr)
      return print_error(globals, {ErrorKind::config, fmt::format("there is no sync '{}'", name),
                                   fmt::format("{} (syncs: {})", declare::did_you_mean(name, known),
                                               declare::list_names(known))});
  return kDone;
}

int test(const Globals& globals, const std::vector<std::string>& syncs) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  if (const int wrong = check_names(globals, *workspace, syncs); wrong != kDone) return wrong;
  declare::Diagnostics diagnostics;
  const auto tests = config::load_tests(real_disk(), workspace->project(), diagnostics);
  std::vector<CaseResult> results;
  if (diagnostics.ok())
    for (const auto& each : tests)
      if (is_chosen(syncs, each))
        for (auto& result : rehearse::rehearse_test(*workspace, each, diagnostics))
          results.push_back(std::move(result));
  if (const int wrong = print_diagnostics(globals, diagnostics); wrong != kDone) {
    if (!globals.json) say(globals, diagnostics.summary() + "\n");
    return wrong;
  }
  size_t failed = 0;
  for (const auto& result : results) {
    failed += !result.holds();
    if (globals.json)
      fmt::print("{}\n", case_json(result));
    else
      print_case(globals, result);
  }
  if (results.empty())
    say(globals, "there is nothing to try: write cases in tests/NAME.yaml (docs/projects.md shows how)\n");
  else if (!globals.json)
    say(globals, failed == 0
                     ? fmt::format("{}, all hold\n", count(results.size(), "case", "cases"))
                     : fmt::format("{}, of which {} not hold\n", count(results.size(), "case", "cases"),
                                   count(failed, "does", "do")));
  return failed == 0 ? kDone : kFailed;
}

// ---- connector test

std::string behaviour_json(const std::string& connector, const BehaviourResult& result) {
  declare::JsonWriter json;
  json.begin_object().key("connector").text(connector).key("object").text(result.object);
  json.text_if("match", result.match).key("mode").text(result.mode).key("behaviour").text(result.behaviour);
  json.key("result").text(name_of(result.holds)).text_if("why", result.why).end_object();
  return json.str();
}

// One behaviour of all ways, as a line of the table.
struct BehaviourLine {
  std::string name;
  size_t held = 0, failed = 0;
  std::string not_applicable;  // the first reason
};

std::vector<BehaviourLine> lines_of(const std::vector<BehaviourResult>& results) {
  std::vector<BehaviourLine> lines;
  for (const auto& result : results) {
    if (result.behaviour == rehearse::kModeIsOffered) continue;
    auto line = std::find_if(lines.begin(), lines.end(),
                             [&](const auto& each) { return each.name == result.behaviour; });
    if (line == lines.end()) line = lines.insert(lines.end(), {result.behaviour, 0, 0, ""});
    line->held += result.holds == Holds::yes;
    line->failed += result.holds == Holds::no;
    if (result.holds == Holds::not_applicable && line->not_applicable.empty())
      line->not_applicable = result.why;
  }
  return lines;
}

std::string way_of(const BehaviourResult& result) {
  return fmt::format("{} {}{}", result.mode, result.object,
                     result.match.empty() ? "" : fmt::format(" by {}", result.match));
}

void print_behaviours(const Globals& globals, const std::string& name,
                      const std::vector<BehaviourResult>& results) {
  const bool colour = globals.terminal.colour_out;
  std::vector<std::string> ways;
  for (const auto& result : results)
    if (result.behaviour != rehearse::kModeIsOffered && (ways.empty() || ways.back() != way_of(result)))
      ways.push_back(way_of(result));
  fmt::print("{}: {}\n", styled(name, Style::bold, colour),
             count(ways.size(), "way to write", "ways to write"));
  for (const auto& line : lines_of(results)) {
    if (line.failed > 0) {
      fmt::print("  {} {:<34} fails in {} of {}\n", styled("FAILED", Style::red, colour), line.name,
                 line.failed, line.failed + line.held);
      size_t shown = 0;
      for (const auto& result : results)
        if (result.behaviour == line.name && result.holds == Holds::no && (++shown <= 3 || globals.verbose))
          fmt::print("           {}: {}\n", way_of(result), result.why);
      continue;
    }
    if (globals.quiet) continue;
    if (line.held > 0)
      fmt::print("  {}     {}\n", styled("ok", Style::green, colour), line.name);
    else
      fmt::print("  {}\n",
                 styled(fmt::format("-      {:<34} not applicable: {}", line.name, line.not_applicable),
                        Style::dim, colour));
  }
}

// The connector that a file declares.
std::vector<connector::ConnectorRef> read_connector(const Globals& globals, const std::string& path) {
  auto text = real_disk().read(path);
  if (!text.ok()) {
    print_error(globals, {ErrorKind::config, text.error().message, ""});
    return {};
  }
  declare::Diagnostics diagnostics;
  auto declaration =
      connector::read_declaration(std::make_shared<declare::SourceFile>(path, *std::move(text)), diagnostics);
  if (print_diagnostics(globals, diagnostics) != kDone || !declaration) return {};
  return {std::make_shared<connector::Connector>(*std::move(declaration))};
}

// By its name, its file, or all that there are; empty when something is wrong, which was printed.
std::vector<connector::ConnectorRef> choose_connectors(const Globals& globals, const std::string& wanted) {
  if (wanted.ends_with(".yaml") || wanted.ends_with(".yml")) return read_connector(globals, wanted);
  declare::Diagnostics diagnostics;
  const connector::Catalog catalog = project_catalog(globals, diagnostics);
  if (print_diagnostics(globals, diagnostics) != kDone) return {};
  const std::vector<std::string> names = catalog.names();
  std::vector<connector::ConnectorRef> chosen;
  for (const auto& name : names)
    if (wanted.empty() || name == wanted) chosen.push_back(catalog.find(name));
  if (chosen.empty())
    print_error(globals, {ErrorKind::config, fmt::format("there is no connector '{}'", wanted),
                          declare::did_you_mean(wanted, names)});
  return chosen;
}

int test_connectors(const Globals& globals, const std::string& wanted) {
  const auto chosen = choose_connectors(globals, wanted);
  if (chosen.empty()) return kUsage;
  size_t failed = 0;
  for (const auto& connector : chosen) {
    auto results = rehearse::rehearse_connector(connector);
    if (!results.ok()) return print_error(globals, results.error());
    const bool holds = std::none_of(results->begin(), results->end(),
                                    [](const auto& result) { return result.holds == Holds::no; });
    failed += !holds;
    if (globals.json)
      for (const auto& result : *results) fmt::print("{}\n", behaviour_json(connector->name(), result));
    else if (!globals.quiet || !holds)
      print_behaviours(globals, connector->name(), *results);
  }
  if (!globals.json && chosen.size() > 1)
    say(globals, fmt::format("{}, {} with behaviours that do not hold\n",
                             count(chosen.size(), "connector", "connectors"), failed));
  return failed == 0 ? kDone : kFailed;
}

}  // namespace

void add_connector_test(CLI::App& connector, Door door) {
  auto* test = connector.add_subcommand("test", "Try the behaviours that every connector must have");
  auto name = std::make_shared<std::string>();
  test->add_option("FILE|NAME", *name, "The connector's file or name; all connectors when not given");
  test->callback([door, name] { door.run = [door, name] { return test_connectors(door.globals, *name); }; });
}

void add_test(Door door) {
  auto* command =
      door.app.add_subcommand("test", "Try the cases of tests/*.yaml: rows in, payloads out, offline");
  auto syncs = std::make_shared<std::vector<std::string>>();
  command->add_option("SYNC", *syncs, "Tests of these syncs; all when not given");
  command->callback([door, syncs] { door.run = [door, syncs] { return test(door.globals, *syncs); }; });
}

}  // namespace penstock::cli
