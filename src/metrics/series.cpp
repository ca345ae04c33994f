#include "metrics/series.h"

#include <algorithm>

#include "base/result.h"

namespace penstock {
namespace {

constexpr size_t kMetrics = static_cast<size_t>(MetricId::count);

template <class Builder>
auto& register_family(Builder builder, const MetricFacts& facts, prometheus::Registry& registry) {
  return builder.Name(std::string(facts.name)).Help(std::string(facts.help)).Register(registry);
}

prometheus::Labels named(const MetricFacts& facts, const LabelValues& values) {
  check(values.size() == facts.labels.size(), "a value for each label of a metric");
  prometheus::Labels labels;
  for (size_t i = 0; i < values.size(); ++i) labels.emplace(facts.labels[i], values[i]);
  return labels;
}

bool by_labels(const prometheus::ClientMetric& a, const prometheus::ClientMetric& b) {
  return std::lexicographical_compare(
      a.label.begin(), a.label.end(), b.label.begin(), b.label.end(),
      [](const auto& x, const auto& y) { return std::tie(x.name, x.value) < std::tie(y.name, y.value); });
}

}  // namespace

Series::Series() : counters_(kMetrics), gauges_(kMetrics), histograms_(kMetrics) {
  for (size_t i = 0; i < kMetrics; ++i) {
    const MetricFacts& facts = all_metrics()[i];
    switch (facts.kind) {
      case MetricKind::counter:
        counters_[i].family = &register_family(prometheus::BuildCounter(), facts, registry_);
        break;
      case MetricKind::gauge:
        gauges_[i].family = &register_family(prometheus::BuildGauge(), facts, registry_);
        break;
      case MetricKind::histogram:
        histograms_[i].family = &register_family(prometheus::BuildHistogram(), facts, registry_);
        break;
    }
  }
}

// Null: there are too many already.
template <class T, class... Arguments>
T* Series::find(MetricId id, Of<T>& of, LabelValues labels, const Arguments&... arguments) {
  check(of.family != nullptr, "a metric is used as the kind that its row says");
  if (const auto found = of.series.find(labels); found != of.series.end()) return found->second;
  if (of.series.size() >= kSeriesMax) return nullptr;
  T* made = &of.family->Add(named(facts_of(id), labels), arguments...);
  of.series.emplace(std::move(labels), made);
  return made;
}

prometheus::Histogram* Series::histogram(MetricId id, LabelValues labels) {
  return find(id, histograms(id), std::move(labels), facts_of(id).buckets);
}

void Series::increment(MetricId id, LabelValues labels, double by) {
  if (auto* one = find(id, counters(id), std::move(labels))) one->Increment(by);
}

void Series::set(MetricId id, LabelValues labels, double value) {
  if (auto* one = find(id, gauges(id), std::move(labels))) one->Set(value);
}

void Series::observe(MetricId id, LabelValues labels, double value) {
  if (auto* one = histogram(id, std::move(labels))) one->Observe(value);
}

void Series::observe(MetricId id, LabelValues labels, const std::vector<double>& buckets, double sum) {
  check(buckets.size() == facts_of(id).buckets.size() + 1, "a number for each bucket");
  if (auto* one = histogram(id, std::move(labels))) one->ObserveMultiple(buckets, sum);
}

void Series::begin(MetricId id, LabelValues labels) {
  if (facts_of(id).kind == MetricKind::histogram)
    (void)histogram(id, std::move(labels));
  else
    (void)find(id, counters(id), std::move(labels));
}

bool Series::has(MetricId id, const LabelValues& labels) const {
  const auto i = static_cast<size_t>(id);
  return counters_[i].series.contains(labels) || gauges_[i].series.contains(labels) ||
         histograms_[i].series.contains(labels);
}

void Series::remove_if(MetricId id, const std::function<bool(const LabelValues&)>& is_gone) {
  const auto remove = [&](auto& of) {
    std::erase_if(of.series, [&](const auto& one) {
      if (!is_gone(one.first)) return false;
      of.family->Remove(one.second);
      return true;
    });
  };
  remove(counters(id));
  remove(gauges(id));
  remove(histograms(id));
}

std::vector<prometheus::MetricFamily> Series::collect(bool with_process) const {
  std::map<std::string, prometheus::MetricFamily> by_name;
  for (auto& family : registry_.Collect()) by_name.emplace(family.name, std::move(family));
  std::vector<prometheus::MetricFamily> families;
  for (const MetricFacts& facts : all_metrics()) {
    const auto found = by_name.find(std::string(facts.name));
    if (found == by_name.end() || found->second.metric.empty() || (facts.of_process && !with_process))
      continue;
    std::sort(found->second.metric.begin(), found->second.metric.end(), by_labels);
    families.push_back(std::move(found->second));
  }
  return families;
}

}  // namespace penstock
