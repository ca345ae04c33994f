// Any requests to a sandbox: "METHOD PATH?QUERY", a line feed, a body; several with lines of "%%%" between
// them. Every one is answered, and what says that it is JSON can be read.
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "sandbox/engine.h"

namespace penstock::sandbox {
namespace {

class StandingClock final : public Clock {
 public:
  Time now() const override { return from_unix_micros(1'790'000'000'000'000); }
  Instant instant() const override { return Instant(now().time_since_epoch()); }
};

ServerRequest request_of(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view target = line.substr(std::min(line.find(' ') + 1, line.size()));
  ServerRequest request;
  request.method = line.substr(0, line.find(' '));
  request.path = target.substr(0, target.find('?'));
  if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
  request.headers = {{"Authorization", "Bearer x"}, {"Content-Type", "application/json"}};
  if (line.size() < text.size()) request.body = text.substr(line.size() + 1);
  return request;
}

void try_request(Engine& engine, std::string_view text) {
  const ServerReply reply = engine.handle(request_of(text));
  check(reply.status >= 100 && reply.status <= 599, "a status is one of HTTP");
  const std::string* type = find_header(reply.headers, "Content-Type");
  if (type == nullptr || !type->starts_with("application/json") || reply.body.empty()) return;
  simdjson::dom::parser parser;
  check(!parser.parse(reply.body).error(), "a reply is JSON");
}

void try_input(std::string_view input) {
  constexpr std::string_view kBetween = "\n%%%\n";
  static const StandingClock clock;
  SandboxOptions options;
  options.limit = RateLimit{};
  auto engine = Engine::make(options, clock).value();
  const bool may_fault = input.find("fault") != input.npos;  // then a reply may be anything
  for (;;) {
    const size_t end = input.find(kBetween);
    if (may_fault)
      (void)engine->handle(request_of(input.substr(0, end)));
    else
      try_request(*engine, input.substr(0, end));
    if (end == input.npos) return;
    input.remove_prefix(end + kBetween.size());
  }
}

}  // namespace
}  // namespace penstock::sandbox

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::sandbox::try_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
