// Any bytes as a record of a journal: refused, or read as something that is written and read again as itself.
#include <cstdint>
#include <string_view>

#include "ledger/records.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  const auto record = decode_record({reinterpret_cast<const char*>(data), size});
  if (!record.ok()) {
    check(record.error().kind == ErrorKind::disk && !record.error().remedy.empty(), "a refusal helps");
    return 0;
  }
  const std::string written = encode_record(*record);
  const auto again = decode_record(written);
  check(again.ok() && again->index() == record->index(), "what was written is read");
  check(encode_record(*again) == written, "a record is itself");
  return 0;
}
