// Short texts that people and servers write. The first byte of the input chooses the parser; whatever is read
// can be shown and read again, and what is not has a reason.
#include <cstdint>
#include <string>
#include <string_view>

#include "config/cron.h"
#include "connector/text_template.h"
#include "declare/reference.h"
#include "declare/units.h"
#include "deliver/retry.h"
#include "run/run.h"
#include "sandbox/options.h"

namespace penstock {
namespace {

template <class T>
bool is_read(const Result<T>& result) {
  check(result.ok() || !result.error().message.empty(), "what is not read has a reason");
  return result.ok();
}

void try_units(std::string_view text) {
  if (const auto duration = declare::parse_duration(text); is_read(duration))
    check(declare::parse_duration(declare::show(*duration)).value() == *duration, "a duration is itself");
  if (const auto size = declare::parse_size(text); is_read(size))
    check(declare::parse_size(declare::show_size(*size)).value() == *size, "a size is itself");
  if (const auto rate = declare::parse_rate(text); is_read(rate))
    check(declare::parse_rate(declare::show(*rate)).value() == *rate, "a rate is itself");
  if (const auto share = declare::parse_share(text); is_read(share))
    check(share->fraction >= 0 && share->fraction <= 1, "a share is a part");
  is_read(declare::parse_share_or_count(text));
  is_read(declare::parse_integer(text));
  is_read(declare::parse_number(text));
  is_read(declare::parse_url(text));
  is_read(sandbox::parse_rate_limit(text));
}

void try_template(std::string_view text) {
  const auto parsed = connector::TextTemplate::parse(text);
  if (!is_read(parsed)) return;
  const std::string filled = parsed->fill([](const connector::Placeholder&) { return std::string("x"); });
  check(filled.size() <= text.size(), "a placeholder is longer than its value");
}

void try_cron(std::string_view text) {
  const auto cron = config::parse_cron(text);
  if (!is_read(cron)) return;
  const config::LocalMinutes start{};
  const auto next = cron->next(start);
  check(!next || *next > start, "the next time is later");
}

void try_text(uint8_t which, std::string_view text) {
  switch (which % 6) {
    case 0:
      return try_units(text);
    case 1:
      return try_template(text);
    case 2:
      return try_cron(text);
    case 3:
      is_read(declare::Reference::parse(text));
      return;
    case 4:
      for (const size_t columns : {1, 2, 3}) is_read(parse_key(std::string(text), columns));
      return;
    default:
      if (const auto wait = parse_retry_after(text, from_unix_micros(1'790'000'000'000'000)))
        check(*wait >= Duration(0) && *wait <= 1h, "a wait is bounded");
  }
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) penstock::try_text(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
