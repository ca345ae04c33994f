#include "cli/field_view.h"

#include <fmt/format.h>

namespace penstock::cli {
namespace {

std::string told(const std::optional<std::string>& value) {
  return value ? "'" + shortened(*value, 40) + "'" : "NULL";
}

std::string before_cell(const FieldEvent& event) {
  if (!event.before_known) return "";
  return event.record_existed ? told(event.before) : "(no record)";
}

std::string sent_cell(const FieldEvent& event) {
  if (event.kept) return "(left to others)";
  return event.sent ? told(event.value) : "(removed)";
}

}  // namespace

std::string field_text(const config::Sync& sync, const FieldHistory& history, const Terminal& terminal) {
  std::string out = fmt::format("{} key {} field {}\n\n", styled(sync.name, Style::bold, terminal.colour_out),
                                styled(history.key, Style::bold, terminal.colour_out),
                                styled(history.field, Style::bold, terminal.colour_out));
  if (history.events.empty())
    return out + "  it was never sent for this row, as far as operations are kept\n";
  Table table({"at", "run", "there before", "sent", "outcome"});
  for (const auto& event : history.events)
    table.add({event.at, event.run, before_cell(event), sent_cell(event),
               fmt::format("{} {}", event.operation, event.outcome)});
  out += table.text(terminal);
  if (sync.before != config::Before::keep)
    out +=
        styled("\n  what stood there before is read with `before: keep`\n", Style::dim, terminal.colour_out);
  return out;
}

}  // namespace penstock::cli
