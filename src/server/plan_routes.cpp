// Plans: made for people to look at, approved, and run exactly as they are.
#include <fmt/format.h>

#include "run/approvals.h"
#include "run/reviewed_plan.h"
#include "server/body.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;

void add_ready(JsonWriter& json, const KeptPlan& plan) {
  const PlannedSync& planned = *plan.planned;
  const PlanCounts& counts = planned.plan.counts;
  add_plan_counts(json, counts);
  add_number(json, "to_send", counts.to_send);
  add_number(json, "requests", planned.estimate.requests);
  json.key("seconds").raw(fmt::format("{:.1f}", planned.estimate.seconds));
  if (planned.guard)
    json.key("guard")
        .begin_object()
        .key("guard")
        .text(planned.guard->guard)
        .key("message")
        .text(planned.guard->message)
        .text_if("remedy", planned.guard->remedy)
        .end_object();
  add_texts(json, "notes", planned.notes);
  json.key("samples").begin_array();
  for (const auto& row : planned.plan.samples) json.raw(sample_json(row));
  json.end_array().key("invalid_rows").begin_array();
  for (const auto& row : planned.plan.invalid) json.raw(invalid_json(row));
  json.end_array();
  if (planned.kept) json.key("digest").text(planned.kept->digest);
}

std::string plan_reply_json(const KeptPlan& plan) {
  JsonWriter json;
  json.begin_object().key("id").text(plan.id).key("sync").text(plan.sync).key("made").text(
      iso8601(plan.made));
  json.key("state").text(plan_state(plan.state)).text_if("run", plan.run);
  if (plan.error) {
    const bool has_mistakes = !plan.diagnostics.ok();
    json.key("error").raw(problem(*plan.error, has_mistakes ? &plan.diagnostics : nullptr).body);
  }
  if (plan.planned) add_ready(json, plan);
  if (const auto* sync = plan.loaded->project().sync(plan.sync))
    json.key("needs_approval").boolean(sync->approve == config::Approve::required);
  if (plan.planned && plan.planned->kept)
    if (const auto by = approvers(*plan.loaded->workspace, plan.planned->kept->digest); by.ok())
      json.text_if("approved_by", *by);
  return json.end_object().str();
}

// Rows of the plan's file: its samples are as many as are asked for, of each kind.
Result<std::vector<SampleRow>> rows_of(const KeptPlan& plan, uint64_t rows) {
  return plan_file_samples(*plan.planned->kept, rows);
}

bool has_text(const SampleRow& row, const std::string& search) {
  if (row.key.find(search) != std::string::npos) return true;
  for (const auto& field : row.fields)
    if (!field.personal && field.value && field.value->find(search) != std::string::npos) return true;
  return false;
}

}  // namespace

ServerReply start_plan(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const auto sync = body->text("sync");
  const bool full = body->boolean("full").value_or(false);
  const auto samples = body->integer("samples");
  if (auto checked = body->check({"sync"}); !checked.ok()) return problem(checked.error());
  if (call.site.loaded()->project().sync(*sync) == nullptr) return not_found("sync", *sync);
  auto plan = call.site.plans.start(*sync, full,
                                    static_cast<uint64_t>(std::clamp<int64_t>(samples.value_or(20), 0, 100)));
  return plan.ok() ? json_reply(plan_reply_json(**plan), 202) : problem(plan.error());
}

ServerReply get_plan(Call& call) {
  const auto plan = call.site.plans.find(call.id());
  return plan == nullptr ? not_found("plan", call.id()) : json_reply(plan_reply_json(*plan));
}

ServerReply list_plan_rows(Call& call) {
  const auto plan = call.site.plans.find(call.id());
  if (plan == nullptr) return not_found("plan", call.id());
  if (plan->state != KeptPlan::State::ready || !plan->planned->kept)
    return problem(409, "conflict", "this plan has no rows yet", "wait until its state is ready");
  const std::string change = call.text("change"), search = call.text("search");
  const uint64_t limit = call.limit(100), after = std::strtoull(call.text("after").c_str(), nullptr, 10);
  JsonWriter json;
  json.begin_object().key("rows").begin_array();
  uint64_t shown = 0, passed = 0;
  bool more = false;
  if (change == "invalid") {
    for (const auto& row : plan->planned->plan.invalid) {
      JsonWriter one;
      one.begin_object().key("key").text(row.key).key("change").text("invalid").key("why").text(row.reason);
      json.raw(one.end_object().str());
    }
    return json_reply(json.end_array().end_object());
  }
  constexpr uint64_t kRowsMax = 100'000;  // of each kind, that are looked through
  const auto rows = rows_of(*plan, search.empty() ? std::min(after + limit + 1, kRowsMax) : kRowsMax);
  if (!rows.ok()) return problem(rows.error());
  for (const auto& row : *rows) {
    if ((!change.empty() && row.change != change) || (!search.empty() && !has_text(row, search))) continue;
    if (passed++ < after) continue;
    if (shown == limit) {
      more = true;
      break;
    }
    json.raw(sample_json(row));
    ++shown;
  }
  json.end_array();
  if (more) json.key("next").text(fmt::to_string(after + limit));
  return json_reply(json.end_object());
}

ServerReply approve_plan(Call& call) {
  const auto plan = call.site.plans.find(call.id());
  if (plan == nullptr) return not_found("plan", call.id());
  if (plan->state != KeptPlan::State::ready || !plan->planned->kept)
    return problem(409, "conflict", "this plan is not complete", "wait until its state is ready");
  const auto approved =
      penstock::approve_plan(*plan->loaded->workspace, *plan->planned->kept, call.who.name, "");
  if (!approved.ok()) return problem(approved.error());
  note(call, "plan.approve", fmt::format("{} {}", plan->sync, approved->plan));
  call.site.plans.note_approved(*plan);
  return json_reply(plan_reply_json(*plan));
}

}  // namespace penstock::server
