#include "metrics/metrics.h"

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>
#include <set>

#include "metrics/earlier.h"
#include "metrics/process.h"
#include "metrics/series.h"

namespace penstock {
namespace {

double seconds_since_1970(Time time) {
  return static_cast<double>(unix_micros(time)) / 1e6;
}

// 2xx, or none where no reply came.
std::string class_of(int status) {
  return status < 100 ? "none" : fmt::format("{}xx", status / 100);
}

const char* name_of(Queue queue) {
  switch (queue) {
    case Queue::runs:
      return "runs";
    case Queue::alerts:
      return "alerts";
  }
  die("a Queue without a name");
}

// More than anybody counts, and little enough to be added up.
constexpr double kEarlierMax = 1e15;

// As names of the project are, and words of the program.
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
}

// How a run may stand in penstock_runs_total.
constexpr std::string_view kStatuses[] = {"succeeded", "partial",     "failed",
                                          "stopped",   "interrupted", "refused"};
constexpr std::string_view kOutcomes[] = {"accepted", "rejected", "skipped", "in_doubt", "failed"};
constexpr std::string_view kChanges[] = {"added", "changed", "removed"};
constexpr std::string_view kReplies[] = {"2xx", "4xx", "5xx", "none"};

bool came_to_an_end(const RunRow& run) {
  return run.status == "succeeded" || run.status == "partial";
}

// Whether the plan's counts are there.
bool was_planned(const RunReport& report) {
  const auto& costs = report.stages.costs();
  return came_to_an_end(report.run) || std::any_of(costs.begin(), costs.end(), [](const StageCost& cost) {
           return cost.stage == RunStage::delivering;
         });
}

}  // namespace

class Metrics::Impl {
 public:
  Impl(const Clock& clock, std::string version) : clock_(clock) {
    series_.set(MetricId::build_info, {std::move(version)}, 1);
    series_.set(MetricId::process_start, {}, seconds_since_1970(clock_.now()));
  }

  void know(const config::Project& project) {
    syncs_.clear();
    destinations_.clear();
    for (const auto& sync : project.syncs) syncs_.insert(sync.name);
    for (const auto& destination : project.destinations) destinations_.insert(destination.name);
    forget_others();
    for (const auto& sync : syncs_) begin_sync(sync);
    for (const auto& destination : destinations_) begin_destination(destination);
  }

  void set_standing(const std::string& sync, const SyncStanding& standing) {
    if (standing.last_run) series_.set(MetricId::last_run, {sync}, seconds_since_1970(*standing.last_run));
    if (standing.last_success)
      series_.set(MetricId::last_success, {sync}, seconds_since_1970(*standing.last_success));
    series_.set(MetricId::rows_waiting, {sync}, static_cast<double>(standing.waiting));
    series_.set(MetricId::rows_accepted, {sync}, static_cast<double>(standing.accepted));
  }

  void on_progress(const RunProgress& progress) {
    Going& going = going_[progress.sync];
    going = {.stage = progress.stage,
             .destination = progress.destination,
             .in_flight = progress.delivery.in_flight};
    for (const LimitUse& use : progress.limits) {
      const LabelValues labels{progress.destination, use.limit, fmt::format("{:g}", in_seconds(use.window))};
      series_.set(MetricId::limit_allowed, labels, static_cast<double>(use.allowed));
      series_.set(MetricId::limit_used, labels, static_cast<double>(use.used));
    }
    show_going(progress.destination);
  }

  void on_request(const config::Sync& sync, const SentRequest& request) {
    const std::string& destination = *sync.destination;
    series_.increment(MetricId::requests, {destination, class_of(request.status)});
    if (request.throttled) series_.increment(MetricId::requests_throttled, {destination});
    series_.observe(MetricId::request_duration, {destination}, in_seconds(request.latency));
  }

  void on_run_ended(const config::Sync& sync, const RunReport& report) {
    const RunRow& run = report.run;
    series_.increment(MetricId::runs, {sync.name, run.status});
    series_.observe(MetricId::run_duration, {sync.name}, run.seconds());
    for (const StageCost& cost : report.stages.costs())
      series_.increment(MetricId::run_stage_time, {sync.name, name_of(cost.stage)}, in_seconds(cost.took));
    series_.set(MetricId::last_run, {sync.name}, seconds_since_1970(run.started));
    if (came_to_an_end(run))
      series_.set(MetricId::last_success, {sync.name}, seconds_since_1970(run.started));
    count_rows(sync.name, run);
    if (was_planned(report)) {
      series_.set(MetricId::rows_of_model, {sync.name}, static_cast<double>(run.rows));
      series_.set(MetricId::rows_invalid, {sync.name}, static_cast<double>(run.invalid));
    }
    if (report.standing) {
      series_.set(MetricId::rows_waiting, {sync.name}, static_cast<double>(report.standing->waiting));
      series_.set(MetricId::rows_accepted, {sync.name}, static_cast<double>(report.standing->current));
    }
    no_longer_going(sync);
  }

  void on_run_refused(const config::Sync& sync) {
    series_.increment(MetricId::runs, {sync.name, "refused"});
    no_longer_going(sync);
  }

  std::string text(Scrape scrape) {
    const bool of_service = scrape == Scrape::service;
    if (of_service) look_at_process();
    return prometheus::TextSerializer().Serialize(series_.collect(of_service));
  }

  void carry_on(std::string_view text) {
    std::map<std::string, MetricId, std::less<>> ids;
    for (size_t i = 0; i < all_metrics().size(); ++i)
      if (!all_metrics()[i].of_process) ids.emplace(all_metrics()[i].name, static_cast<MetricId>(i));
    std::map<std::pair<MetricId, LabelValues>, EarlierHistogram> histograms;
    for (const auto& sample : read_samples(text))
      if (sample.value >= 0 && sample.value <= kEarlierMax) carry_on(ids, sample, histograms);
    for (const auto& [which, earlier] : histograms) carry_on(which.first, which.second, earlier);
  }

  Series series_;

 private:
  struct Going {
    RunStage stage = RunStage::opening;
    std::string destination;
    uint64_t in_flight = 0;
  };
  // Counts of all observations up to each bound, by the bound's text.
  struct EarlierHistogram {
    std::map<double, double> up_to;
    double count = 0, sum = 0;
  };

  void begin_sync(const std::string& sync) {
    for (const auto status : kStatuses) series_.begin(MetricId::runs, {sync, std::string(status)});
    for (const auto outcome : kOutcomes) series_.begin(MetricId::rows, {sync, std::string(outcome)});
    for (const auto change : kChanges) series_.begin(MetricId::rows_planned, {sync, std::string(change)});
    for (const RunStage stage :
         {RunStage::opening, RunStage::planning, RunStage::delivering, RunStage::settling})
      series_.begin(MetricId::run_stage_time, {sync, penstock::name_of(stage)});
    series_.begin(MetricId::run_duration, {sync});
    series_.begin(MetricId::schedule_missed, {sync});
  }
  void begin_destination(const std::string& destination) {
    for (const auto reply : kReplies) series_.begin(MetricId::requests, {destination, std::string(reply)});
    series_.begin(MetricId::requests_throttled, {destination});
    series_.begin(MetricId::request_duration, {destination});
  }

  // Whether a series names a sync or a destination that is not in the project.
  bool is_of_others(MetricId id, const LabelValues& values) const {
    const auto& labels = facts_of(id).labels;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == "sync" && !syncs_.contains(values[i])) return true;
      if (labels[i] == "destination" && !destinations_.contains(values[i])) return true;
    }
    return false;
  }
  void forget_others() {
    for (size_t i = 0; i < all_metrics().size(); ++i) {
      const auto id = static_cast<MetricId>(i);
      series_.remove_if(id, [&](const LabelValues& values) { return is_of_others(id, values); });
    }
  }

  void count_rows(const std::string& sync, const RunRow& run) {
    const std::pair<const char*, uint64_t> changes[] = {
        {"added", run.added}, {"changed", run.changed}, {"removed", run.removed}};
    for (const auto& [change, rows] : changes)
      series_.increment(MetricId::rows_planned, {sync, change}, static_cast<double>(rows));
    const std::pair<const char*, uint64_t> outcomes[] = {{"accepted", run.accepted},
                                                         {"rejected", run.rejected},
                                                         {"skipped", run.skipped},
                                                         {"in_doubt", run.in_doubt},
                                                         {"failed", run.failed}};
    for (const auto& [outcome, rows] : outcomes)
      series_.increment(MetricId::rows, {sync, outcome}, static_cast<double>(rows));
  }

  void no_longer_going(const config::Sync& sync) {
    const std::string& destination = *sync.destination;
    if (going_.erase(sync.name) == 0) return;
    show_going(destination);
    const bool others = std::any_of(going_.begin(), going_.end(),
                                    [&](const auto& one) { return one.second.destination == destination; });
    if (others) return;
    for (const MetricId id : {MetricId::limit_allowed, MetricId::limit_used})
      series_.remove_if(id, [&](const LabelValues& values) { return values[0] == destination; });
  }

  void show_going(const std::string& destination) {
    uint64_t in_flight = 0;
    std::map<RunStage, uint64_t> stages;
    for (const auto& [sync, going] : going_) {
      ++stages[going.stage];
      if (going.destination == destination) in_flight += going.in_flight;
    }
    series_.set(MetricId::requests_in_flight, {destination}, static_cast<double>(in_flight));
    for (const RunStage stage :
         {RunStage::opening, RunStage::planning, RunStage::delivering, RunStage::settling})
      series_.set(MetricId::runs_in_progress, {penstock::name_of(stage)}, static_cast<double>(stages[stage]));
  }

  void look_at_process() {
    const ProcessFacts facts = process_facts();
    series_.increment(MetricId::process_cpu, {}, facts.cpu_seconds - cpu_shown_);
    cpu_shown_ = facts.cpu_seconds;
    if (facts.resident_bytes) series_.set(MetricId::process_memory, {}, *facts.resident_bytes);
    if (facts.open_fds) series_.set(MetricId::process_fds, {}, *facts.open_fds);
    if (facts.max_fds) series_.set(MetricId::process_fds_max, {}, *facts.max_fds);
  }

  // The values of the metric's labels; nullopt: others are there, or names that the project does not have.
  std::optional<LabelValues> labels_of(MetricId id, const EarlierSample& sample) const {
    const auto& names = facts_of(id).labels;
    if (sample.labels.size() - sample.labels.count("le") != names.size()) return std::nullopt;
    LabelValues values;
    for (const auto name : names) {
      const auto found = sample.labels.find(name);
      if (found == sample.labels.end() || !is_word(found->second)) return std::nullopt;
      values.push_back(found->second);
    }
    return is_of_others(id, values) ? std::nullopt : std::optional(std::move(values));
  }

  static std::string_view without(std::string_view name, std::string_view ending) {
    return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : std::string_view();
  }

  void carry_on(const std::map<std::string, MetricId, std::less<>>& ids, const EarlierSample& sample,
                std::map<std::pair<MetricId, LabelValues>, EarlierHistogram>& histograms) {
    if (const auto plain = ids.find(sample.name); plain != ids.end()) {
      const MetricId id = plain->second;
      const auto labels = labels_of(id, sample);
      if (!labels || id == MetricId::build_info) return;
      if (facts_of(id).kind == MetricKind::counter) series_.increment(id, *labels, sample.value);
      if (facts_of(id).kind == MetricKind::gauge && !series_.has(id, *labels))
        series_.set(id, *labels, sample.value);
      return;
    }
    for (const std::string_view part : {"_bucket", "_sum", "_count"}) {
      const auto found = ids.find(without(sample.name, part));
      if (found == ids.end() || facts_of(found->second).kind != MetricKind::histogram) continue;
      const auto labels = labels_of(found->second, sample);
      if (!labels) return;
      EarlierHistogram& earlier = histograms[{found->second, *labels}];
      if (part == "_sum") earlier.sum = sample.value;
      if (part == "_count") earlier.count = sample.value;
      const auto bound = sample.labels.find("le");
      if (part == "_bucket" && bound != sample.labels.end() && bound->second != "+Inf")
        earlier.up_to.emplace(std::strtod(bound->second.c_str(), nullptr), sample.value);
    }
  }

  // One with other bounds is forgotten: what was counted cannot be put into these.
  void carry_on(MetricId id, const LabelValues& labels, const EarlierHistogram& earlier) {
    const std::vector<double>& bounds = facts_of(id).buckets;
    std::vector<double> buckets;
    double before = 0;
    for (const double bound : bounds) {
      const auto found = earlier.up_to.find(bound);
      if (found == earlier.up_to.end() || found->second < before) return;
      buckets.push_back(found->second - before);
      before = found->second;
    }
    if (earlier.count < before) return;
    buckets.push_back(earlier.count - before);
    series_.observe(id, labels, buckets, earlier.sum);
  }

  const Clock& clock_;
  std::set<std::string> syncs_, destinations_;
  std::map<std::string, Going> going_;  // by sync: one runs once at a time
  double cpu_shown_ = 0;

 public:
  std::mutex mutex_;
};

Metrics::Metrics(const Clock& clock, std::string version)
    : impl_(std::make_unique<Impl>(clock, std::move(version))) {}
Metrics::~Metrics() = default;

void Metrics::know(const config::Project& project) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->know(project);
}

void Metrics::set_standing(const std::string& sync, const SyncStanding& standing) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->set_standing(sync, standing);
}

void Metrics::on_progress(const RunProgress& progress) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->on_progress(progress);
}

void Metrics::on_request(const config::Sync& sync, const SentRequest& request) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->on_request(sync, request);
}

void Metrics::on_run_ended(const config::Sync& sync, const RunReport& report) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->on_run_ended(sync, report);
}

void Metrics::on_run_refused(const config::Sync& sync) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->on_run_refused(sync);
}

void Metrics::on_late(const std::string& sync, Duration by) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->series_.set(MetricId::schedule_lateness, {sync}, in_seconds(by));
}

void Metrics::on_missed(const std::string& sync, uint64_t times) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->series_.increment(MetricId::schedule_missed, {sync}, static_cast<double>(times));
}

void Metrics::on_alert(std::string_view alert, bool sent) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->series_.increment(MetricId::alerts, {std::string(alert), sent ? "sent" : "failed"});
}

void Metrics::on_api_request(std::string_view route, int status, Duration took) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->series_.increment(MetricId::api_requests, {std::string(route), class_of(status)});
  impl_->series_.observe(MetricId::api_request_duration, {std::string(route)}, in_seconds(took));
}

void Metrics::set_queue(Queue queue, uint64_t length) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->series_.set(MetricId::queue_length, {name_of(queue)}, static_cast<double>(length));
}

std::string Metrics::text(Scrape scrape) const {
  const std::scoped_lock lock(impl_->mutex_);
  return impl_->text(scrape);
}

void Metrics::carry_on(std::string_view text) {
  const std::scoped_lock lock(impl_->mutex_);
  impl_->carry_on(text);
}

}  // namespace penstock
