// What the snapshot costs: to build, to open, to probe, to commit to. PENSTOCK_BENCH_KEYS sets the number of
// keys (10 million). Everything on one thread, but for the checking of slots when opening.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/temp_directory.h"
#include "snapshot/snapshot.h"

namespace penstock {
namespace {

constexpr size_t kBatch = 2048;

uint64_t key_count() {
  const char* text = std::getenv("PENSTOCK_BENCH_KEYS");
  return text ? std::strtoull(text, nullptr, 10) : 10'000'000;
}

// splitmix64's mixing step: key number i, in an order that has nothing to do with the hashes'.
uint64_t mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}
KeyHash key_of(uint64_t i) {
  return {mix(i) | 1, mix(~i)};
}
Fingerprint fingerprint_of(uint64_t i) {
  return mix(i * 3) | 1;
}

template <class T>
T must(Result<T> result) {
  if (!result.ok()) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

double resident_file_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "RssFile:") {
      double kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void build(const std::string& directory, uint64_t keys) {
  const Snapshot empty = must(Snapshot::open(real_disk(), directory, Verify::headers));
  ChangeSet changes = must(ChangeSet::begin(real_disk(), directory));
  for (uint64_t i = 0; i < keys; ++i) must(changes.put(key_of(i), {.accepted = fingerprint_of(i)}));
  must(commit(empty, std::move(changes), {}));
}

// One snapshot for all benchmarks that only read it: the keys, and deltas with one in a hundred accepted
// anew.
const std::string& prepared() {
  static const TempDirectory directory;
  static const std::string path = [] {
    const std::string sync = directory.path("sync");
    build(sync, key_count());
    for (int part = 0; part < 3; ++part) {
      const Snapshot old = must(Snapshot::open(real_disk(), sync, Verify::headers));
      ChangeSet changes = must(ChangeSet::begin(real_disk(), sync));
      const uint64_t step = part == 0 ? 125 : 4000;
      for (uint64_t i = static_cast<uint64_t>(part); i < key_count(); i += step)
        must(changes.put(key_of(i), {.accepted = fingerprint_of(i)}));
      must(commit(old, std::move(changes), {}));
    }
    return sync;
  }();
  return path;
}

struct Batch {
  std::vector<KeyHash> keys = std::vector<KeyHash>(kBatch);
  std::vector<Fingerprint> fingerprints = std::vector<Fingerprint>(kBatch);
  std::vector<Probe> probes = std::vector<Probe>(kBatch);

  // One row in a hundred has changed.
  void fill(uint64_t first) {
    for (uint64_t i = 0; i < kBatch; ++i) {
      keys[i] = key_of(first + i);
      fingerprints[i] = fingerprint_of(first + i) + (mix(first + i) % 100 == 0 ? 2 : 0);
    }
  }
};

void Build(benchmark::State& state) {
  for (auto _ : state) {
    const TempDirectory directory;
    build(directory.path("sync"), key_count());
  }
  state.SetItemsProcessed(static_cast<int64_t>(key_count()) * state.iterations());
}
BENCHMARK(Build)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime()->Iterations(1);

void OpenAndVerify(benchmark::State& state) {
  const std::string& directory = prepared();
  for (auto _ : state)
    benchmark::DoNotOptimize(must(Snapshot::open(real_disk(), directory, Verify::everything)));
}
BENCHMARK(OpenAndVerify)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void OpenHeaders(benchmark::State& state) {
  const std::string& directory = prepared();
  for (auto _ : state)
    benchmark::DoNotOptimize(must(Snapshot::open(real_disk(), directory, Verify::headers)));
}
BENCHMARK(OpenHeaders)->Unit(benchmark::kMillisecond);

// All keys once, as the planner does it; only the probes (and the marks) are timed.
void probe_all(benchmark::State& state, bool mark) {
  const double before = resident_file_bytes();
  const Snapshot snapshot = must(Snapshot::open(real_disk(), prepared(), Verify::everything));
  Batch batch;
  uint64_t other = 0;
  for (auto _ : state) {
    SeenBits seen(snapshot.slot_count());
    double seconds = 0;
    for (uint64_t first = 0; first + kBatch <= key_count(); first += kBatch) {
      batch.fill(first);
      const auto begin = std::chrono::steady_clock::now();
      must(snapshot.probe(batch.keys, batch.fingerprints, batch.probes));
      if (mark)
        for (const Probe& probe : batch.probes)
          if (probe.standing != Standing::absent) benchmark::DoNotOptimize(seen.mark(probe.slot));
      seconds += seconds_since(begin);
      for (const Probe& probe : batch.probes) other += probe.standing == Standing::other;
    }
    state.SetIterationTime(seconds);
  }
  const auto probes = static_cast<int64_t>(key_count() / kBatch * kBatch) * state.iterations();
  state.SetItemsProcessed(probes);
  state.counters["changed"] = static_cast<double>(other) / static_cast<double>(probes);
  state.counters["tables"] = static_cast<double>(snapshot.manifest().tables.size());
  state.counters["resident_bytes_per_key"] =
      (resident_file_bytes() - before) / static_cast<double>(key_count());
}
void ProbeEachKey(benchmark::State& state) {
  probe_all(state, false);
}
void ProbeAndMarkEachKey(benchmark::State& state) {
  probe_all(state, true);
}
BENCHMARK(ProbeEachKey)->Unit(benchmark::kMillisecond)->UseManualTime();
BENCHMARK(ProbeAndMarkEachKey)->Unit(benchmark::kMillisecond)->UseManualTime();

void ProbeAbsentKeys(benchmark::State& state) {
  const Snapshot snapshot = must(Snapshot::open(real_disk(), prepared(), Verify::everything));
  Batch batch;
  for (auto _ : state) {
    double seconds = 0;
    for (uint64_t first = 0; first + kBatch <= key_count(); first += kBatch) {
      batch.fill(key_count() + first);
      const auto begin = std::chrono::steady_clock::now();
      must(snapshot.probe(batch.keys, batch.fingerprints, batch.probes));
      seconds += seconds_since(begin);
    }
    state.SetIterationTime(seconds);
  }
  state.SetItemsProcessed(static_cast<int64_t>(key_count() / kBatch * kBatch) * state.iterations());
}
BENCHMARK(ProbeAbsentKeys)->Unit(benchmark::kMillisecond)->UseManualTime();

void FindRemoved(benchmark::State& state) {
  const Snapshot snapshot = must(Snapshot::open(real_disk(), prepared(), Verify::everything));
  SeenBits seen(snapshot.slot_count());
  must(snapshot.for_each([&](const Found& found) -> Result<void> {
    if (found.key.lo % 100 != 0) seen.mark(found.slot);
    return success();
  }));
  uint64_t removed = 0;
  for (auto _ : state)
    must(snapshot.for_each_unseen(seen, [&](const Found&) -> Result<void> {
      ++removed;
      return success();
    }));
  state.counters["removed"] = static_cast<double>(removed) / static_cast<double>(state.iterations());
}
BENCHMARK(FindRemoved)->Unit(benchmark::kMillisecond);

// A run that changed a thousand keys: open for the commit, note, commit. Now and then one pays for a merge.
void CommitThousand(benchmark::State& state) {
  const std::string& directory = prepared();
  uint64_t i = 7;
  double slowest = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    const Snapshot old = must(Snapshot::open(real_disk(), directory, Verify::headers));
    ChangeSet changes = must(ChangeSet::begin(real_disk(), directory));
    for (int n = 0; n < 1000; ++n, i = (i + 7919) % key_count())
      must(changes.put(key_of(i),
                       {.accepted = fingerprint_of(i), .details = Details{.record_id = "1234567890"}}));
    must(commit(old, std::move(changes), {.last_run = "bench"}));
    slowest = std::max(slowest, seconds_since(begin));
  }
  state.counters["slowest_ms"] = slowest * 1000;
}
BENCHMARK(CommitThousand)->Unit(benchmark::kMillisecond)->UseRealTime();

void InsertNewKeys(benchmark::State& state) {
  std::vector<KeyHash> batch(kBatch);
  std::vector<uint8_t> is_new(kBatch);
  for (auto _ : state) {
    NewKeys keys;
    double seconds = 0;
    for (uint64_t first = 0; first < key_count(); first += kBatch) {
      for (uint64_t n = 0; n < kBatch; ++n) batch[n] = key_of(first + n);
      const auto begin = std::chrono::steady_clock::now();
      keys.insert(batch, is_new);
      seconds += seconds_since(begin);
    }
    state.SetIterationTime(seconds);
    state.counters["bytes_per_key"] =
        static_cast<double>(keys.memory_bytes()) / static_cast<double>(keys.size());
  }
  state.SetItemsProcessed(static_cast<int64_t>(key_count()) * state.iterations());
}
BENCHMARK(InsertNewKeys)->Unit(benchmark::kMillisecond)->UseManualTime();

}  // namespace
}  // namespace penstock

BENCHMARK_MAIN();
