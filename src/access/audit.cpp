// The audit log: it only grows.
#include <algorithm>

#include "access/file_access.h"
#include "declare/utf8.h"

namespace penstock::access {
namespace {

constexpr size_t kTextBytesMax = 512;
constexpr uint32_t kEntriesMax = 1000;

}  // namespace

// What a terminal or a page must not be told by strangers: control characters, and bytes that are no text.
std::string for_the_log(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < kTextBytesMax) {
    const size_t bytes = declare::character_bytes(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_control =
        first < 0x20 || first == 0x7f ||
        (bytes == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);  // U+0080 to U+009F
    if (bytes == 0 || is_control)
      out += '?';
    else
      out += text.substr(0, bytes);
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
  return out;
}

Result<void> FileAccess::write_audit(const AuditEntry& entry) {
  auto written =
      file_.change("INSERT INTO audit(at, who, action, target, result, address) VALUES (?, ?, ?, ?, ?, ?)",
                   clock_.now(), for_the_log(entry.who), for_the_log(entry.action), for_the_log(entry.target),
                   for_the_log(entry.result), for_the_log(entry.address));
  return written.ok() ? success() : Result<void>(written.error());
}

Result<void> FileAccess::write_audit(const Actor& actor, std::string action, std::string target,
                                     std::string result) {
  AuditEntry entry;
  entry.who = actor.name;
  entry.address = actor.address;
  entry.action = std::move(action);
  entry.target = std::move(target);
  entry.result = std::move(result);
  return write_audit(entry);
}

Result<void> FileAccess::note(const AuditEntry& entry) {
  const std::lock_guard lock(mutex_);
  return write_audit(entry);
}

Result<std::vector<AuditEntry>> FileAccess::audit(const AuditQuestion& question) {
  const std::lock_guard lock(mutex_);
  auto rows = file_.ask(
      "SELECT id, at, who, action, target, result, address FROM audit WHERE (?1 = '' OR who = ?1) AND "
      "(?2 = '' OR action = ?2) AND (?3 = '' OR target = ?3) AND (?4 IS NULL OR id < ?4) AND "
      "(?5 IS NULL OR at >= ?5) ORDER BY id DESC LIMIT ?6",
      question.who, question.action, question.target, question.before, question.since,
      int64_t{std::min(question.limit, kEntriesMax)});
  if (!rows.ok()) return rows.error();
  std::vector<AuditEntry> entries;
  for (;;) {
    auto row = rows->step();
    if (!row.ok()) return row.error();
    if (!*row) return entries;
    entries.push_back({rows->number(0), rows->time(1), rows->text(2), rows->text(3), rows->text(4),
                       rows->text(5), rows->text(6)});
  }
}

}  // namespace penstock::access
