#include "cli/plan_view.h"

#include <fmt/format.h>

#include <algorithm>

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
    origin();
    counts();
    samples();
    invalid();
    cost();
    for (const auto& note : planned_.notes) line(Style::dim, "  note: " + note);
    if (planned_.guard) {
      line(Style::red, fmt::format("  guard {}: {}", planned_.guard->guard, planned_.guard->message));
      line(Style::dim, "  → " + planned_.guard->remedy);
    }
    kept();
    holds();
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
    line(Style::dim,
         fmt::format("  read {} and found {} in {}", penstock::count(seen.read + seen.absent, "row", "rows"),
                     penstock::count(seen.read, "record", "records"),
                     penstock::count(seen.requests, "request", "requests")));
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
                        penstock::count(counts_.to_send, "row", "rows"),
                        jobs > 0 ? penstock::count(jobs, "bulk job", "bulk jobs") + " of " : "",
                        penstock::count(planned_.estimate.requests, "request", "requests"),
                        duration(planned_.estimate.seconds));
    if (const auto& quota = planned_.estimate.quota_short)
      line(Style::yellow,
           fmt::format("  this cannot be finished today: {} of {} requests are left for us of `{}`, "
                       "and {} are needed; a run ends there, and the next one goes on from {}",
                       number(quota->left.left), declare::show(quota->left.rate), quota->group,
                       number(quota->needed), iso8601(quota->left.more)));
  }

  void origin() {
    if (!planned_.read) return;
    const PlanFileFacts& facts = planned_.read->facts;
    std::string asked = facts.kind == "run" ? "" : ", " + facts.kind;
    if (facts.limit) asked += fmt::format(", at most {}", penstock::count(*facts.limit, "row", "rows"));
    if (facts.key) asked += ", one key only";
    line(Style::dim, fmt::format("  {}: planned at {}{}, digest {}", planned_.read->path,
                                 iso8601(facts.planned_at), asked, planned_.read->digest));
    if (!planned_.approved_by.empty()) line(Style::dim, "  approved by " + planned_.approved_by);
  }

  void kept() {
    if (!planned_.kept) return;
    const std::string& path = planned_.kept->path;
    out_ += fmt::format("\n  kept in {}  {}\n", styled(path, Style::bold, terminal_.colour_out),
                        styled("digest " + planned_.kept->digest, Style::dim, terminal_.colour_out));
    line(Style::yellow, "  it holds what would be sent in clear, personal values too; only you can read it");
    line(Style::dim, fmt::format("  next: {}penstock run --plan {}",
                                 sync_.approve == config::Approve::required
                                     ? fmt::format("penstock approve {}   then   ", path)
                                     : "",
                                 path));
  }

  void holds() {
    if (!planned_.read) return;
    if (planned_.moved) {
      line(Style::red, "  it does not hold any longer: " + planned_.moved->message);
      line(Style::dim, "  → " + planned_.moved->remedy);
    } else {
      line(Style::green,
           fmt::format("  it still holds: penstock run --plan {} sends it", planned_.read->path));
    }
  }

  const PlannedSync& planned_;
  const PlanCounts& counts_;
  const config::Sync& sync_;
  const Terminal& terminal_;
  std::string out_;
};

}  // namespace

std::string plan_text(const PlannedSync& planned, const config::Sync& sync, const Terminal& terminal) {
  return PlanText(planned, sync, terminal).text();
}

}  // namespace penstock::cli
