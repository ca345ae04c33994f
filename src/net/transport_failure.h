// From what libcurl knows about a transfer that gave no reply to what a person and the engine must know.
#pragma once

#include <cstdint>
#include <string>

#include "net/http.h"

namespace penstock {

// What we ourselves ended a transfer for.
enum class BrokenOff {
  no,
  first_byte,       // the reply did not begin in time
  reply_too_large,  // more than reply_bytes_max
  headers_too_large,
  address,   // the policy refuses the address
  too_late,  // the connection was ready when it may not be used for this request any more
  resend,    // libcurl was about to write the request again on another connection
};

struct TransferFacts {
  int curl_code = 0;  // CURLcode
  BrokenOff broken_off = BrokenOff::no;
  std::string_view refused_address{};  // "a private address"
  std::string_view host;               // as messages name it
  Timeouts timeouts;
  size_t reply_bytes_max = 0;
  bool name_resolved = false;
  bool request_begun = false;  // the connection was ready and the request was about to be written
  uint64_t bytes_sent = 0;     // of the request, by libcurl's count; over TLS it may lag behind the wire
  bool encrypted = false;
  int system_error = 0;        // errno of the failed connection, 0: none
  std::string_view curl_text;  // libcurl's own words
  int status = 0;              // of the reply, if it began
  uint64_t bytes_received = 0;
};

// Never names more of the URL than its host: paths and queries may hold secrets.
TransportFailure describe_failure(const TransferFacts& facts);

}  // namespace penstock
