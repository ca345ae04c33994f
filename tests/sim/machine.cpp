#include "sim/machine.h"

#include <fmt/format.h>

#include "async/sync.h"
#include "deliver/accounts.h"

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
class Machine::Life {
 public:
  Life(Machine& machine, const Weather& weather, const Doom& doom, std::function<void()> others)
      : machine_(machine),
        doom_(doom),
        others_(std::move(others)),
        random_(machine.random_.next()),
        loop_(machine.destination_.clock().now(), machine.destination_.clock().instant()),
        over_(loop_) {
    add_process(weather);
    for (const auto& neighbour : machine.scenario_.neighbours)
      if (neighbour.own_process) add_process(weather);
    loop_.set_offload_time([this] { return draw_disk_time(machine_.random_); });
    machine_.destination_.clock().follow(loop_.clock());
  }
  ~Life() { machine_.destination_.clock().keep(); }

  LifeEnd live(RunKind kind) {
    workspace_ = Workspace::open(machine_.disk_, loop_.clock(), kProject, diagnostics_,
                                 Random(machine_.random_.next()));
    if (!diagnostics_.ok()) return ended_early();
    loop_.spawn(run(this, kind));
    size_t process = 0;
    for (size_t i = 0; i < machine_.scenario_.neighbours.size(); ++i)
      loop_.spawn(run_neighbour(this, i, machine_.scenario_.neighbours[i].own_process ? ++process : 0));
    if (machine_.scenario_.clock_jumps) loop_.spawn(set_clock(this));
    if (doom_.killed_after) loop_.spawn(kill(this));
    if (doom_.interrupted_after) loop_.spawn(interrupt(this));
    if (doom_.disk_fault) loop_.spawn(watch_power(this));
    loop_.spawn(let_others_act(this));
    if (auto ended = loop_.try_run(wait(this)); !ended.ok())
      machine_.auditor_.problem("the process hangs: " + ended.error().message);
    return std::move(end_);
  }
  void process_died() {
    for (const auto& process : processes_) process->network.process_died();
  }

 private:
  // What each process has for itself.
  struct Process final : Listener {
    Process(Life& of, size_t which, const Weather& weather)
        : life(of),
          number(which),
          network(of.loop_, of.machine_.random_, weather, *this),
          accounts(of.loop_, join_path(of.machine_.directory_.path(), "limits")) {}
    bool may_send() override { return !life.has_power_cut(); }
    void sent(const HttpRequest& request) override { life.sent(request, number); }
    ServerReply arrived(const HttpRequest& request, uint64_t& exchange) override {
      return life.machine_.auditor_.arrived(request, life.loop_.now(), exchange);
    }
    void replied(const HttpRequest& request, uint64_t exchange, const HttpReply& reply) override {
      life.replied(request, exchange, reply, number);
    }
    void told(const std::string& line) override { life.told(line); }

    Life& life;
    size_t number;
    SimNetwork network;
    Accounts accounts;
  };

  void add_process(const Weather& weather) {
    processes_.push_back(std::make_unique<Process>(*this, processes_.size(), weather));
  }
  void sent(const HttpRequest& request, size_t process) {
    constexpr size_t kShown = 600;
    told(fmt::format("{} {} {}{}", request.method, request.url.substr(15), request.body.substr(0, kShown),
                     request.body.size() > kShown ? "..." : ""));
    machine_.auditor_.sent(request, loop_.now(), process);
  }
  void replied(const HttpRequest& request, uint64_t exchange, const HttpReply& reply, size_t process) {
    told(fmt::format("reply {} to {}{}", reply.status, exchange,
                     reply.status == 200 || reply.status == 204 ? "" : " " + reply.body.substr(0, 300)));
    machine_.auditor_.replied(request, exchange, reply, loop_.now(), process);
  }
  void told(const std::string& line) {
    machine_.tell_(fmt::format("    {} {}", iso8601(loop_.clock().now()).substr(11, 12), line));
  }
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
    auto report =
        co_await run_sync(life->parts_of(0, life->interruption_), *sync, request, life->diagnostics_);
    if (report.ok())
      life->end_.report = *std::move(report);
    else
      life->end_.error = report.error();
    life->one_ended();
  }
  static Task<void> run_neighbour(Life* life, size_t number, size_t process) {
    declare::Diagnostics diagnostics;
    Interruption interruption;
    const config::Sync* sync = life->workspace_->project().sync(neighbour_name(number));
    const auto report =
        co_await run_sync(life->parts_of(process, interruption), *sync, RunRequest(), diagnostics);
    const std::string end = report.ok() ? report->run.status : report.error().message;
    life->told(life->machine_.without_place(fmt::format("{}: {}", neighbour_name(number), end)));
    life->end_.neighbours.push_back(end);
    life->one_ended();
  }
  RunParts parts_of(size_t process, Interruption& interruption) {
    // Alone it is as a run whose limits are nobody else's.
    Accounts* accounts = machine_.scenario_.neighbours.empty() ? nullptr : &processes_[process]->accounts;
    return {.loop = loop_,
            .client = processes_[process]->network,
            .workspace = *workspace_,
            .random = random_,
            .interruption = interruption,
            .on_progress = nullptr,
            .plans = nullptr,
            .accounts = accounts};
  }
  void one_ended() {
    end_.died = end_.died || has_power_cut();
    if (++ended_ == 1 + machine_.scenario_.neighbours.size() || end_.died) over_.set();
  }
  static Task<void> set_clock(Life* life) {
    for (;;) {
      co_await life->loop_.sleep_for(Duration(static_cast<int64_t>(life->random_.below(20'000'000))));
      const auto by = Duration(static_cast<int64_t>(life->random_.below(4'000'000'000)) - 2'000'000'000);
      life->told(fmt::format("the clock is set by {:.0f} s", in_seconds(by)));
      life->loop_.sim_clock().jump_wall(by);
    }
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
  Event over_;
  size_t ended_ = 0;
  std::vector<std::unique_ptr<Process>> processes_;
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
  for (const auto& [name, text] : scenario_.files(edition, directory_.path(), lives_)) {
    const std::string path = join_path(kProject, name);
    check(state_.make_directories(path.substr(0, path.rfind('/'))).ok() && state_.replace(path, text).ok(),
          "the project is written");
  }
}

LifeEnd Machine::live(const Edition& edition, RunKind kind, const Weather& weather, const Doom& doom,
                      std::function<void()> others) {
  ++lives_;
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
