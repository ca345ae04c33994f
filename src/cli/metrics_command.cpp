// metrics: what can be monitored.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "declare/json.h"
#include "metrics/facts.h"

namespace penstock::cli {
namespace {

std::string metric_json(const MetricFacts& facts) {
  declare::JsonWriter json;
  json.begin_object().key("metric").text(facts.name).key("type").text(name_of(facts.kind));
  json.key("labels").begin_array();
  for (const auto label : facts.labels) json.text(label);
  json.end_array().key("service_only").boolean(facts.of_process);
  return json.key("help").text(facts.help).end_object().str();
}

int list_metrics(const Globals& globals, bool as_markdown) {
  if (as_markdown) {
    fmt::print("{}", metrics_page());
    return kDone;
  }
  Table table({"metric", "type", "labels"});
  for (const MetricFacts& facts : all_metrics())
    if (globals.json)
      fmt::print("{}\n", metric_json(facts));
    else
      table.add({std::string(facts.name), std::string(name_of(facts.kind)),
                 fmt::format("{}", fmt::join(facts.labels, ", "))});
  if (!globals.json) fmt::print("{}", table.text(globals.terminal));
  return kDone;
}

}  // namespace

void add_metrics(Door door) {
  auto* command = door.app.add_subcommand("metrics", "List the metrics that a monitoring system can read");
  command->footer(
      "`penstock run --metrics FILE` writes those of runs into a file, `penstock serve` answers all of them "
      "on "
      "/metrics.\n"
      "Examples:\n  penstock metrics\n  penstock metrics --json | jq -r .help");
  auto as_markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *as_markdown, "As the tables of docs/metrics.md");
  command->callback([door, as_markdown] {
    door.run = [door, as_markdown] { return list_metrics(door.globals, *as_markdown); };
  });
}

}  // namespace penstock::cli
