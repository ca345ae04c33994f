#include "service/entered_addresses.h"

#include <algorithm>
#include <set>

#include "config/addresses.h"

namespace penstock::service {
namespace {

using config::NamedAddress;

class Trust {
 public:
  Trust(const declare::Resolver& resolver, const std::vector<EnteredAddress>& entered) : resolver_(resolver) {
    for (const auto& one : entered) entered_.insert(one.address);
  }

  void read(const std::string& file, const std::string& text) {
    for (const NamedAddress& one : config::addresses_in_file(file, text)) add(one);
  }
  std::set<std::string, std::less<>> take() { return std::move(trusted_); }

 private:
  // All that one value names is trusted, or none of it: a host beside one that was entered is that one's.
  void add(const NamedAddress& written) {
    const auto as_written =
        config::addresses_in_value(written.text, written.field, written.place, port_of(written));
    if (any_entered(as_written)) return;
    const auto resolved = resolve(written.text);
    if (!resolved) return;
    const auto meant = config::addresses_in_value(*resolved, written.field, written.place, port_of(written));
    if (any_entered(meant)) return;
    trusted_.insert(*resolved);
    for (const auto& one : meant) trusted_.insert(one.key());
  }

  static uint16_t port_of(const NamedAddress& address) {
    return address.port == 0 ? config::kMailPort : address.port;
  }
  bool any_entered(const std::vector<NamedAddress>& addresses) const {
    return std::ranges::any_of(addresses, [&](const auto& one) { return entered_.contains(one.key()); });
  }
  std::optional<std::string> resolve(const std::string& text) const {
    using Kind = declare::Reference::Kind;
    const auto reference = declare::Reference::parse(text);
    if (!reference.ok()) return std::nullopt;
    for (const auto& piece : reference->pieces)
      if (piece.kind == Kind::file || piece.kind == Kind::outer) return std::nullopt;
    auto resolved = declare::resolve(*reference, resolver_);
    return resolved.ok() ? std::optional(*std::move(resolved)) : std::nullopt;
  }

  const declare::Resolver& resolver_;
  std::set<std::string> entered_;
  std::set<std::string, std::less<>> trusted_;
};

}  // namespace

std::shared_ptr<const AddressGuard> make_address_guard(Disk& disk, const Workspace& workspace,
                                                       const std::vector<EnteredAddress>& entered,
                                                       const AddressPolicy& policy) {
  if (entered.empty()) return nullptr;
  const std::string& directory = workspace.project().directory;
  Trust trust(workspace.resolver(), entered);
  for (const auto& file : config::address_files(disk, directory))
    if (const auto text = disk.read(join_path(directory, file)); text.ok()) trust.read(file, *text);
  // The vendors' own addresses: public, but asked for through the proxy that the operator may have set.
  for (const auto& destination : workspace.project().destinations)
    trust.read("connectors/shipped.yaml", std::string(connector::shipped_text(*destination.type)));
  auto guard = std::make_shared<AddressGuard>();
  guard->policy = policy;
  guard->trusted = trust.take();
  return guard;
}

}  // namespace penstock::service
