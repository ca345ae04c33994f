#include "alert/desk.h"

#include <fmt/format.h>
#include <unistd.h>

#include "async/interruptible.h"

namespace penstock::alert {
namespace {

// Others may tell of something, or mend the file, without our knowing.
constexpr Duration kLookAgain = 1min;
constexpr Duration kLockPatience = 10s;
constexpr Duration kOldNews = 10s;

}  // namespace

Alerts::Desk::Desk(AlertParts parts)
    : parts_(std::move(parts)),
      file_(parts_.disk, parts_.directory),
      open_(OpenFile::empty(parts_.project)),
      wake_(parts_.loop),
      sending_(parts_.loop) {}

// ---- What comes in

void Alerts::Desk::put(const config::Sync& sync, Notice notice) {
  Coming coming{std::move(notice), {}};
  for (const auto& name : sync.alerts) coming.alerts.push_back(*name);
  if (coming.alerts.empty()) return;
  coming_.push_back(std::move(coming));
  wake_.set();
}

void Alerts::Desk::on_run_ended(const config::Sync& sync, const Result<RunReport>& result) {
  auto notice = result.ok() ? notice_of(parts_.project, sync, *result, now())
                            : notice_of(parts_.project, sync, result.error(), now());
  if (!notice) return;
  if (const auto late = late_.find(sync.name); late != late_.end()) late->second.came = parts_.loop.now();
  put(sync, *std::move(notice));
}

void Alerts::Desk::on_late(const config::Sync& sync, Lateness lateness, Time since, const std::string& run) {
  // Whoever looks at a timetable may have looked before the run ended.
  if (const auto said = late_.find(sync.name); said != late_.end() && said->second.since == since)
    if (!said->second.came || parts_.loop.now() - *said->second.came < kOldNews) return;
  late_[sync.name] = {since, std::nullopt};
  put(sync, late_notice(sync, lateness, run, since, now()));
}

// ---- What is open

Task<Result<SyncLock>> Alerts::Desk::lock() {
  if (auto made = file_.make_directory(); !made.ok()) co_return made.error();
  const Instant until = parts_.loop.now() + kLockPatience;
  for (;;) {
    auto lock = parts_.locks.acquire(file_.lock_path(), "alerts", fmt::format("process {}", ::getpid()));
    if (lock.ok() || lock.error().kind != ErrorKind::locked || parts_.loop.now() >= until) co_return lock;
    co_await parts_.loop.sleep_for(50ms);
  }
}

Task<void> Alerts::Desk::change_open(Change change) {
  auto lock = co_await this->lock();
  if (!lock.ok()) {
    complain(lock.error());
    change(open_);
    co_return;
  }
  auto read = file_.read(parts_.project);
  if (read.ok())
    open_ = *read;
  else
    complain(read.error());
  change(open_);
  if (auto written = file_.write(open_); !written.ok())
    complain(written.error());
  else if (read.ok())
    complaint_.clear();
}

void Alerts::Desk::take_in(AllOutages& open) {
  for (auto& [name, outages] : open) {
    std::set<std::string> watched;
    for (const config::Sync& sync : parts_.project.syncs)
      for (const auto& alert : sync.alerts)
        if (*alert == name) watched.insert(sync.name);
    outages.watch_only(watched, now());
  }
  for (const Coming& coming : coming_)
    for (const std::string& name : coming.alerts)
      if (const auto at = open.find(name); at != open.end()) at->second.add(coming.notice, now());
  coming_.clear();
}

Task<std::vector<Alerts::Desk::Leaving>> Alerts::Desk::step(bool at_once) {
  std::vector<Leaving> leaving;
  co_await change_open([this, &leaving, at_once](AllOutages& open) {
    take_in(open);
    for (auto& [name, outages] : open)
      if (auto message = outages.take(now(), at_once)) leaving.push_back({name, *std::move(message)});
  });
  co_return leaving;
}

void Alerts::Desk::look_at_file() {
  auto read = file_.read(parts_.project);
  if (read.ok())
    open_ = *std::move(read);
  else
    complain(read.error());
}

std::optional<Time> Alerts::Desk::next() const {
  std::optional<Time> earliest;
  for (const auto& [name, outages] : open_)
    if (const auto at = outages.next(now()); at && (!earliest || *at < *earliest)) earliest = at;
  return earliest;
}

// ---- What goes out

Task<void> Alerts::Desk::send(Leaving leaving) {
  const Letter letter = letter_of(leaving.message, origin());
  const Receipt receipt = co_await tell(teller(), *parts_.project.alert(leaving.alert), letter, origin());
  report(leaving.alert, letter, receipt);
  co_await change_open([this, &leaving, &receipt](AllOutages& open) {
    open.at(leaving.alert).told(receipt.arrival, now(), receipt.wait.value_or(Duration(0)));
  });
  wake_.set();
}

Task<void> Alerts::Desk::run_until_stopped() {
  look_at_file();
  while (!stopped_) {
    const std::optional<Time> at = next();
    if (!coming_.empty() || (at && *at <= now()))
      for (Leaving& leaving : co_await step(false)) sending_.spawn(send(std::move(leaving)));
    if (stopped_) break;
    const std::optional<Time> then = next();
    const Duration wait = then ? std::clamp<Duration>(*then - now(), 1s, kLookAgain) : kLookAgain;
    const Instant until = parts_.loop.now() + wait;
    co_await interruptible_sleep(parts_.loop, until, wake_);
    if (!wake_.is_set()) look_at_file();
    wake_.reset();
  }
  if (!coming_.empty()) co_await change_open([this](AllOutages& open) { take_in(open); });
  co_await sending_.join();
}

void Alerts::Desk::stop() {
  stopped_ = true;
  wake_.set();
}

Task<void> Alerts::Desk::flush() {
  for (;;) {
    auto leaving = co_await step(true);
    if (leaving.empty()) break;
    for (Leaving& each : leaving) sending_.spawn(send(std::move(each)));
    co_await sending_.join();
  }
}

Task<Told> Alerts::Desk::test(std::string alert) {
  const config::Alert* declared = parts_.project.alert(alert);
  check(declared != nullptr, "a test of an alert that the project has");
  const Letter letter = test_letter(alert, origin(), now());
  const Receipt receipt = co_await tell(teller(), *declared, letter, origin());
  co_return Told{alert, letter.title, receipt.arrival == Arrival::arrived, receipt.answer, receipt.remedy};
}

uint64_t Alerts::Desk::waiting() const {
  uint64_t waiting = 0;
  for (const auto& [name, outages] : open_) waiting += outages.waiting(now());
  return waiting;
}

void Alerts::Desk::report(const std::string& alert, const Letter& letter, const Receipt& receipt) {
  if (parts_.on_told)
    parts_.on_told(
        {alert, letter.title, receipt.arrival == Arrival::arrived, receipt.answer, receipt.remedy});
}

void Alerts::Desk::complain(const Error& error) {
  if (complaint_ == error.message) return;
  complaint_ = error.message;
  if (parts_.on_told) parts_.on_told({"", "what is open of alerts", false, error.message, error.remedy});
}

}  // namespace penstock::alert
