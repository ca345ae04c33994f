// Lines of a name and a type of ClickHouse, NUL, and then what a server sends. What is found does not depend
// on how it arrives, and every value of a block is put into a vector or refused with a reason.
#include <cstdint>
#include <string>

#include "source/clickhouse/decode.h"
#include "source/clickhouse/server.h"

namespace penstock::clickhouse {
namespace {

std::vector<Expected> columns_in(std::string_view lines) {
  std::vector<Expected> all;
  while (!lines.empty() && all.size() < 64) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const size_t blank = line.find(' ');
    if (blank == line.npos) continue;
    const auto asked = asked_as(line.substr(blank + 1));
    if (!asked.ok()) {
      check(!asked.error().message.empty(), "what is not read has a reason");
      continue;
    }
    const auto again = asked_as(asked->type);
    check(again.ok() && again->as_it_is, "what is asked for comes as it is");
    if (asked->as_it_is) all.push_back({std::string(line.substr(0, blank)), asked->form});
  }
  return all;
}

void decode(std::string_view bytes, Block block, const std::vector<Expected>& expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const duck::Type type = duck_type_of(expected[i].form, false);
    ColumnReader reader(bytes, std::move(block.columns[i]));
    for (size_t done = 0; done < std::min<size_t>(block.rows, 8192);) {
      const size_t count = std::min(block.rows - done, duck::kChunkRows);
      duckdb_vector vector = duckdb_create_vector(type.get(), duck::kChunkRows);
      size_t bad = 0;
      const char* why = reader.fill(count, duck::Writable(vector), bad);
      duckdb_destroy_vector(&vector);
      check(why == nullptr || bad < count, "a bad value's row is one of these");
      if (why != nullptr) return;
      done += count;
    }
  }
}

void try_blocks(std::string_view bytes, const std::vector<Expected>& expected) {
  Scanner scanner(expected), slow(expected);
  while (scanner.scan(bytes) == Scanner::Found::block) {
    size_t length = 0, slow_length = 0;
    Block block = scanner.take(length);
    check(length <= bytes.size(), "a block is within what came");
    if (length < 4096) {
      for (size_t end = 0; end < length; ++end)
        check(slow.scan(bytes.substr(0, end)) == Scanner::Found::more, "a part of a block is no block");
      check(slow.scan(bytes) == Scanner::Found::block, "it is the same block, bit by bit");
      check(slow.take(slow_length).rows == block.rows && slow_length == length, "with the same rows");
    }
    decode(bytes, std::move(block), expected);
    if (length == 0) break;
    bytes.remove_prefix(length);
  }
}

}  // namespace
}  // namespace penstock::clickhouse

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::clickhouse;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  if (end == input.npos) return 0;
  const auto expected = columns_in(input.substr(0, end));
  const std::string_view sent = input.substr(end + 1);
  if (!expected.empty()) try_blocks(sent, expected);
  if (const auto exception = find_exception(sent))
    penstock::check(!as_error(*exception, 1).message.empty() || exception->message.empty(),
                    "an error has a text");
  return 0;
}
