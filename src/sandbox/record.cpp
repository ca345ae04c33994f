#include <cstring>

#include "sandbox/table.h"

namespace penstock::sandbox {
namespace {

// A packed field: property (2 bytes), length of the value (4 bytes), the value.
constexpr size_t kHeaderBytes = sizeof(PropertyId) + sizeof(uint32_t);

char* pack(char* to, const Field& field) {
  const auto length = static_cast<uint32_t>(field.value.size());
  std::memcpy(to, &field.property, sizeof field.property);
  std::memcpy(to + sizeof field.property, &length, sizeof length);
  std::memcpy(to + kHeaderBytes, field.value.data(), length);
  return to + kHeaderBytes + length;
}

size_t packed_size(std::span<const Field> fields) {
  size_t size = 0;
  for (const Field& field : fields) size += field.value.empty() ? 0 : kHeaderBytes + field.value.size();
  return size;
}

}  // namespace

Record::Record(std::span<const Field> fields, Time created, Time updated)
    : packed_(new char[packed_size(fields)]),
      size_(static_cast<uint32_t>(packed_size(fields))),
      created_(created),
      updated_(updated) {
  char* to = packed_.get();
  for (const Field& field : fields) {
    if (!field.value.empty()) to = pack(to, field);
  }
}

Field Record::next_field(uint32_t& at) const {
  Field field{};
  uint32_t length = 0;
  std::memcpy(&field.property, packed_.get() + at, sizeof field.property);
  std::memcpy(&length, packed_.get() + at + sizeof field.property, sizeof length);
  field.value = {packed_.get() + at + kHeaderBytes, length};
  at += static_cast<uint32_t>(kHeaderBytes) + length;
  return field;
}

std::string_view Record::value(PropertyId property) const {
  for (uint32_t at = 0; at < size_;) {
    const Field field = next_field(at);
    if (field.property == property) return field.value;
    if (field.property > property) break;
  }
  return {};
}

Record Record::copy() const {
  Record twin({}, created_, updated_);
  twin.packed_.reset(new char[size_]);
  if (size_ != 0) std::memcpy(twin.packed_.get(), packed_.get(), size_);
  twin.size_ = size_;
  twin.archived_ = archived_;
  return twin;
}

}  // namespace penstock::sandbox
