// Kafka. The face of this sub-folder.
#pragma once

#include <memory>

#include "store/blocking_store.h"

namespace penstock {

// Headers: `Brokers` (host:port,host:port), `User`, `Password`, `Security` (plaintext, ssl, sasl_plaintext,
// sasl_ssl), `Mechanism`, `Compression`.
std::unique_ptr<StoreSession> make_kafka_session(const Headers& headers);

}  // namespace penstock
