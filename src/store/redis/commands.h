// The commands of a batch. Pure text.
//
// Every row is one call of a script, so that it is written whole or not at all, and says what became of it:
// 1 written and new, 2 written, 0 it is there already, -1 it is not there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/rows_body.h"

namespace penstock::redis {

enum class Kind { hash, json, set, stream };
enum class Verb { insert, upsert, update, remove };

// An object such as "hash/customer:": what is written, and what keys begin with (of sets and streams: the
// key).
struct Target {
  Kind kind = Kind::hash;
  std::string key;
};
std::optional<Target> target_named(std::string_view object);

struct Command {
  std::vector<std::string> words;
};

// The script that the kind's rows call, and the call.
std::string_view script_of(Kind kind);
Command call_of(const Target& target, Verb verb, const RowsBody& body, const BodyRow& row,
                std::string_view expire, const std::string& script_digest);

}  // namespace penstock::redis
