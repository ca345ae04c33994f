// The bytes of a log (docs/formats.md, "Logs"): what its reader and its writer share. Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::log_frame {

// One sector, which a disk writes whole or not at all; and frames begin behind it, however long the id is.
inline constexpr uint64_t kHeaderBytes = 256;
inline constexpr uint64_t kFrameHeadBytes = 20;

std::string encode_header(std::string_view id);
struct Header {
  std::string_view id;
  uint64_t seed;  // goes into the checksum of every frame: a frame of another log is not valid here
};
std::optional<Header> decode_header(std::string_view bytes);
uint64_t seed_of(std::string_view header);

// A frame without a payload is a mark: it says how much was durable, and nothing else.
struct Frame {
  uint64_t ordinal = 0;
  uint64_t durable = 0;  // frames that were known to be durable when this one was written
  std::string_view payload;
};

void append_frame(std::string& out, uint64_t seed, const Frame& frame);
// The frame at the beginning of `bytes` if it is whole and is number `ordinal`, or one of the `more` after
// it.
std::optional<Frame> decode_frame(std::string_view bytes, uint64_t seed, uint64_t ordinal, uint64_t more = 0);

}  // namespace penstock::log_frame
