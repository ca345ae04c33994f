#include "sandbox/history.h"

#include "sandbox/json_text.h"

namespace penstock::sandbox {
namespace {

constexpr size_t kWritesMax = 1'000'000;

}  // namespace

void History::add(std::string_view object, const Write& write, Time now) {
  if (!kept_) return;
  std::string line = "{\"seq\":";
  append_number(line, ++sequence_);
  line += ",\"at\":";
  append_json_time(line, now);
  for (const auto& [name, text] : {std::pair("operation", write.operation), std::pair("id", write.id),
                                   std::pair("match", write.match)}) {
    line.push_back(',');
    append_json_member(line, name, text);
  }
  line += ",\"properties\":";
  line += write.properties.empty() ? "{}" : write.properties;
  line += "}\n";
  auto lines = lines_.find(object);
  if (lines == lines_.end()) lines = lines_.try_emplace(std::string(object)).first;
  if (lines->second.size() == kWritesMax) lines->second.pop_front();
  lines->second.push_back(std::move(line));
}

void History::append_lines(std::string_view object, std::string& out) const {
  const auto lines = lines_.find(object);
  if (lines == lines_.end()) return;
  for (const std::string& line : lines->second) out += line;
}

}  // namespace penstock::sandbox
