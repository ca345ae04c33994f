#include "server/entered.h"

#include <fmt/format.h>

#include <set>

#include "config/addresses.h"
#include "net/address_policy.h"
#include "server/gate.h"
#include "server/site.h"

namespace penstock::server {
namespace {

using config::NamedAddress;

std::set<std::string> addresses_there(const std::string& directory) {
  std::set<std::string> keys;
  for (const auto& file : config::address_files(real_disk(), directory))
    if (const auto text = real_disk().read(join_path(directory, file)); text.ok())
      for (const auto& one : config::addresses_in_file(file, *text)) keys.insert(one.key());
  return keys;
}

// Names are looked up when they are connected to.
void refuse_if_plain(const AddressPolicy& policy, const NamedAddress& address,
                     declare::Diagnostics& refused) {
  const auto ip = IpAddress::parse(config::numeric_address(address.host));
  const auto kind = ip ? policy.refuses(*ip) : std::nullopt;
  if (!kind) return;
  auto& diagnostic = refused.error(
      address.place,
      fmt::format("{} leads to {}, which what is entered here may not reach", address.host, *kind));
  diagnostic.path = address.field;
  diagnostic.remedy =
      "use a public address, or ask the operator to allow that range (serve --allow-address) or to write the "
      "file himself";
}

}  // namespace

Result<Entered> find_entered(const Call& call, const std::vector<repository::Edit>& edits) {
  Entered entered;
  const auto open = is_open(call.site);
  if (!open.ok()) return open.error();
  if (*open) return entered;
  std::set<std::string> known = addresses_there(call.site.loaded()->project().directory);
  const Time now = real_clock().now();
  for (const auto& edit : edits) {
    if (!edit.content || !config::is_address_file(edit.path)) continue;
    for (const auto& one : config::addresses_in_file(edit.path, *edit.content)) {
      if (one.is_reference() || !known.insert(one.key()).second) continue;
      refuse_if_plain(call.site.service.addresses(), one, entered.refused);
      entered.addresses.push_back({one.key(), edit.path, call.who.shown(), now});
    }
  }
  return entered;
}

std::optional<ServerReply> keep_entered(const Call& call, const std::vector<repository::Edit>& edits) {
  const auto entered = find_entered(call, edits);
  if (!entered.ok()) return problem(entered.error());
  if (!entered->refused.ok()) {
    const auto first = entered->refused.sorted().front();
    return problem(422, "address", fmt::format("{}: {}: {}", first.place.show(), first.path, first.message),
                   first.remedy, &entered->refused);
  }
  if (entered->addresses.empty()) return std::nullopt;
  const auto kept = call.site.service.queue().note_entered(entered->addresses);
  if (!kept.ok()) return problem(kept.error());
  return std::nullopt;
}

}  // namespace penstock::server
