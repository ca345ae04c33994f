#include "cli/against_view.h"

#include <fmt/format.h>

#include "declare/json.h"
#include "declare/nearest.h"
#include "run/as_json.h"

namespace penstock::cli {
namespace {

using Differs = config::SyncDifference::Kind;

struct CountOf {
  const char* name;
  uint64_t PlanCounts::* count;
};
constexpr CountOf kCounts[] = {{"added", &PlanCounts::added},     {"changed", &PlanCounts::changed},
                               {"removed", &PlanCounts::removed}, {"unchanged", &PlanCounts::unchanged},
                               {"waiting", &PlanCounts::waiting}, {"invalid", &PlanCounts::invalid}};

uint64_t count_of(const PlanSide& side, const CountOf& of) {
  return side.planned ? side.planned->plan.counts.*of.count : 0;
}

bool has_both(const AgainstSync& sync) {
  return sync.before.planned && sync.now.planned;
}

// "+1,200", "-3", "" for none.
std::string signed_number(uint64_t before, uint64_t now) {
  if (before == now) return "";
  return now > before ? "+" + number(now - before) : "-" + number(before - now);
}

std::string cell(const PlanSide& side, const CountOf& of) {
  return side.planned ? number(count_of(side, of)) : "";
}

bool is_shown(const AgainstSync& sync, const CountOf& of) {
  return std::string_view(of.name) == "unchanged" || count_of(sync.before, of) + count_of(sync.now, of) > 0;
}

// "because fields.tier and model customers differ"
std::string cause_of(const config::SyncDifference& difference) {
  switch (difference.kind) {
    case Differs::added:
      return "new";
    case Differs::removed:
      return "removed: nothing more is sent, and its records stay as they are";
    case Differs::changed:
      break;
  }
  return declare::list_names(difference.what, 8, "and") +
         (difference.what.size() == 1 ? " differs" : " differ");
}

// What a reader must know besides the counts.
std::vector<std::string> remarks_of(const AgainstSync& sync, const std::string& revision) {
  std::vector<std::string> out;
  if (!sync.before.problem.empty())
    out.push_back(fmt::format("no plan with the files of {}: {}", revision, sync.before.problem));
  if (!sync.now.problem.empty()) out.push_back("no plan: " + sync.now.problem);
  if (!sync.now.planned) return out;
  const PlannedSync& now = *sync.now.planned;
  if (now.plan.counts.remapped > 0)
    out.push_back(
        fmt::format("{} of the changed only because the mapping changed", number(now.plan.counts.remapped)));
  if (now.guard) out.push_back(fmt::format("guard {}: {}", now.guard->guard, now.guard->message));
  for (const std::string& note : now.notes) out.push_back(note);
  return out;
}

std::string headline(const Against& against) {
  if (against.syncs.empty()) return fmt::format("no sync differs from {}", against.revision);
  return fmt::format(
      "{} from {} ({})",
      against.syncs.size() == 1 ? "1 sync differs" : fmt::format("{} syncs differ", against.syncs.size()),
      against.revision, against.commit.substr(0, 7));
}

// Texts of files and sources in Markdown: nothing in them may format, link or mention.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '@') {
      out += "&#64;";
    } else {
      if (std::string_view("\\`*_{}[]()#+!|>~").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

void counts_members(declare::JsonWriter& json, const AgainstSync& sync) {
  json.key("difference").begin_object();
  for (const CountOf& of : kCounts)
    json.key(of.name).integer(static_cast<int64_t>(count_of(sync.now, of)) -
                              static_cast<int64_t>(count_of(sync.before, of)));
  json.end_object();
}

void side_member(declare::JsonWriter& json, std::string_view name, const PlanSide& side) {
  if (!side.planned && side.problem.empty()) return;
  json.key(name);
  if (side.planned)
    json.raw(plan_json(*side.planned));
  else
    json.begin_object().key("problem").text(side.problem).end_object();
}

}  // namespace

std::string against_text(const Against& against, const Terminal& terminal) {
  std::string out = headline(against) + "\n";
  for (const AgainstSync& sync : against.syncs) {
    out += fmt::format("\n{}  {}\n", styled(sync.difference.sync, Style::bold, terminal.colour_out),
                       cause_of(sync.difference));
    if (sync.before.planned || sync.now.planned) {
      Table table({"", "at " + against.revision, "now", "difference"});
      for (const CountOf& of : kCounts)
        if (is_shown(sync, of))
          table.add({fmt::format("  {}", of.name), cell(sync.before, of), cell(sync.now, of),
                     has_both(sync) ? signed_number(count_of(sync.before, of), count_of(sync.now, of)) : ""});
      out += table.text(terminal);
    }
    for (const std::string& remark : remarks_of(sync, against.revision))
      out += styled("  note: " + remark, Style::dim, terminal.colour_out) + "\n";
  }
  for (const std::string& note : against.notes)
    out += styled("note: " + note, Style::dim, terminal.colour_out) + "\n";
  return out;
}

std::string against_json(const Against& against) {
  std::string out;
  for (const AgainstSync& sync : against.syncs) {
    declare::JsonWriter json;
    json.begin_object().key("sync").text(sync.difference.sync);
    json.key("against").text(against.commit).key("change").text(config::name_of(sync.difference.kind));
    json.key("differs").begin_array();
    for (const std::string& what : sync.difference.what) json.text(what);
    json.end_array();
    side_member(json, "before", sync.before);
    side_member(json, "now", sync.now);
    if (has_both(sync)) counts_members(json, sync);
    out += json.end_object().str() + "\n";
  }
  return out;
}

std::string against_markdown(const Against& against) {
  std::string out = fmt::format("### What this change sends\n\n{}.\n", escaped(headline(against)));
  for (const AgainstSync& sync : against.syncs) {
    out += fmt::format("\n**{}**: {}\n", escaped(sync.difference.sync), escaped(cause_of(sync.difference)));
    if (sync.before.planned || sync.now.planned) {
      out += fmt::format("\n| rows | at {} | with this change | difference |\n| --- | ---: | ---: | ---: |\n",
                         escaped(against.revision));
      for (const CountOf& of : kCounts)
        if (is_shown(sync, of))
          out += fmt::format(
              "| {} | {} | {} | {} |\n", of.name, cell(sync.before, of), cell(sync.now, of),
              has_both(sync) ? signed_number(count_of(sync.before, of), count_of(sync.now, of)) : "");
    }
    const auto remarks = remarks_of(sync, against.revision);
    if (!remarks.empty()) out += "\n";
    for (const std::string& remark : remarks) out += "- " + escaped(remark) + "\n";
  }
  if (!against.notes.empty()) out += "\n";
  for (const std::string& note : against.notes) out += "- " + escaped(note) + "\n";
  return out + "\n_Planned against the state as it is now; nothing was sent._\n";
}

}  // namespace penstock::cli
