#include "sim/machine.h"

#include <fmt/format.h>

#include "async/sync.h"

namespace penstock::sim {
namespace {

constexpr const char* kProject = "/project";

// Most of the work on the disk is quick; now and then something takes its time.
Duration draw_disk_time(Random& random) {
  return Duration(static_cast<int64_t>(random.below(random.chance(0.1) ? 200'000 : 4'000)));
}

std::string first_errors(const declare::Diagnostics& diagnostics) {
  return diagnostics.ok() ? "" : as_error(diagnostics).message;
}

}  // namespace

std::string Doom::show() const {
  std::string out;
  if (killed_after) out += fmt::format(", killed after {:.3f} s", in_seconds(*killed_after));
  if (interrupted_after) out += fmt::format(", interrupted after {:.3f} s", in_seconds(*interrupted_after));
  static constexpr const char* kFaults[] = {"the disk is full", "the disk turns read-only",
                                            "the power is cut"};
  if (disk_fault)
    out += fmt::format(", {} after {} operations", kFaults[static_cast<int>(*disk_fault)], disk_fault_after);
  return out;
}

// Everything that goes when the process dies.
class Machine::Life final : public Listener {
 public:
  Life(Machine& machine, const Weather& weather, const Doom& doom, std::function<void()> others)
      : machine_(machine),
        doom_(doom),
        others_(std::move(others)),
        random_(machine.random_.next()),
        loop_(machine.destination_.clock().now(), machine.destination_.clock().instant()),
        network_(loop_, machine.random_, weather, *this),
        over_(loop_) {
    loop_.set_offload_time([this] { return draw_disk_time(machine_.random_); });
    machine_.destination_.clock().follow(loop_.clock());
  }
  ~Life() override { machine_.destination_.clock().keep(); }

  LifeEnd live(RunKind kind) {
    workspace_ = Workspace::open(machine_.disk_, loop_.clock(), kProject, diagnostics_,
                                 Random(machine_.random_.next()));
    if (!diagnostics_.ok()) return ended_early();
    loop_.spawn(run(this, kind));
    if (doom_.killed_after) loop_.spawn(kill(this));
    if (doom_.interrupted_after) loop_.spawn(interrupt(this));
    if (doom_.disk_fault) loop_.spawn(watch_power(this));
    loop_.spawn(let_others_act(this));
    if (auto ended = loop_.try_run(wait(this)); !ended.ok())
      machine_.auditor_.problem("the process hangs: " + ended.error().message);
    return std::move(end_);
  }
  void process_died() { network_.process_died(); }

  bool may_send() override { return !has_power_cut(); }
  void sent(const HttpRequest& request) override {
    constexpr size_t kShown = 600;
    told(fmt::format("{} {} {}{}", request.method, request.url.substr(15), request.body.substr(0, kShown),
                     request.body.size() > kShown ? "..." : ""));
    machine_.auditor_.sent(request, loop_.now());
  }
  ServerReply arrived(const HttpRequest& request, uint64_t& exchange) override {
    return machine_.auditor_.arrived(request, loop_.now(), exchange);
  }
  void replied(const HttpRequest& request, uint64_t exchange, const HttpReply& reply) override {
    told(fmt::format("reply {} to {}{}", reply.status, exchange,
                     reply.status == 200 || reply.status == 204 ? "" : " " + reply.body.substr(0, 300)));
    machine_.auditor_.replied(request, exchange, reply, loop_.now());
  }
  void told(const std::string& line) override {
    machine_.tell_(fmt::format("    {} {}", iso8601(loop_.clock().now()).substr(11, 12), line));
  }

 private:
  bool has_power_cut() const {
    return doom_.disk_fault == FaultyDisk::Fault::power_cut && machine_.disk_.struck();
  }
  LifeEnd ended_early() {
    end_.died = has_power_cut();
    end_.error = Error{ErrorKind::config, first_errors(diagnostics_), ""};
    return std::move(end_);
  }
  void die() {
    end_.died = true;
    over_.set();
  }

  static Task<void> wait(Life* life) { co_await life->over_.wait(); }
  static Task<void> run(Life* life, RunKind kind) {
    RunRequest request;
    request.kind = kind;
    const config::Sync* sync = life->workspace_->project().sync("sync");
    auto report = co_await run_sync(
        {life->loop_, life->network_, *life->workspace_, life->random_, life->interruption_, nullptr}, *sync,
        request, life->diagnostics_);
    if (report.ok())
      life->end_.report = *std::move(report);
    else
      life->end_.error = report.error();
    life->end_.died = life->end_.died || life->has_power_cut();
    life->over_.set();
  }
  static Task<void> kill(Life* life) {
    co_await life->loop_.sleep_for(*life->doom_.killed_after);
    life->die();
  }
  static Task<void> interrupt(Life* life) {
    co_await life->loop_.sleep_for(*life->doom_.interrupted_after);
    life->interruption_.interrupt();
  }
  static Task<void> watch_power(Life* life) {
    while (!life->has_power_cut()) co_await life->loop_.sleep_for(20ms);
    life->die();
  }
  static Task<void> let_others_act(Life* life) {
    for (int i = 0; i < 40; ++i) {
      co_await life->loop_.sleep_for(Duration(static_cast<int64_t>(life->machine_.random_.below(2'000'000))));
      life->others_();
    }
  }

  Machine& machine_;
  Doom doom_;
  std::function<void()> others_;
  Random random_;
  declare::Diagnostics diagnostics_;
  std::unique_ptr<Workspace> workspace_;
  Interruption interruption_;
  LifeEnd end_;
  SimLoop loop_;
  SimNetwork network_;
  Event over_;
};

Machine::Machine(uint64_t seed, const Scenario& scenario, Destination& destination, Auditor& auditor,
                 std::function<void(std::string)> tell)
    : scenario_(scenario),
      destination_(destination),
      auditor_(auditor),
      tell_(std::move(tell)),
      random_(seed),
      state_(directory_.path()),
      disk_(state_, seed) {
  paths_.root = directory_.path();
}

std::string Machine::without_place(std::string text) const {
  const std::string& place = directory_.path();
  for (size_t at = text.find(place); at != text.npos; at = text.find(place, at))
    text.replace(at, place.size(), "STATE");
  return text;
}

void Machine::write_project(const Edition& edition) {
  for (const auto& [name, text] : scenario_.files(edition, directory_.path())) {
    const std::string path = join_path(kProject, name);
    check(state_.make_directories(path.substr(0, path.rfind('/'))).ok() && state_.replace(path, text).ok(),
          "the project is written");
  }
}

LifeEnd Machine::live(const Edition& edition, RunKind kind, const Weather& weather, const Doom& doom,
                      std::function<void()> others) {
  write_project(edition);
  auditor_.begin_life(edition, kind == RunKind::full || kind == RunKind::retry);
  if (doom.disk_fault) disk_.arm(*doom.disk_fault, doom.disk_fault_after);
  LifeEnd end;
  {
    // What the network still holds outlives the loop's tasks.
    Life life(*this, weather, doom, std::move(others));
    end = life.live(kind);
    if (end.died) life.process_died();
  }
  end.disk_failed = doom.disk_fault && disk_.struck();
  if (end.died && end.disk_failed)
    check(disk_.power_on().ok(), "the power comes back");
  else
    disk_.disarm();
  return end;
}

}  // namespace penstock::sim
