// The dialect of one vendor: its paths, checks, errors and limits. HubSpot's is C++ (hubspot/), for its
// speed; all others are Lua scripts (lua/, and sandbox/*.lua at the top of the repository).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sandbox/answer.h"
#include "sandbox/faults.h"
#include "sandbox/state.h"

namespace penstock::sandbox {

// Made together with the State it works on and dropped with it. Not thread-safe: the engine carries out one
// request at a time.
class Vendor {
 public:
  virtual ~Vendor() = default;

  // Answers one request to the vendor's API: login, limits, checks, effect.
  virtual Answer answer(const ServerRequest& request) = 0;

  // A reply of this status in the vendor's words, for faults.
  virtual ServerReply refusal(int status) = 0;

  // The name under which State keeps the table of an object, for any way the vendor lets it be written.
  virtual std::string table_name(std::string_view object) const = 0;

  // The records of an object as lines of GET /_sandbox/records: at least id, properties, createdAt,
  // updatedAt, archived; none for an object that nobody has written to.
  virtual void append_records(std::string_view object, bool with_archived, std::string& out) = 0;

  // The live records of each object, as the members of a JSON object: "contacts":12,"deals":3
  virtual void append_counts(std::string& out) = 0;
};

}  // namespace penstock::sandbox
