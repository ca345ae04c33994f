// The dialect of one vendor: its paths, checks, errors and limits. The only place in C++ that knows vendors;
// each lives in its own folder and has one line in vendors.cpp.
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

  // One record as a line of GET /_sandbox/records: at least id, properties, createdAt, updatedAt, archived.
  virtual void append_record(const Table& table, RecordNumber record, std::string& out) const = 0;
};

}  // namespace penstock::sandbox
