#include "config/resolver.h"

#include <cstdlib>

namespace penstock::config {

MachineResolver::MachineResolver(Disk& disk, std::string project_directory, SecretStore store,
                                 OuterStores outer)
    : disk_(disk),
      directory_(std::move(project_directory)),
      store_(std::move(store)),
      outer_(std::move(outer)) {}

Result<std::optional<std::string>> MachineResolver::env(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

Result<std::optional<std::string>> MachineResolver::file(const std::string& path) const {
  const std::string full = path.starts_with('/') ? path : join_path(directory_, path);
  auto there = disk_.exists(full);
  if (!there.ok()) return there.error();
  if (!*there) return std::optional<std::string>();
  auto text = disk_.read(full);
  if (!text.ok()) return text.error();
  return std::optional<std::string>(*std::move(text));
}

Result<std::optional<std::string>> MachineResolver::secret(const std::string& name) const {
  if (!store_) return std::optional<std::string>();
  return store_(name);
}

Result<std::optional<std::string>> MachineResolver::outer(const std::string& scheme,
                                                          const std::string& name) const {
  if (!outer_) return Resolver::outer(scheme, name);
  return outer_(scheme, name);
}

}  // namespace penstock::config
