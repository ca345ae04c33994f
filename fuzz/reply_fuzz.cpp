// Any bytes as a destination's reply. The first byte chooses the connector, the second operation and status,
// the third how many rows were sent: every row gets a verdict that the engine can act on, whatever the reply
// says.
#include <cstdint>
#include <string_view>

#include "connector/connector.h"

namespace penstock::connector {
namespace {

constexpr int kStatuses[] = {200, 201, 204, 207, 302, 400, 401, 403, 404, 409, 429, 500, 503};

bool is_of_one_row(Verdict verdict) {
  return verdict == Verdict::accepted || verdict == Verdict::rejected || verdict == Verdict::exists ||
         verdict == Verdict::missing || verdict == Verdict::retry || verdict == Verdict::again ||
         verdict == Verdict::throttled;
}

void try_reply(const Declaration& declaration, const Operation& operation, int status, size_t count,
               std::string_view body) {
  const SentRows sent{.count = count,
                      .match = [](size_t row) { return std::string(1, static_cast<char>('a' + row)); },
                      .record_id = [](size_t row) { return std::to_string(row); },
                      .once = [](size_t row) { return std::to_string(row); },
                      .field = [](size_t row, const std::string&) { return std::to_string(row); }};
  const ReplyReading reading = read_reply(operation, declaration, status, body, sent);
  if (reading.verdict == Verdict::rows) {
    check(reading.rows.size() == count, "each row is read");
    for (const auto& row : reading.rows) check(is_of_one_row(row.verdict), "a row's verdict is about a row");
  }
  check(reading.verdict != Verdict::split || count > 1, "a single row is not split");
  if (!operation.find) return;
  const auto found = read_found(*operation.find, "email", body);
  check(found.ok() || !found.error().message.empty(), "what is not read has a reason");
}

void try_input(const uint8_t* data, size_t size) {
  static const Catalog catalog;
  static const std::vector<std::string> names = catalog.names();
  if (size < 3) return;
  const Declaration& declaration = catalog.find(names[data[0] % names.size()])->declaration();
  const auto& operations = declaration.operations;
  const Operation& operation = operations[data[1] / 16 % operations.size()].value;
  const std::string_view body(reinterpret_cast<const char*>(data) + 3, size - 3);
  try_reply(declaration, operation, kStatuses[data[1] % 16 % std::size(kStatuses)], 1 + data[2] % 5, body);
  if (declaration.discover.fields)
    if (const auto fields = read_discovered_fields(*declaration.discover.fields, body); !fields.ok())
      check(!fields.error().message.empty(), "what is not read has a reason");
}

}  // namespace
}  // namespace penstock::connector

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::connector::try_input(data, size);
  return 0;
}
