// Any bytes as a list of results in CSV: read to its end, and as JSON that has an entry for each record.
#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "connector/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  connector::CsvReader reader(text);
  std::vector<std::string> fields;
  size_t records = 0;
  while (reader.next(fields)) {
    check(!fields.empty(), "a record has a field");
    ++records;
  }
  const auto json = connector::csv_as_json(text);
  check(json.ok() != reader.is_damaged(), "a text is read, or damaged");
  if (!json.ok()) return 0;
  simdjson::dom::parser parser;
  simdjson::dom::array entries;
  // Bytes that are no UTF-8 are no JSON either.
  if (parser.parse(*json).get_array().get(entries) != simdjson::SUCCESS) return 0;
  check(entries.size() == (records == 0 ? 0 : records - 1), "each record has its entry");
  return 0;
}
