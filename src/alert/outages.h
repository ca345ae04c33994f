// One outage is one alert: what is open for one alert, and when who is told what. Pure: no I/O, no clock of
// its own.
//
//     a sync fails                          group_within has passed, and told()
//        └─> gathering ──────────────────────────────> told ──> (reminders, "worse") ─┐
//              │  all of its syncs work again            │  all work again            │
//              └─> forgotten, nobody was told            └─> restored ─ group_within ─> "recovered",
//              forgotten
//                                                              └─ one fails again: told, as before
//
// An outage holds the syncs that fail for one cause. A sync fails in one outage at a time, and stays in it
// while it fails, whatever for.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alert/notice.h"

namespace penstock::alert {

// A sync in an outage.
struct Member {
  Notice last;  // what was said of it last; while it fails
  Time since{};
  std::optional<Time> restored;
  bool gone = false;  // restored because nobody watches it any more
  bool operator==(const Member&) const = default;
};

struct Outage {
  std::string id;        // unique for the alert, also over restarts
  std::string cause;     // Notice::cause of the first
  bool lasting = false;  // Notice::lasting of the first
  Time since{};
  Severity severity = Severity::error;  // the worst so far
  Time changed{};                       // when it grew worse, or the last of its syncs was restored
  std::map<std::string, Member> members;
  std::optional<Time> told, told_last;  // when first, and when last
  Severity told_severity = Severity::none;
  bool maybe_told = false;  // a message may have arrived, or not
  bool closing = false;     // "recovered" is on its way: who fails now is in another outage

  bool is_restored() const;
  bool was_told() const { return told.has_value() || maybe_told; }
  // The notice to speak of: of the worst sync that still fails, the earliest; of any when all work.
  const Notice& leading() const;
  bool operator==(const Outage&) const = default;
};

enum class Saying { broke, worse, still, recovered };
std::string_view name_of(Saying saying);

// What one message says, as it was when it was taken.
struct Message {
  struct Item {
    Saying saying = Saying::broke;
    Outage outage;
  };
  std::vector<Item> items;  // one, or several that are summed up
  Time at{};
  std::optional<Time> silent_until{};  // the last message that is allowed before then
  bool is_test = false;
};

// Whether a message arrived.
enum class Arrival { arrived, unknown, not_arrived };

// Copyable. Times are the wall clock's; one that jumps makes messages come early or late, never often.
class Outages {
 public:
  // Events, bounds and times are the alert's.
  explicit Outages(config::Alert alert) : alert_(std::move(alert)) {}

  // What became of a sync, whether or not the alert wants to hear of it.
  void add(const Notice& notice, Time now);
  // Syncs that are not among these are not watched any more: they count as restored.
  void watch_only(const std::set<std::string>& syncs, Time now);

  // The message that is due, if there is one; then told() must say what became of it before the next is
  // given. `at_once`: nobody waits for others of the same cause.
  std::optional<Message> take(Time now, bool at_once = false);
  // `wait`: what the receiver asks for.
  void told(Arrival arrival, Time now, Duration wait = {});
  // When take() may have something, if nothing happens before; nullopt: never.
  std::optional<Time> next(Time now) const;

  // Outages of which there is something to say that is not said yet: they gather, are being told, or could
  // not be. Reminders count when their time has come.
  uint64_t waiting(Time now) const;

  const std::vector<Outage>& open() const { return outages_; }

  // As a JSON object, and back (docs/formats.md, "Open alerts"). What cannot be read is an error of kind
  // `disk`.
  std::string json() const;
  static Result<Outages> from_json(config::Alert alert, std::string_view json);
  bool is_empty() const { return outages_.empty() && messages_.empty() && !telling_; }

 private:
  friend class OutagesReader;

  // A message that was taken. After `until` whoever took it is taken for dead.
  struct Telling {
    struct Item {
      Saying saying = Saying::broke;
      std::string id;
      Severity severity = Severity::error;  // as it is told
    };
    Time until{};
    std::vector<Item> items;
  };

  void fails(const Notice& notice, Time now);
  void not_wanted(const Notice& notice, Time now);
  void works(const Notice& notice, Time now);
  void restore(Outage& outage, Member& member, Time now);
  Outage* failing(const std::string& sync);
  Outage& outage_for(const Notice& notice, Time now);
  Outage* find(const std::string& id);
  void forget_what_is_over();

  struct Due {
    Saying saying = Saying::broke;
    Time at{};
  };
  std::optional<Due> due(const Outage& outage, bool at_once) const;
  std::vector<Message::Item> all_due(Time now, bool at_once) const;
  void merge_new(std::vector<Message::Item>& items);
  void prune(Time now);
  Time room_at() const;  // when one more message is allowed, once there are too many

  void arrived(const Telling::Item& item, Time now);

  config::Alert alert_;
  std::vector<Outage> outages_;  // oldest first
  std::vector<Time> messages_;   // of the last hour
  bool held_back_ = false;       // something was due, and not allowed
  std::optional<Telling> telling_;
  Time next_try_{};       // after a message that did not arrive
  int64_t failures_ = 0;  // in a row
};

}  // namespace penstock::alert
