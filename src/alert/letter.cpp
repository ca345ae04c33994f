#include "alert/letter.h"

#include <fmt/format.h>

#include "declare/utf8.h"

namespace penstock::alert {
namespace {

constexpr size_t kSyncsShown = 20;
constexpr size_t kSaidMax = 600;

// 1234567 -> "1,234,567".
std::string grouped(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string who(const Outage& outage) {
  if (outage.members.size() == 1) return outage.members.begin()->first;
  return fmt::format("{} syncs", outage.members.size());
}

bool is_gone(const Outage& outage) {
  return std::all_of(outage.members.begin(), outage.members.end(),
                     [](const auto& each) { return each.second.gone; });
}

std::string title_of(Saying saying, const Outage& outage) {
  std::string what = fmt::format("{}: {}", who(outage), outage.leading().what);
  switch (saying) {
    case Saying::broke:
      return what;
    case Saying::worse:
      return "Worse: " + what;
    case Saying::still:
      return "Still: " + what;
    case Saying::recovered:
      if (is_gone(outage))
        return fmt::format("Over: {} {} not watched any more", who(outage),
                           outage.members.size() == 1 ? "is" : "are");
      return fmt::format("Recovered: {} {} again", who(outage),
                         outage.members.size() == 1 ? "works" : "work");
  }
  die("a Saying without a title");
}

std::string sync_line(const std::string& sync, const Member& member) {
  if (member.gone) return sync + " (not watched any more)";
  if (member.restored) return fmt::format("{} (works again since {})", sync, time_text(*member.restored));
  const std::string rows = rows_text(member.last.rows);
  return fmt::format("{} ({}{}{})", sync, name_of(member.last.event), rows.empty() ? "" : ", ", rows);
}

std::string sync_lines(const Outage& outage) {
  std::string text;
  size_t shown = 0;
  for (const auto& [sync, member] : outage.members) {
    if (shown++ == kSyncsShown)
      return text + fmt::format(", and {} more", outage.members.size() - kSyncsShown);
    text += (text.empty() ? "" : ", ") + sync_line(sync, member);
  }
  return text;
}

Time last_restored(const Outage& outage) {
  Time last = outage.since;
  for (const auto& [sync, member] : outage.members)
    if (member.restored) last = std::max(last, *member.restored);
  return last;
}

std::string link_to(const Notice& notice, const Origin& origin) {
  if (origin.public_url.empty()) return "";
  if (!notice.run.empty()) return fmt::format("{}/runs/{}", origin.public_url, notice.run);
  return fmt::format("{}/syncs/{}", origin.public_url, notice.sync);
}

Section section_of(const Message::Item& item, const Origin& origin, Time now) {
  const Outage& outage = item.outage;
  const Notice& notice = outage.leading();
  Section section;
  section.id = outage.id;
  section.saying = item.saying;
  section.severity = outage.severity;
  section.event = name_of(notice.event);
  section.title = title_of(item.saying, outage);
  const bool is_over = item.saying == Saying::recovered;
  if (is_over) section.facts.emplace_back("Was", notice.what);
  const Time until = is_over ? last_restored(outage) : now;
  section.facts.emplace_back("Since", fmt::format("{} ({}{})", time_text(outage.since),
                                                  is_over ? "lasted " : "", span_text(until - outage.since)));
  if (outage.members.size() > 1) section.facts.emplace_back("Syncs", sync_lines(outage));
  const std::string rows = rows_text(notice.rows);
  if (!is_over && !rows.empty())
    section.facts.emplace_back(outage.members.size() > 1 ? fmt::format("Rows of {}", notice.sync) : "Rows",
                               rows);
  if (!notice.run.empty()) section.facts.emplace_back("Run", notice.run);
  section.link = link_to(notice, origin);
  if (is_over) return section;
  section.said = declare::shorten(notice.said, kSaidMax);
  section.remedy = declare::shorten(notice.remedy, kSaidMax);
  section.command = notice.command;
  return section;
}

}  // namespace

std::string rows_text(const RowCounts& rows) {
  std::string text;
  const auto part = [&](uint64_t value, std::string_view word) {
    if (value > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(value), word);
  };
  part(rows.accepted, "accepted");
  part(rows.rejected, "rejected");
  part(rows.in_doubt, "in doubt");
  part(rows.failed, "not delivered");
  part(rows.invalid, "invalid");
  part(rows.waiting, "waiting");
  if (rows.rows > 0) {
    if (rows.sent == 0) text += text.empty() ? "no row was sent" : ", none sent";
    text += fmt::format(", of {} in the model", grouped(rows.rows));
  }
  return text;
}

std::string time_text(Time time) {
  std::string text = iso8601(time).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

std::string span_text(Duration span) {
  const int64_t seconds =
      std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(span).count());
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  const int64_t minutes = seconds % 3600 / 60;
  if (seconds < int64_t{48} * 3600)
    return minutes == 0 ? fmt::format("{} h", seconds / 3600)
                        : fmt::format("{} h {} min", seconds / 3600, minutes);
  return fmt::format("{} days", seconds / 86400);
}

Letter letter_of(const Message& message, const Origin& origin) {
  Letter letter;
  letter.at = message.at;
  for (const Message::Item& item : message.items)
    letter.sections.push_back(section_of(item, origin, message.at));
  letter.title = letter.sections.size() == 1
                     ? fmt::format("[{}] {}", origin.project, letter.sections[0].title)
                     : fmt::format("[{}] {} outages, summed up", origin.project, letter.sections.size());
  if (message.silent_until)
    letter.note =
        fmt::format("This is the last message before {}: what comes until then is summed up (at_most).",
                    time_text(*message.silent_until));
  return letter;
}

Letter test_letter(const std::string& alert, const Origin& origin, Time now) {
  Letter letter;
  letter.at = now;
  letter.is_test = true;
  letter.title = fmt::format("[{}] Test of the alert '{}'", origin.project, alert);
  Section section;
  section.id = fmt::format("test {} {}", alert, unix_micros(now));
  section.severity = Severity::none;
  section.event = "test";
  section.title = fmt::format("Test of the alert '{}'", alert);
  section.facts.emplace_back("Sent", time_text(now));
  section.remedy = "nothing is broken: somebody tries whether this alert arrives";
  section.command = "penstock alert list";
  section.link = origin.public_url;
  letter.sections.push_back(std::move(section));
  return letter;
}

}  // namespace penstock::alert
