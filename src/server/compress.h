// Answers that travel compressed. Private to server/.
#pragma once

#include "net/http_server.h"

namespace penstock::server {

// Whether gzip is among what the client takes (RFC 9110, section 12.5.3): named and not with q=0, or by "*".
bool accepts_gzip(const ServerRequest& request);

// Compresses what is worth it, and says in Vary that it depends on what was asked for. Streams, short bodies,
// and what is compressed already stay as they are. So does whatever may hold a secret (sessions, tokens): the
// length of a compressed text tells whether a guess of an attacker stands in it twice (breachattack.com,
// 2026-11).
void compress_reply(const ServerRequest& request, ServerReply& reply);

}  // namespace penstock::server
