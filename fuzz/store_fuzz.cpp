// What destinations that do not speak HTTP read. The first byte of the input chooses: the rows of a request's
// body, a server's address, or bytes as base64.
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "store/address.h"
#include "store/base64.h"
#include "store/rows_body.h"
#include "store/rows_reply.h"

namespace penstock {
namespace {

void check_row(const RowsBody& body, const BodyRow& row) {
  check(row.shape < body.shapes.size(), "a row has a shape");
  const auto& shape = body.shapes[row.shape];
  check(row.values.size() == shape.size() && row.json.size() == shape.size(), "a value for each column");
  for (const uint32_t column : shape) check(column < body.columns.size(), "a column has a name");
}

void check_reply(const RowsBody& body) {
  RowsReply reply(body);
  for (size_t row = 0; row < body.rows.size(); row += 2) reply.mark(row, RowsReply::State::absent);
  if (!body.rows.empty()) reply.refuse(body.rows.size() - 1, "CODE", "message");
  simdjson::dom::parser parser;
  check(!parser.parse(reply.json()).error(), "a reply is JSON");
}

void try_rows(std::string_view text) {
  const auto body = RowsBody::read(text);
  if (!body.ok()) {
    check(!body.error().message.empty(), "what is not read has a reason");
    return;
  }
  for (const auto& row : body->rows) check_row(*body, row);
  simdjson::dom::parser parser;
  if (!parser.parse(text).error()) check_reply(*body);  // we send nothing else
}

void try_address(std::string_view text) {
  const auto address = parse_address(text, 5432);
  if (!address.ok()) {
    check(!address.error().remedy.empty(), "a refusal helps");
    return;
  }
  check(!address->host.empty() && address->port != 0, "an address leads somewhere");
  (void)is_loopback(address->host);
}

void try_input(uint8_t which, std::string_view text) {
  if (which % 3 == 0) return try_rows(text);
  if (which % 3 == 1) return try_address(text);
  check(hex_of_base64(text).size() <= text.size() * 2, "two digits for each byte");
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) penstock::try_input(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
