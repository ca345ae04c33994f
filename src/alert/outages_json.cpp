// Outages as the JSON that is kept between processes: docs/formats.md, "Open alerts".
#include <fmt/format.h>
#include <simdjson.h>

#include <array>

#include "alert/outages.h"
#include "declare/json.h"

namespace penstock::alert {
namespace {

using declare::JsonWriter;
using Element = simdjson::dom::element;

constexpr std::array kEvents = {AlertEvent::failed, AlertEvent::stopped, AlertEvent::partial,
                                AlertEvent::late,   AlertEvent::broken,  AlertEvent::recovered};
constexpr std::array kSayings = {Saying::broke, Saying::worse, Saying::still, Saying::recovered};
constexpr std::array<std::pair<const char*, uint64_t RowCounts::*>, 8> kCounts = {
    {{"rows", &RowCounts::rows},
     {"sent", &RowCounts::sent},
     {"accepted", &RowCounts::accepted},
     {"rejected", &RowCounts::rejected},
     {"in_doubt", &RowCounts::in_doubt},
     {"failed", &RowCounts::failed},
     {"invalid", &RowCounts::invalid},
     {"waiting", &RowCounts::waiting}}};
constexpr std::array<std::pair<const char*, std::string Notice::*>, 7> kTexts = {
    {{"sync", &Notice::sync},
     {"run", &Notice::run},
     {"cause", &Notice::cause},
     {"what", &Notice::what},
     {"said", &Notice::said},
     {"remedy", &Notice::remedy},
     {"command", &Notice::command}}};

// ---- Writing

void write_time(JsonWriter& json, std::string_view name, Time time) {
  json.key(name).integer(unix_micros(time));
}
void write_time(JsonWriter& json, std::string_view name, const std::optional<Time>& time) {
  if (time) write_time(json, name, *time);
}

void write_notice(JsonWriter& json, const Notice& notice) {
  json.begin_object().key("event").text(name_of(notice.event));
  write_time(json, "since", notice.since);
  write_time(json, "at", notice.at);
  json.key("lasting").boolean(notice.lasting);
  for (const auto& [name, member] : kTexts) json.text_if(name, notice.*member);
  json.key("rows").begin_object();
  for (const auto& [name, member] : kCounts)
    if (notice.rows.*member > 0) json.key(name).integer(static_cast<int64_t>(notice.rows.*member));
  json.end_object().end_object();
}

void write_outage(JsonWriter& json, const Outage& outage) {
  json.begin_object().key("id").text(outage.id).key("cause").text(outage.cause);
  json.key("lasting").boolean(outage.lasting);
  write_time(json, "since", outage.since);
  write_time(json, "changed", outage.changed);
  json.key("severity").integer(static_cast<int64_t>(outage.severity));
  write_time(json, "told", outage.told);
  write_time(json, "told_last", outage.told_last);
  json.key("told_severity").integer(static_cast<int64_t>(outage.told_severity));
  json.key("maybe_told").boolean(outage.maybe_told).key("closing").boolean(outage.closing);
  json.key("syncs").begin_array();
  for (const auto& [sync, member] : outage.members) {
    json.begin_object();
    write_time(json, "since", member.since);
    write_time(json, "restored", member.restored);
    if (member.gone) json.key("gone").boolean(true);
    json.key("notice");
    write_notice(json, member.last);
    json.end_object();
  }
  json.end_array().end_object();
}

// ---- Reading: what is missing stays as it is, what is of another type is an error

class Fields {
 public:
  explicit Fields(Element object) : object_(object) {}

  void text(const char* name, std::string& into) {
    std::string_view value;
    if (take(object_[name].get(value))) into = value;
  }
  void boolean(const char* name, bool& into) { take(object_[name].get(into)); }
  template <class T>
  void number(const char* name, T& into) {
    int64_t value = 0;
    if (take(object_[name].get(value))) into = static_cast<T>(value);
  }
  void time(const char* name, Time& into) {
    int64_t value = 0;
    if (take(object_[name].get(value))) into = from_unix_micros(value);
  }
  void time(const char* name, std::optional<Time>& into) {
    int64_t value = 0;
    if (take(object_[name].get(value))) into = from_unix_micros(value);
  }
  void severity(const char* name, Severity& into) {
    int64_t value = 0;
    if (!take(object_[name].get(value))) return;
    if (value < 0 || value > static_cast<int64_t>(Severity::error))
      ok_ = false;
    else
      into = static_cast<Severity>(value);
  }
  template <class T, size_t N>
  void name(const char* key, const std::array<T, N>& all, T& into) {
    std::string_view value;
    if (!take(object_[key].get(value))) return;
    for (const T each : all)
      if (name_of(each) == value) {
        into = each;
        return;
      }
    ok_ = false;
  }
  template <class F>
  void each(const char* name, F with) {
    simdjson::dom::array array;
    if (!take(object_[name].get(array))) return;
    for (const Element element : array) ok_ = with(element) && ok_;
  }
  template <class F>
  void object(const char* name, F with) {
    Element inner;
    if (take(object_[name].get(inner))) ok_ = inner.is_object() && with(inner) && ok_;
  }
  bool ok() const { return ok_; }

 private:
  bool take(simdjson::error_code code) {
    if (code != simdjson::SUCCESS && code != simdjson::NO_SUCH_FIELD) ok_ = false;
    return code == simdjson::SUCCESS;
  }
  Element object_;
  bool ok_ = true;
};

bool read_notice(Element element, Notice& notice) {
  if (!element.is_object()) return false;
  Fields fields(element);
  fields.name("event", kEvents, notice.event);
  fields.time("since", notice.since);
  fields.time("at", notice.at);
  fields.boolean("lasting", notice.lasting);
  for (const auto& [name, member] : kTexts) fields.text(name, notice.*member);
  fields.object("rows", [&](Element rows) {
    Fields counts(rows);
    for (const auto& [name, member] : kCounts) counts.number(name, notice.rows.*member);
    return counts.ok();
  });
  return fields.ok() && !notice.sync.empty();
}

bool read_member(Element element, Outage& outage) {
  if (!element.is_object()) return false;
  Fields fields(element);
  Member member;
  fields.time("since", member.since);
  fields.time("restored", member.restored);
  fields.boolean("gone", member.gone);
  fields.object("notice", [&](Element notice) { return read_notice(notice, member.last); });
  const std::string sync = member.last.sync;
  return fields.ok() && !sync.empty() && outage.members.emplace(sync, std::move(member)).second;
}

bool read_outage(Element element, Outage& outage) {
  if (!element.is_object()) return false;
  Fields fields(element);
  fields.text("id", outage.id);
  fields.text("cause", outage.cause);
  fields.boolean("lasting", outage.lasting);
  fields.time("since", outage.since);
  fields.time("changed", outage.changed);
  fields.severity("severity", outage.severity);
  fields.time("told", outage.told);
  fields.time("told_last", outage.told_last);
  fields.severity("told_severity", outage.told_severity);
  fields.boolean("maybe_told", outage.maybe_told);
  fields.boolean("closing", outage.closing);
  fields.each("syncs", [&](Element member) { return read_member(member, outage); });
  return fields.ok() && !outage.id.empty() && !outage.members.empty() &&
         outage.told.has_value() == outage.told_last.has_value();
}

}  // namespace

std::string Outages::json() const {
  JsonWriter json;
  json.begin_object().key("messages").begin_array();
  for (const Time at : messages_) json.integer(unix_micros(at));
  json.end_array().key("held_back").boolean(held_back_);
  write_time(json, "next_try", next_try_);
  json.key("failures").integer(failures_);
  if (telling_) {
    json.key("telling").begin_object();
    write_time(json, "until", telling_->until);
    json.key("items").begin_array();
    for (const Telling::Item& item : telling_->items) {
      json.begin_object().key("saying").text(name_of(item.saying)).key("id").text(item.id);
      json.key("severity").integer(static_cast<int64_t>(item.severity)).end_object();
    }
    json.end_array().end_object();
  }
  json.key("outages").begin_array();
  for (const Outage& outage : outages_) write_outage(json, outage);
  return json.end_array().end_object().str();
}

class OutagesReader {
 public:
  static bool read(Element element, Outages& into) {
    if (!element.is_object()) return false;
    Fields fields(element);
    fields.each("messages", [&](Element at) {
      int64_t value = 0;
      if (at.get(value) != simdjson::SUCCESS) return false;
      into.messages_.push_back(from_unix_micros(value));
      return true;
    });
    fields.boolean("held_back", into.held_back_);
    fields.time("next_try", into.next_try_);
    fields.number("failures", into.failures_);
    fields.object("telling", [&](Element telling) {
      return read_telling(telling, *(into.telling_ = Outages::Telling{}));
    });
    fields.each("outages", [&](Element outage) { return read_outage(outage, into.outages_.emplace_back()); });
    return fields.ok() && into.failures_ >= 0;
  }

 private:
  static bool read_telling(Element element, Outages::Telling& into) {
    Fields fields(element);
    fields.time("until", into.until);
    fields.each("items", [&](Element item) {
      if (!item.is_object()) return false;
      auto& next = into.items.emplace_back();
      Fields of_item(item);
      of_item.name("saying", kSayings, next.saying);
      of_item.text("id", next.id);
      of_item.severity("severity", next.severity);
      return of_item.ok();
    });
    return fields.ok();
  }
};

Result<Outages> Outages::from_json(config::Alert alert, std::string_view json) {
  simdjson::dom::parser parser;
  Element root;
  Outages outages(std::move(alert));
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      !OutagesReader::read(root, outages))
    return Error{ErrorKind::disk, "what is open of an alert is not what was written there", ""};
  return outages;
}

}  // namespace penstock::alert
