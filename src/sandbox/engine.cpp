#include "sandbox/engine.h"

#include "sandbox/admin.h"
#include "sandbox/vendors.h"

namespace penstock::sandbox {
namespace {

ServerReply garbage() {
  return reply_of(200, "<html><head><title>one moment pl\x01\x02{\"results\":[{");
}

ServerReply status_reply(Vendor& vendor, const FaultOrder& fault) {
  ServerReply reply = vendor.refusal(fault.status);
  if (fault.body) reply.body = *fault.body;
  if (fault.retry_after) reply.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after));
  return reply;
}

// What is left of an answer after the fault. Rows that took effect stay counted.
void apply(const FaultOrder& fault, Vendor& vendor, ServerReply& reply) {
  switch (fault.kind) {
    case FaultKind::status:
      reply = status_reply(vendor, fault);
      return;
    case FaultKind::reset:
      reply.fault = Fault::reset;
      return;
    case FaultKind::stall:
      reply.fault = Fault::stall;
      return;
    case FaultKind::garbage:
      reply = garbage();
      return;
    case FaultKind::noise:
      reply.fault = Fault::garbage;
      return;
    case FaultKind::partial:
      reply.fault = Fault::partial;
      return;
    case FaultKind::slow:
      reply.delay += fault.delay;
      return;
  }
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::make(const SandboxOptions& options, const Clock& clock) {
  std::unique_ptr<Engine> engine(new Engine(options, clock));
  auto maker = find_vendor(options);
  if (!maker.ok()) return maker.error();
  engine->maker_ = *std::move(maker);
  if (auto made = engine->reset(); !made.ok()) return made.error();
  return engine;
}

Result<void> Engine::reset() {
  auto state = std::make_unique<State>(options_);
  auto vendor = maker_(*state);
  if (!vendor.ok()) return vendor.error();
  vendor_ = *std::move(vendor);  // before the state that the old one works on goes
  state_ = std::move(state);
  return success();
}

ServerReply Engine::handle(const ServerRequest& request) {
  ServerReply reply = route(request);
  if (!reply.body.empty() && find_header(reply.headers, "Content-Type") == nullptr) {
    reply.headers.emplace_back("Content-Type", "application/json;charset=utf-8");
  }
  return reply;
}

ServerReply Engine::route(const ServerRequest& request) {
  const std::lock_guard lock(mutex_);
  if (!is_admin(request)) return handle_vendor(request);
  state_->now = clock_.now();
  if (!is_reset(request)) return answer_admin(request, *state_, *vendor_);
  check(reset().ok(), "a vendor that was made once cannot be made again");
  return reply_of(200, "{}\n");
}

ServerReply Engine::handle_vendor(const ServerRequest& request) {
  state_->now = clock_.now();
  state_->instant = clock_.instant();
  const auto fault = state_->faults.next(request.path, state_->random);
  Answer given = fault ? answer_with_fault(request, *fault) : answer(request);
  given.reply.delay += options_.latency;
  state_->stats.count(request, given, fault.has_value(), state_->now);
  return std::move(given.reply);
}

Answer Engine::answer_with_fault(const ServerRequest& request, const FaultOrder& fault) {
  Answer given = fault.after ? answer(request) : Answer();
  apply(fault, *vendor_, given.reply);
  return given;
}

Answer Engine::answer(const ServerRequest& request) {
  if (!state_->under_way.has_room(options_.at_once, state_->instant)) return answer_of(vendor_->refusal(429));
  state_->under_way.add(state_->instant + options_.latency);
  if (state_->random.chance(options_.fail_requests)) return answer_of(vendor_->refusal(503));
  return vendor_->answer(request);
}

}  // namespace penstock::sandbox
