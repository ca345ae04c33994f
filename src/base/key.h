// The identity of a row and of its payload, as the snapshot keeps them.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace penstock {

// 128 bits of hash of a primary key. Two rows with one KeyHash are the same row: at 10^9 keys the chance
// that any two differing keys collide is about 10^-21.
struct KeyHash {
  uint64_t hi = 0;  // never 0 in a real hash: 0 marks an empty slot in the snapshot
  uint64_t lo = 0;
  auto operator<=>(const KeyHash&) const = default;
};

// 64 bits over the payload (payload/fingerprint.h). 0 is never the fingerprint of a payload: it stands for
// "we do not know what the destination holds", which differs from everything.
using Fingerprint = uint64_t;
inline constexpr Fingerprint kUnknownPayload = 0;

// Hash of a key given as the text of each of its columns. XXH3-128 over (length as 4 bytes little-endian,
// bytes) of each part. By text, so that a key column that changes its type (42 -> '42') keeps its rows.
KeyHash hash_key(std::span<const std::string_view> parts);

// How a key is shown and typed: the text itself for one column, a JSON array of texts for several.
std::string show_key(std::span<const std::string_view> parts);

}  // namespace penstock
