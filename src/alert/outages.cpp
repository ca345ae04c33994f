#include "alert/outages.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::alert {
namespace {

// Whoever sends a message is done with it after this time, or dead.
constexpr Duration kTellingMax = 10min;
// A recovery that cannot be told is old news after a day.
constexpr Duration kRecoveryMax = 24h;
constexpr Duration kFirstPause = 1min, kLongestPause = 30min;
constexpr Duration kAskedMax = 1h;  // that a receiver may ask for

bool is_lateness(const Notice& notice) {
  return notice.event == AlertEvent::late;
}

bool is_worse_leader(const Member& a, const Member& b) {
  const Severity of_a = severity_of(a.last.event), of_b = severity_of(b.last.event);
  return of_a != of_b ? of_a > of_b : a.since < b.since;
}

}  // namespace

std::string_view name_of(Saying saying) {
  switch (saying) {
    case Saying::broke:
      return "broke";
    case Saying::worse:
      return "worse";
    case Saying::still:
      return "still";
    case Saying::recovered:
      return "recovered";
  }
  die("a Saying without a name");
}

bool Outage::is_restored() const {
  return std::all_of(members.begin(), members.end(),
                     [](const auto& each) { return each.second.restored.has_value(); });
}

const Notice& Outage::leading() const {
  const Member* best = nullptr;
  for (const auto& [sync, member] : members) {
    if (best == nullptr || (best->restored && !member.restored) ||
        (best->restored.has_value() == member.restored.has_value() && is_worse_leader(member, *best)))
      best = &member;
  }
  check(best != nullptr, "an outage of no sync");
  return best->last;
}

// ---- What becomes of syncs

void Outages::add(const Notice& notice, Time now) {
  if (notice.event == AlertEvent::recovered)
    works(notice, now);
  else if (wants(alert_, notice))
    fails(notice, now);
  else
    not_wanted(notice, now);
  forget_what_is_over();
}

void Outages::fails(const Notice& notice, Time now) {
  Outage* outage = failing(notice.sync);
  // Who fails already is not late as well.
  if (outage != nullptr && is_lateness(notice) && !is_lateness(outage->members.at(notice.sync).last)) return;
  if (outage == nullptr) outage = &outage_for(notice, now);
  const bool is_new = !outage->members.contains(notice.sync);
  Member& member = outage->members[notice.sync];
  const bool was_well = member.restored && now - *member.restored > alert_.group_within;
  if (is_new || was_well) member.since = notice.since;
  member.restored.reset();
  member.gone = false;
  member.last = notice;
  const Severity severity = severity_of(notice.event);
  if (severity <= outage->severity) return;
  outage->severity = severity;
  outage->changed = now;
}

// The alert does not tell of this; but what it told of may be over by it.
void Outages::not_wanted(const Notice& notice, Time now) {
  Outage* outage = failing(notice.sync);
  if (outage == nullptr || is_lateness(notice)) return;
  Member& member = outage->members.at(notice.sync);
  const bool came = is_lateness(member.last);
  const bool worked = notice.event == AlertEvent::partial &&
                      (member.last.event != AlertEvent::partial || alert_.rejected_over.has_value());
  if (came || worked) restore(*outage, member, now);
}

void Outages::works(const Notice& notice, Time now) {
  Outage* outage = failing(notice.sync);
  if (outage == nullptr) return;
  Member& member = outage->members.at(notice.sync);
  // A run without a new refusal leaves those that were refused before waiting.
  if (member.last.event == AlertEvent::partial && is_over(alert_.rejected_over, notice.rows)) return;
  restore(*outage, member, now);
}

void Outages::restore(Outage& outage, Member& member, Time now) {
  member.restored = now;
  if (outage.is_restored()) outage.changed = now;
}

void Outages::watch_only(const std::set<std::string>& syncs, Time now) {
  for (Outage& outage : outages_)
    for (auto& [sync, member] : outage.members)
      if (!member.restored && !syncs.contains(sync)) {
        restore(outage, member, now);
        member.gone = true;
      }
  forget_what_is_over();
}

Outage* Outages::failing(const std::string& sync) {
  for (Outage& outage : outages_)
    if (const auto at = outage.members.find(sync); at != outage.members.end() && !at->second.restored)
      return &outage;
  return nullptr;
}

Outage* Outages::find(const std::string& id) {
  const auto at =
      std::find_if(outages_.begin(), outages_.end(), [&](const Outage& each) { return each.id == id; });
  return at == outages_.end() ? nullptr : &*at;
}

// The one that the sync was in a moment ago, one that is open for the same cause, or a new one.
Outage& Outages::outage_for(const Notice& notice, Time now) {
  for (Outage& outage : outages_)
    if (const auto at = outage.members.find(notice.sync);
        !outage.closing && at != outage.members.end() && now - *at->second.restored <= alert_.group_within)
      return outage;
  for (Outage& outage : outages_)
    if (!outage.closing && outage.cause == notice.cause && (outage.lasting || !outage.was_told()))
      return outage;
  Outage outage;
  const std::string base = fmt::format(
      "{} {}", notice.cause, std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  outage.id = base;
  for (int n = 2; find(outage.id) != nullptr; ++n) outage.id = fmt::format("{}-{}", base, n);
  outage.cause = notice.cause;
  outage.lasting = notice.lasting;
  outage.since = notice.since;
  outage.severity = severity_of(notice.event);
  outage.changed = now;
  return outages_.emplace_back(std::move(outage));
}

void Outages::forget_what_is_over() {
  const auto is_being_told = [&](const Outage& outage) {
    return telling_ && std::any_of(telling_->items.begin(), telling_->items.end(),
                                   [&](const auto& item) { return item.id == outage.id; });
  };
  const bool tells_recovery =
      std::find(alert_.on.begin(), alert_.on.end(), AlertEvent::recovered) != alert_.on.end();
  std::erase_if(outages_, [&](const Outage& outage) {
    return outage.is_restored() && !is_being_told(outage) && (!outage.was_told() || !tells_recovery);
  });
}

// ---- What is told

// What the outage has to say next, and when.
std::optional<Outages::Due> Outages::due(const Outage& outage, bool at_once) const {
  const Duration wait = at_once ? Duration(0) : alert_.group_within;
  if (outage.is_restored()) return Due{Saying::recovered, outage.changed + wait};
  if (!outage.told) return Due{Saying::broke, outage.changed + wait};
  if (outage.severity > outage.told_severity) return Due{Saying::worse, outage.changed + wait};
  return Due{Saying::still, *outage.told_last + alert_.remind_after};
}

uint64_t Outages::waiting(Time now) const {
  return static_cast<uint64_t>(std::count_if(outages_.begin(), outages_.end(), [&](const Outage& outage) {
    const auto next = due(outage, false);
    return next && (next->saying != Saying::still || next->at <= now);
  }));
}

std::vector<Message::Item> Outages::all_due(Time now, bool at_once) const {
  std::vector<Message::Item> items;
  for (const Outage& outage : outages_)
    if (const auto due_next = due(outage, at_once); due_next && due_next->at <= now)
      items.push_back({due_next->saying, outage});
  return items;
}

// Outages that nobody was told of yet become one: it recovers as one, too.
void Outages::merge_new(std::vector<Message::Item>& items) {
  const auto is_new = [](const Message::Item& item) {
    return item.saying == Saying::broke && !item.outage.was_told();
  };
  const auto first = std::find_if(items.begin(), items.end(), is_new);
  if (first == items.end()) return;
  Outage* into = find(first->outage.id);
  for (auto at = first + 1; at != items.end();) {
    if (!is_new(*at)) {
      ++at;
      continue;
    }
    for (const auto& [sync, member] : at->outage.members) {
      const auto [there, is_new_there] = into->members.emplace(sync, member);
      if (!is_new_there && there->second.restored) there->second = member;
    }
    into->severity = std::max(into->severity, at->outage.severity);
    into->since = std::min(into->since, at->outage.since);
    into->cause = "several causes";
    into->lasting = false;
    std::erase_if(outages_, [&](const Outage& each) { return each.id == at->outage.id; });
    into = find(first->outage.id);
    at = items.erase(at);
  }
  first->outage = *into;
}

// Times that lie ahead are those of a clock that was set back.
void Outages::prune(Time now) {
  std::erase_if(messages_, [&](Time at) { return at <= now - 1h || at > now; });
  if (next_try_ > now + kAskedMax) next_try_ = now;
  for (Outage& outage : outages_) {
    outage.changed = std::min(outage.changed, now);
    if (outage.told_last) outage.told_last = std::min(*outage.told_last, now);
  }
  std::erase_if(outages_, [&](const Outage& outage) {
    return outage.is_restored() && outage.changed <= now - kRecoveryMax;
  });
}

Time Outages::room_at() const {
  return messages_[messages_.size() - static_cast<size_t>(alert_.at_most)] + 1h;
}

std::optional<Message> Outages::take(Time now, bool at_once) {
  if (telling_ && telling_->until > now && telling_->until <= now + kTellingMax) return std::nullopt;
  if (telling_) told(Arrival::unknown, std::min(now, telling_->until));
  prune(now);
  if (next_try_ > now) return std::nullopt;
  std::vector<Message::Item> items = all_due(now, at_once);
  if (items.empty()) return std::nullopt;
  const size_t allowed = static_cast<size_t>(alert_.at_most);
  if (messages_.size() >= allowed) {
    held_back_ = true;
    return std::nullopt;
  }
  if (held_back_)
    merge_new(items);
  else
    items.resize(1);
  held_back_ = false;
  Message message{.items = std::move(items), .at = now};
  telling_ = Telling{now + kTellingMax, {}};
  for (const Message::Item& item : message.items) {
    telling_->items.push_back({item.saying, item.outage.id, item.outage.severity});
    if (item.saying == Saying::recovered) find(item.outage.id)->closing = true;
  }
  messages_.push_back(now);
  if (messages_.size() == allowed) message.silent_until = room_at();
  return message;
}

void Outages::told(Arrival arrival, Time now, Duration wait) {
  if (!telling_) return;
  const Telling telling = *std::move(telling_);
  telling_.reset();
  for (const Telling::Item& item : telling.items) {
    if (arrival == Arrival::arrived)
      arrived(item, now);
    else if (Outage* outage = find(item.id); outage != nullptr && arrival == Arrival::unknown)
      outage->maybe_told = true;
  }
  if (arrival == Arrival::arrived) {
    failures_ = 0;
    next_try_ = {};
  } else {
    const Duration pause =
        std::min<Duration>(kLongestPause, kFirstPause * (int64_t{1} << std::min<int64_t>(failures_, 5)));
    next_try_ = now + std::max(pause, std::min<Duration>(wait, kAskedMax));
    ++failures_;
    // What certainly did not arrive is no message.
    if (arrival == Arrival::not_arrived && !messages_.empty()) messages_.pop_back();
  }
  forget_what_is_over();
}

void Outages::arrived(const Telling::Item& item, Time now) {
  if (item.saying == Saying::recovered) {
    std::erase_if(outages_, [&](const Outage& each) { return each.id == item.id; });
    return;
  }
  Outage* outage = find(item.id);
  if (outage == nullptr) return;
  if (!outage->told) outage->told = now;
  outage->told_last = now;
  outage->told_severity = std::max(outage->told_severity, item.severity);
}

std::optional<Time> Outages::next(Time now) const {
  if (telling_) return std::min(telling_->until, now + kTellingMax);
  std::optional<Time> earliest;
  for (const Outage& outage : outages_)
    if (const auto due_next = due(outage, false); due_next && (!earliest || due_next->at < *earliest))
      earliest = due_next->at;
  if (!earliest) return std::nullopt;
  Time at = std::max({now, *earliest, std::min(next_try_, now + kAskedMax)});
  const auto recent = std::count_if(messages_.begin(), messages_.end(),
                                    [&](Time each) { return each > at - 1h && each <= at; });
  if (recent >= alert_.at_most) at = std::max(at, room_at());
  return at;
}

}  // namespace penstock::alert
