// Texts of a key as a record of a table file.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "snapshot/table_format.h"

namespace penstock::snapshot {
namespace {

// What a destination answers is not bounded; a person reads no more than this.
constexpr size_t kReasonBytesMax = 4096;
constexpr size_t kChecksumBytes = 8;

void append_number(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, text.size());
  out += text;
}

void append_word(std::string& out, uint64_t word) {
  out.append(reinterpret_cast<const char*>(&word), 8);
}

// Cuts between characters of UTF-8, not within one.
std::string_view clip(std::string_view text) {
  if (text.size() <= kReasonBytesMax) return text;
  size_t size = kReasonBytesMax;
  while (size > 0 && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

void append_waiting(std::string& out, const Waiting& waiting) {
  out += static_cast<char>(waiting.kind);
  append_number(out, waiting.attempts);
  append_word(out, waiting.fingerprint);
  append_word(out, static_cast<uint64_t>(unix_micros(waiting.since)));
  append_word(out, static_cast<uint64_t>(unix_micros(waiting.next_try)));
  append_word(out, waiting.cause);
  append_text(out, clip(waiting.code));
  append_text(out, clip(waiting.message));
}

// Reads what the functions above wrote; `intact` turns false where the bytes do not make sense.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool intact() const { return intact_; }
  std::string_view rest() const { return rest_; }

  uint8_t byte() {
    const std::string_view one = take(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }
  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t next = byte();
      value |= uint64_t{next & 0x7Fu} << shift;
      if (next < 0x80) return value;
    }
    intact_ = false;
    return 0;
  }
  uint64_t word() {
    uint64_t value = 0;
    const std::string_view bytes = take(8);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), 8);
    return value;
  }
  std::string text() { return std::string(take(number())); }

 private:
  std::string_view take(uint64_t size) {
    if (!intact_ || size > rest_.size()) {
      intact_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
  bool intact_ = true;
};

Waiting read_waiting(Reader& reader) {
  Waiting waiting;
  waiting.kind = static_cast<Waiting::Kind>(reader.byte());
  waiting.attempts = static_cast<uint32_t>(reader.number());
  waiting.fingerprint = reader.word();
  waiting.since = from_unix_micros(static_cast<int64_t>(reader.word()));
  waiting.next_try = from_unix_micros(static_cast<int64_t>(reader.word()));
  waiting.cause = reader.word();
  waiting.code = reader.text();
  waiting.message = reader.text();
  return waiting;
}

// The key is part of it: a record that is found through a wrong reference is not taken for the key's.
uint64_t record_checksum(KeyHash key, std::string_view body) {
  return XXH3_64bits_withSeed(body.data(), body.size(), key.hi * 0x9E3779B97F4A7C15 + key.lo);
}

}  // namespace

std::string encode_record(KeyHash key, const Details& details) {
  std::string out(kChecksumBytes, '\0');
  append_text(out, details.key);
  append_text(out, details.record_id);
  append_number(out, details.match.size());
  for (const std::string& value : details.match) append_text(out, value);
  out += details.waiting ? '\1' : '\0';
  if (details.waiting) append_waiting(out, *details.waiting);
  out.resize((out.size() + 7) / 8 * 8, '\0');
  const uint64_t checksum = record_checksum(key, std::string_view(out).substr(kChecksumBytes));
  std::memcpy(out.data(), &checksum, kChecksumBytes);
  return out;
}

bool record_intact(KeyHash key, std::string_view record) {
  uint64_t checksum = 0;
  if (record.size() < kChecksumBytes) return false;
  std::memcpy(&checksum, record.data(), kChecksumBytes);
  return checksum == record_checksum(key, record.substr(kChecksumBytes));
}

std::optional<Details> decode_record(KeyHash key, std::string_view record) {
  if (!record_intact(key, record)) return std::nullopt;
  Reader reader(record.substr(kChecksumBytes));
  Details details;
  details.key = reader.text();
  details.record_id = reader.text();
  const uint64_t matches = reader.number();
  for (uint64_t i = 0; i < matches && reader.intact(); ++i) details.match.push_back(reader.text());
  const uint8_t has_waiting = reader.byte();
  if (has_waiting == 1) details.waiting = read_waiting(reader);
  const bool kind_known = !details.waiting || details.waiting->kind <= Waiting::Kind::held;
  if (!reader.intact() || has_waiting > 1 || !kind_known || reader.rest().size() >= 8) return std::nullopt;
  return details;
}

}  // namespace penstock::snapshot
