#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "cli/command.h"
#include "declare/json.h"
#include "run/approvals.h"
#include "run/reviewed_plan.h"

namespace penstock::cli {
namespace {

struct ApproveOptions {
  std::string file, by, note;
};

std::string approval_json(const ApprovalRow& approval, const std::string& file) {
  declare::JsonWriter json;
  json.begin_object()
      .key("sync")
      .text(approval.sync)
      .key("file")
      .text(file)
      .key("digest")
      .text(approval.plan);
  json.key("approved_by").text(approval.by).key("at").text(iso8601(approval.at));
  return json.text_if("note", approval.note).end_object().str();
}

std::string approval_text(const ApprovalRow& approval, const PlanFile& file) {
  const PlanCounts& counts = file.facts.counts;
  return fmt::format(
      "approved by {}: the plan of '{}' from {}, {} to send ({} added, {} changed, {} removed)\n"
      "  digest {}\n  next: penstock run --plan {}\n",
      approval.by, approval.sync, iso8601(file.facts.planned_at), count(counts.to_send, "row", "rows"),
      number(counts.added), number(counts.changed), number(counts.removed), approval.plan, file.path);
}

int approve(const Globals& globals, const ApproveOptions& given) {
  const std::string by = given.by.empty() ? system_user() : given.by;
  if (by.empty())
    return print_error(globals,
                       {ErrorKind::config, "the system does not know this user's name", "say it: --by NAME"});
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  auto file = open_plan_file(*workspace, given.file);
  if (!file.ok()) return print_error(globals, file.error());
  auto approval = approve_plan(*workspace, *file, by, given.note);
  if (!approval.ok()) return print_error(globals, approval.error());
  fmt::print("{}",
             globals.json ? approval_json(*approval, file->path) + "\n" : approval_text(*approval, *file));
  return kDone;
}

}  // namespace

void add_approve(Door door) {
  auto* command = door.app.add_subcommand("approve", "Record that a plan file may be sent");
  command->footer(
      "A sync that says `approve: required` sends nothing but plan files that somebody approved.\n"
      "Examples:\n  penstock plan customers_to_crm --out plan.parquet\n  penstock approve plan.parquet "
      "--note "
      "\"as agreed in #412\"\n  penstock run --plan plan.parquet");
  auto given = std::make_shared<ApproveOptions>();
  command->add_option("FILE", given->file, "The plan file")->required();
  command->add_option("--by", given->by, "Who approves; the system's name of the user when not given");
  command->add_option("--note", given->note, "Why, or where that was decided");
  command->callback([door, given] { door.run = [door, given] { return approve(door.globals, *given); }; });
}

}  // namespace penstock::cli
