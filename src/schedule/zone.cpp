#include "schedule/zone.h"

#include <fmt/format.h>
#include <unicode/basictz.h>
#include <unicode/tztrans.h>

namespace penstock::schedule {
namespace {

UDate icu_time(Time at) {
  return static_cast<UDate>(std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count());
}

// ICU counts milliseconds in a double; zones change on whole seconds.
Time from_icu(UDate at) {
  return Time(std::chrono::milliseconds(static_cast<int64_t>(at)));
}

}  // namespace

class Zone::Rules {
 public:
  explicit Rules(std::unique_ptr<icu::BasicTimeZone> zone) : zone_(std::move(zone)) {}

  std::chrono::minutes offset(Time at) const {
    int32_t raw = 0, saving = 0;
    UErrorCode status = U_ZERO_ERROR;
    zone_->getOffset(icu_time(at), 0, raw, saving, status);
    check(U_SUCCESS(status) != 0, "ICU knows the offset of a zone that it knows");
    // Offsets of before 1972 had seconds; nothing is scheduled there.
    return std::chrono::floor<std::chrono::minutes>(std::chrono::milliseconds(raw + saving));
  }

  std::optional<Time> next_change(Time at) const {
    icu::TimeZoneTransition transition;
    UDate from = icu_time(at);
    while (zone_->getNextTransition(from, 0, transition) != 0) {
      from = transition.getTime();
      // Some change only the name.
      if (offset(from_icu(from)) != offset(from_icu(from) - 1ms)) return from_icu(from);
    }
    return std::nullopt;
  }

 private:
  std::unique_ptr<icu::BasicTimeZone> zone_;
};

Result<Zone> Zone::open(const std::string& name) {
  const auto id = icu::UnicodeString::fromUTF8(name);
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(id));
  // What ICU does not know it takes for GMT, under a name of its own. All that it makes are BasicTimeZones
  // (ICU 72, API reference of TimeZone::createTimeZone, 2026-11-27).
  auto* basic = dynamic_cast<icu::BasicTimeZone*>(zone.get());
  if (basic == nullptr || *zone == icu::TimeZone::getUnknown())
    return Error{ErrorKind::config, fmt::format("the time zone '{}' is not known on this machine", name),
                 "use a name of the IANA database, like Europe/Berlin"};
  zone.release();
  return Zone(std::make_shared<Rules>(std::unique_ptr<icu::BasicTimeZone>(basic)));
}

std::chrono::minutes Zone::offset(Time at) const {
  return rules_->offset(at);
}

std::optional<Time> Zone::next_change(Time at) const {
  return rules_->next_change(at);
}

}  // namespace penstock::schedule
