// The series of all metrics in a registry of the library.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "metrics/facts.h"

namespace penstock {

// One value for each label of the metric, in their order.
using LabelValues = std::vector<std::string>;

// Not thread-safe.
class Series {
 public:
  Series();

  void increment(MetricId id, LabelValues labels, double by = 1);
  void set(MetricId id, LabelValues labels, double value);
  void observe(MetricId id, LabelValues labels, double value);
  // Observations that were counted elsewhere: of each bucket (the last is beyond all bounds), and their sum.
  void observe(MetricId id, LabelValues labels, const std::vector<double>& buckets, double sum);
  // So that it is there with 0: who asks for an increase must have seen it before.
  void begin(MetricId id, LabelValues labels);
  bool has(MetricId id, const LabelValues& labels) const;
  void remove_if(MetricId id, const std::function<bool(const LabelValues&)>& is_gone);

  // Whole families, in the order of the table; series by their labels.
  std::vector<prometheus::MetricFamily> collect(bool with_process) const;

 private:
  // Where a name should be bounded and is not, this is.
  static constexpr size_t kSeriesMax = 20'000;
  template <class T>
  struct Of {
    prometheus::Family<T>* family = nullptr;
    std::map<LabelValues, T*> series{};
  };
  template <class T, class... Arguments>
  T* find(MetricId id, Of<T>& of, LabelValues labels, const Arguments&... arguments);
  Of<prometheus::Counter>& counters(MetricId id) { return counters_[static_cast<size_t>(id)]; }
  Of<prometheus::Gauge>& gauges(MetricId id) { return gauges_[static_cast<size_t>(id)]; }
  Of<prometheus::Histogram>& histograms(MetricId id) { return histograms_[static_cast<size_t>(id)]; }
  prometheus::Histogram* histogram(MetricId id, LabelValues labels);

  prometheus::Registry registry_;
  // By MetricId; each metric is in one of them.
  std::vector<Of<prometheus::Counter>> counters_;
  std::vector<Of<prometheus::Gauge>> gauges_;
  std::vector<Of<prometheus::Histogram>> histograms_;
};

}  // namespace penstock
