// One request of the API, and what answers are made of. Private to server/.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "declare/diagnostics.h"
#include "declare/json.h"
#include "net/http_server.h"

namespace penstock::server {

struct Site;

struct Call {
  Site& site;
  const ServerRequest& request;
  std::map<std::string, std::string, std::less<>> path{};  // "{name}" of the route, decoded
  access::Identity who{};
  std::string session{};  // the cookie

  const std::string& name() const { return path.find("name")->second; }
  const std::string& id() const { return path.find("id")->second; }
  std::string text(std::string_view parameter) const { return request.parameter(parameter).value_or(""); }
  // `limit` of the query, within what is allowed.
  uint64_t limit(uint64_t usual, uint64_t most = 1000) const;
};

// For the audit log: what the caller did, to what, and what came of it.
void note(const Call& call, std::string action, std::string target, std::string result = "ok");

// ---- answers

ServerReply json_reply(std::string json, int status = 200);
ServerReply json_reply(const declare::JsonWriter& json, int status = 200);
ServerReply no_content();

// problem+json (RFC 9457). `kind` is a word of ours, for programs.
ServerReply problem(int status, std::string_view kind, std::string_view title, std::string_view remedy = "",
                    const declare::Diagnostics* diagnostics = nullptr);
// By the error's kind.
ServerReply problem(const Error& error, const declare::Diagnostics* diagnostics = nullptr);
// "there is no sync 'x'", with the nearest name there is.
ServerReply not_found(std::string_view what, const std::string& name,
                      const std::vector<std::string>& names = {});

// A list of diagnostics as a JSON array.
std::string diagnostics_json(const declare::Diagnostics& diagnostics);

}  // namespace penstock::server
