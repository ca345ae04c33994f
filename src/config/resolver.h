// Looks up ${env:..}, ${file:..} and ${secret:..} on this machine, and what outer stores hold.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/disk.h"
#include "declare/reference.h"

namespace penstock::config {

// The environment of this process, files relative to the project's directory, a secret store, and who asks
// outer stores. Thread-safe if these are. Owns neither the disk nor what the stores refer to.
class MachineResolver : public declare::Resolver {
 public:
  using SecretStore = std::function<Result<std::optional<std::string>>(const std::string& name)>;
  using OuterStores =
      std::function<Result<std::optional<std::string>>(const std::string& scheme, const std::string& name)>;
  // Without a store, no secret is known.
  MachineResolver(Disk& disk, std::string project_directory, SecretStore store = nullptr,
                  OuterStores outer = nullptr);

  Result<std::optional<std::string>> env(const std::string& name) const override;
  Result<std::optional<std::string>> file(const std::string& path) const override;
  Result<std::optional<std::string>> secret(const std::string& name) const override;
  Result<std::optional<std::string>> outer(const std::string& scheme, const std::string& name) const override;

 private:
  Disk& disk_;
  std::string directory_;
  SecretStore store_;
  OuterStores outer_;
};

}  // namespace penstock::config
