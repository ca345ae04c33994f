#include "cli/plan_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "declare/units.h"

namespace penstock::cli {
namespace {

struct Sign {
  const char* mark;
  Style style;
};

Sign sign_of(std::string_view change) {
  if (change == "added") return {"+", Style::green};
  if (change == "removed") return {"-", Style::red};
  return {"~", Style::yellow};
}

class PlanText {
 public:
  PlanText(const PlannedSync& planned, const config::Sync& sync, const Terminal& terminal)
      : planned_(planned), counts_(planned.plan.counts), sync_(sync), terminal_(terminal) {}

  std::string text() {
    head();
    counts();
    samples();
    invalid();
    cost();
    for (const auto& note : planned_.notes) line(Style::dim, "  note: " + note);
    if (planned_.guard) {
      line(Style::red, fmt::format("  guard {}: {}", planned_.guard->guard, planned_.guard->message));
      line(Style::dim, "  → " + planned_.guard->remedy);
    }
    return std::move(out_);
  }

 private:
  void line(Style style, const std::string& text) {
    out_ += styled(text, style, terminal_.colour_out) + "\n";
  }

  void head() {
    out_ += fmt::format("{}  {} → {} {} ({})\n", styled(sync_.name, Style::bold, terminal_.colour_out),
                        *sync_.model, *sync_.destination, *sync_.object, config::name_of(*sync_.mode));
  }

  void count(Style style, const char* mark, uint64_t value, std::string_view word,
             std::string_view why = "") {
    if (value == 0 && word != "unchanged") return;
    out_ += fmt::format("  {} {:>12} {}{}\n", styled(mark, style, terminal_.colour_out), number(value), word,
                        styled(why, Style::dim, terminal_.colour_out));
  }

  void counts() {
    std::string why;
    const auto because = [&](uint64_t rows, std::string_view reason) {
      if (rows > 0) why += fmt::format("{}{} {}", why.empty() ? "  (" : ", ", number(rows), reason);
    };
    because(counts_.remapped, "because the mapping changed");
    because(counts_.unknown, "whose last write was in doubt");
    because(counts_.forced, "unchanged, sent again");
    if (!why.empty()) why += ")";
    count(Style::green, "+", counts_.added, "added");
    count(Style::yellow, "~", counts_.changed, "changed", why);
    count(Style::red, "-", counts_.removed, "removed", removal_note());
    count(Style::dim, "=", counts_.unchanged, "unchanged");
    count(Style::yellow, "…", counts_.waiting, "waiting",
          "  (refused before; `penstock retry` tries them now)");
    count(Style::yellow, "…", counts_.waiting_removals, "removals waiting");
    count(Style::red, "!", counts_.invalid, "invalid", "  (not sent)");
    if (counts_.handed_over > 0)
      count(Style::dim, "→", counts_.handed_over, "keys replaced",
            "  (another key stands for the same record now)");
    looked();
  }

  // What the destination said, where it was asked.
  void looked() {
    if (!planned_.looked) return;
    const LookCounts& seen = *planned_.looked;
    count(Style::dim, "=", seen.equal, "say so already",
          sync_.skip_equal ? "  (not written: skip_equal)"
                           : "  (no change there; skip_equal: true leaves them out)");
    count(Style::yellow, "!", seen.kept_fields, "values of others",
          "  (left alone: write: if_empty, if_unchanged)");
    line(Style::dim, fmt::format("  read {} and found {} in {}",
                                 penstock::cli::count(seen.read + seen.absent, "row", "rows"),
                                 penstock::cli::count(seen.read, "record", "records"),
                                 penstock::cli::count(seen.requests, "request", "requests")));
  }

  std::string removal_note() const {
    if (*sync_.mode == config::Mode::mirror || *sync_.mode == config::Mode::replace) return "";
    return fmt::format("  (on_removed: {})", config::name_of(sync_.on_removed));
  }

  void samples() {
    if (planned_.plan.samples.empty()) return;
    out_ += "\n";
    for (const auto& sample : planned_.plan.samples) {
      const Sign sign = sign_of(sample.change);
      std::string why = sample.why == "mapping"    ? "  (the mapping changed)"
                        : sample.why == "in doubt" ? "  (in doubt)"
                                                   : "";
      out_ += fmt::format("  {} {}{}\n", styled(sign.mark, sign.style, terminal_.colour_out),
                          styled(sample.key, Style::bold, terminal_.colour_out),
                          styled(why, Style::dim, terminal_.colour_out));
      for (const auto& field : sample.fields) this->field(sample, field);
    }
    const uint64_t rest =
        counts_.added + counts_.changed + counts_.removed -
        std::min<uint64_t>(planned_.plan.samples.size(), counts_.added + counts_.changed + counts_.removed);
    if (rest > 0) line(Style::dim, fmt::format("  … and {} more", number(rest)));
  }

  static std::string shown(const std::optional<std::string>& value) {
    return value ? "'" + shortened(*value, 60) + "'" : "NULL";
  }

  void field(const SampleRow& sample, const SampleField& field) {
    const std::string now = field.personal && field.value ? std::string(kMask) : shown(field.value);
    std::string before;
    if (field.before) {
      const std::string old = field.personal ? std::string(kMask) : shown(*field.before);
      if (!field.personal && old == now) return;  // only what differs
      before = styled(old, Style::struck, terminal_.colour_out) + " → ";
    }
    out_ += fmt::format("      {}: {}{}\n", field.name, before,
                        styled(now, sign_of(sample.change).style, terminal_.colour_out));
  }

  void invalid() {
    if (planned_.plan.invalid.empty()) return;
    out_ += "\n";
    constexpr size_t kShown = 5;
    for (size_t i = 0; i < std::min(kShown, planned_.plan.invalid.size()); ++i)
      out_ += fmt::format("  {} {}  {}\n", styled("!", Style::red, terminal_.colour_out),
                          styled(planned_.plan.invalid[i].key, Style::bold, terminal_.colour_out),
                          planned_.plan.invalid[i].reason);
  }

  void cost() {
    if (counts_.to_send == 0) {
      line(Style::dim, "\n  nothing to send");
      return;
    }
    const uint64_t jobs = planned_.estimate.jobs;
    out_ += fmt::format("\n  {} in {}{}, about {} at the destination's limits\n",
                        penstock::cli::count(counts_.to_send, "row", "rows"),
                        jobs > 0 ? penstock::cli::count(jobs, "bulk job", "bulk jobs") + " of " : "",
                        penstock::cli::count(planned_.estimate.requests, "request", "requests"),
                        duration(planned_.estimate.seconds));
    if (const auto& quota = planned_.estimate.quota_short)
      line(Style::yellow,
           fmt::format("  this cannot be finished today: {} of {} requests are left for us of `{}`, "
                       "and {} are needed; a run ends there, and the next one goes on from {}",
                       number(quota->left.left), declare::show(quota->left.rate), quota->group,
                       number(quota->needed), iso8601(quota->left.more)));
  }

  const PlannedSync& planned_;
  const PlanCounts& counts_;
  const config::Sync& sync_;
  const Terminal& terminal_;
  std::string out_;
};

void counts_json(declare::JsonWriter& json, const PlanCounts& counts) {
  const std::pair<const char*, uint64_t> all[] = {
      {"rows", counts.rows},       {"added", counts.added},         {"changed", counts.changed},
      {"removed", counts.removed}, {"unchanged", counts.unchanged}, {"invalid", counts.invalid},
      {"waiting", counts.waiting}};
  for (const auto& [name, value] : all) json.key(name).integer(static_cast<int64_t>(value));
}

void sample_json(declare::JsonWriter& json, const SampleRow& sample) {
  json.begin_object()
      .key("change")
      .text(sample.change)
      .key("why")
      .text(sample.why)
      .key("key")
      .text(sample.key);
  json.key("fields").begin_object();
  for (const auto& field : sample.fields) {
    json.key(field.name);
    if (!field.value)
      json.raw("null");
    else
      json.text(field.personal ? kMask : std::string_view(*field.value));
  }
  json.end_object();
  if (std::any_of(sample.fields.begin(), sample.fields.end(),
                  [](const auto& field) { return field.before; })) {
    json.key("before").begin_object();
    for (const auto& field : sample.fields) {
      if (!field.before) continue;
      json.key(field.name);
      if (!*field.before)
        json.raw("null");
      else
        json.text(field.personal ? kMask : std::string_view(**field.before));
    }
    json.end_object();
  }
  json.end_object();
}

}  // namespace

std::string plan_text(const PlannedSync& planned, const config::Sync& sync, const Terminal& terminal) {
  return PlanText(planned, sync, terminal).text();
}

std::string plan_json(const PlannedSync& planned) {
  const PlanCounts& counts = planned.plan.counts;
  declare::JsonWriter json;
  json.begin_object().key("sync").text(planned.sync);
  counts_json(json, counts);
  json.key("requests").integer(static_cast<int64_t>(planned.estimate.requests));
  if (planned.estimate.jobs > 0) json.key("jobs").integer(static_cast<int64_t>(planned.estimate.jobs));
  json.key("seconds").raw(fmt::format("{:.1f}", planned.estimate.seconds));
  if (const auto& quota = planned.estimate.quota_short)
    json.key("quota")
        .begin_object()
        .key("limit")
        .text(quota->group)
        .key("rate")
        .text(declare::show(quota->left.rate))
        .key("needed")
        .integer(static_cast<int64_t>(quota->needed))
        .key("left")
        .integer(static_cast<int64_t>(quota->left.left))
        .key("more_at")
        .text(iso8601(quota->left.more))
        .end_object();
  if (planned.looked) {
    json.key("before").begin_object();
    const std::pair<const char*, uint64_t> seen[] = {{"read", planned.looked->read},
                                                     {"absent", planned.looked->absent},
                                                     {"equal", planned.looked->equal},
                                                     {"kept_fields", planned.looked->kept_fields},
                                                     {"requests", planned.looked->requests}};
    for (const auto& [name, value] : seen) json.key(name).integer(static_cast<int64_t>(value));
    json.end_object();
  }
  json.key("to_send").integer(static_cast<int64_t>(counts.to_send));
  json.key("because_of_mapping").integer(static_cast<int64_t>(counts.remapped));
  json.key("because_of_doubt").integer(static_cast<int64_t>(counts.unknown));
  json.key("waiting_removals").integer(static_cast<int64_t>(counts.waiting_removals));
  json.key("samples").begin_array();
  for (const auto& sample : planned.plan.samples) sample_json(json, sample);
  json.end_array().key("invalid_rows").begin_array();
  for (const auto& row : planned.plan.invalid)
    json.begin_object().key("key").text(row.key).key("reason").text(row.reason).end_object();
  json.end_array();
  if (planned.guard)
    json.key("guard")
        .begin_object()
        .key("name")
        .text(planned.guard->guard)
        .key("message")
        .text(planned.guard->message)
        .end_object();
  return json.end_object().str();
}

}  // namespace penstock::cli
