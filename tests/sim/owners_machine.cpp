#include "sim/owners_machine.h"

#include <fmt/format.h>

#include "async/sync.h"

namespace penstock::sim {
namespace {

constexpr const char* kOwnersProject = "/project";

std::string shown_request(const HttpRequest& request) {
  constexpr size_t kShown = 900;
  return fmt::format("{} {} {}{}", request.method, request.url.substr(15), request.body.substr(0, kShown),
                     request.body.size() > kShown ? "..." : "");
}

}  // namespace

std::string OwnersDoom::show() const {
  std::string out;
  if (killed_at)
    out += fmt::format(", killed at request {} {} it takes effect", *killed_at,
                       killed_after_effect ? "after" : "before");
  if (interrupted_after) out += fmt::format(", interrupted after {:.3f} s", in_seconds(*interrupted_after));
  if (power_cut_after) out += fmt::format(", the power is cut after {} operations", *power_cut_after);
  return out;
}

// Everything that goes when the process dies.
class OwnersMachine::Life final : public Listener {
 public:
  Life(OwnersMachine& machine, const Weather& weather, const OwnersDoom& doom)
      : machine_(machine),
        doom_(doom),
        random_(machine.random_.next()),
        loop_(machine.destination_.clock().now(), machine.destination_.clock().instant()),
        over_(loop_),
        network_(loop_, machine.random_, weather, *this) {
    loop_.set_offload_time([this] { return Duration(static_cast<int64_t>(machine_.random_.below(4'000))); });
    machine_.destination_.clock().follow(loop_.clock());
  }
  ~Life() override { machine_.destination_.clock().keep(); }

  OwnersEnd live(const OwnersTask& task) {
    workspace_ = Workspace::open(machine_.disk_, loop_.clock(), kOwnersProject, diagnostics_,
                                 Random(machine_.random_.next()));
    if (!diagnostics_.ok()) {
      end_.error = as_error(diagnostics_);
      end_.died = has_power_cut();
      return std::move(end_);
    }
    loop_.spawn(work(this, task));
    if (doom_.interrupted_after) loop_.spawn(interrupt(this));
    if (doom_.power_cut_after) loop_.spawn(watch_power(this));
    if (auto ended = loop_.try_run(wait(this)); !ended.ok())
      machine_.twin_.problem("the process hangs: " + ended.error().message);
    if (end_.died) network_.process_died();
    return std::move(end_);
  }

  // ---- What the network tells
  bool may_send() override { return !end_.died && !has_power_cut(); }
  void sent(const HttpRequest& request) override { told(shown_request(request)); }
  ServerReply arrived(const HttpRequest& request, uint64_t& exchange) override {
    ++arrivals_;
    const bool fatal = doom_.killed_at == arrivals_ && !end_.died;
    machine_.others_();
    if (fatal && !doom_.killed_after_effect) {
      die();
      return {};
    }
    ServerReply reply = machine_.twin_.arrived(request, exchange);
    told(fmt::format("arrived {}: {} {}", request.url.substr(request.url.rfind('/') + 1), reply.status,
                     reply.body.substr(0, 500)));
    if (fatal) die();
    return reply;
  }
  void replied(const HttpRequest&, uint64_t exchange, const HttpReply&) override {
    if (!end_.died) machine_.twin_.replied(exchange);
  }
  void told(const std::string& line) override {
    machine_.tell_(fmt::format("    {} {}", iso8601(loop_.clock().now()).substr(11, 12), line));
  }

 private:
  bool has_power_cut() const { return doom_.power_cut_after && machine_.disk_.struck(); }
  void die() {
    end_.died = true;
    over_.set();
  }
  RunParts parts() {
    return {.loop = loop_,
            .client = network_,
            .workspace = *workspace_,
            .random = random_,
            .interruption = interruption_,
            .on_progress = nullptr,
            .plans = nullptr,
            .accounts = nullptr};
  }
  template <class T>
  void keep(Result<T> result, std::optional<T>& into) {
    if (result.ok())
      into = *std::move(result);
    else
      end_.error = result.error();
  }

  static Task<void> wait(Life* life) { co_await life->over_.wait(); }
  static Task<void> work(Life* life, OwnersTask task) {
    const config::Sync* sync = life->workspace_->project().sync("sync");
    RunRequest request;
    request.kind = task.run;
    request.samples = 1000;
    switch (task.kind) {
      case OwnersTask::Kind::run:
        life->keep(co_await run_sync(life->parts(), *sync, request, life->diagnostics_), life->end_.report);
        break;
      case OwnersTask::Kind::undo:
        life->keep(co_await undo_run(life->parts(), task.undo, life->diagnostics_), life->end_.undo);
        break;
      case OwnersTask::Kind::plan:
        life->keep(co_await plan_sync(life->parts(), *sync, request, life->diagnostics_), life->end_.plan);
        break;
      case OwnersTask::Kind::drift: {
        const std::function<void(const DriftedField&)> visit = [life](const DriftedField& field) {
          life->end_.drifted.push_back(field);
        };
        life->keep(co_await find_drift(life->parts(), *sync, {}, life->diagnostics_, visit),
                   life->end_.drift);
        break;
      }
    }
    life->end_.died = life->end_.died || life->has_power_cut();
    life->over_.set();
  }
  static Task<void> interrupt(Life* life) {
    co_await life->loop_.sleep_for(*life->doom_.interrupted_after);
    life->interruption_.interrupt();
  }
  static Task<void> watch_power(Life* life) {
    while (!life->has_power_cut()) co_await life->loop_.sleep_for(5ms);
    life->die();
  }

  OwnersMachine& machine_;
  OwnersDoom doom_;
  Random random_;
  declare::Diagnostics diagnostics_;
  std::unique_ptr<Workspace> workspace_;
  Interruption interruption_;
  OwnersEnd end_;
  uint64_t arrivals_ = 0;
  SimLoop loop_;
  Event over_;
  SimNetwork network_;
};

OwnersMachine::OwnersMachine(uint64_t seed, const OwnersSync& sync, Destination& destination,
                             OwnersTwin& twin, std::function<void()> others,
                             std::function<void(std::string)> tell)
    : sync_(sync),
      destination_(destination),
      twin_(twin),
      others_(std::move(others)),
      tell_(std::move(tell)),
      random_(seed),
      state_(directory_.path()),
      disk_(state_, seed) {
  paths_.root = directory_.path();
}

std::string OwnersMachine::without_place(std::string text) const {
  const std::string& place = directory_.path();
  for (size_t at = text.find(place); at != text.npos; at = text.find(place, at))
    text.replace(at, place.size(), "STATE");
  return text;
}

void OwnersMachine::write_project(const OwnedRows& rows) {
  for (const auto& [name, text] : sync_.files(rows, directory_.path())) {
    const std::string path = join_path(kOwnersProject, name);
    check(state_.make_directories(path.substr(0, path.rfind('/'))).ok() && state_.replace(path, text).ok(),
          "the project is written");
  }
}

OwnersEnd OwnersMachine::live(const OwnedRows& rows, const OwnersTask& task, const Weather& weather,
                              const OwnersDoom& doom) {
  write_project(rows);
  if (doom.power_cut_after) disk_.arm(FaultyDisk::Fault::power_cut, *doom.power_cut_after);
  OwnersEnd end;
  {
    Life life(*this, weather, doom);
    end = life.live(task);
  }
  if (end.died && doom.power_cut_after && disk_.struck())
    check(disk_.power_on().ok(), "the power comes back");
  else
    disk_.disarm();
  return end;
}

std::optional<RunRow> OwnersMachine::newest_run() {
  auto store = RunStore::open_existing(paths_.database());
  check(store.ok(), "the history opens");
  if (!*store) return std::nullopt;
  auto rows = (*store)->list("sync", 1);
  check(rows.ok(), "the history is read");
  return rows->empty() ? std::nullopt : std::optional(rows->front());
}

}  // namespace penstock::sim
