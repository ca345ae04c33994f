#include "warehouse_plan/copied_text.h"

#include "database/tab_text.h"

namespace penstock {
namespace {

constexpr size_t kSentAtOnce = 8 << 20;  // bytes

void append_lines(std::string& text, const duck::Chunk& chunk) {
  const std::vector<duck::Vector> columns = chunk.vectors();
  for (size_t row = 0; row < chunk.rows(); ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += '\t';
      if (columns[i].valid(row))
        append_tab_text(text, columns[i].text(row));
      else
        text += kTabNull;
    }
    text += '\n';
  }
}

}  // namespace

Result<uint64_t> send_as_text(duck::Connection& connection, const std::string& sql,
                              const std::function<Result<void>(std::string text)>& send) {
  auto rows = connection.query(sql);
  if (!rows.ok()) return rows.error();
  std::string text;
  uint64_t count = 0;
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) break;
    count += (*chunk)->rows();
    append_lines(text, **chunk);
    if (text.size() < kSentAtOnce) continue;
    if (auto sent = send(std::exchange(text, {})); !sent.ok()) return sent.error();
  }
  if (!text.empty())
    if (auto sent = send(std::move(text)); !sent.ok()) return sent.error();
  return count;
}

}  // namespace penstock
