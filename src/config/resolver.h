// Looks up ${env:..}, ${file:..} and ${secret:..} on this machine.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/disk.h"
#include "declare/reference.h"

namespace penstock::config {

// The environment of this process, files relative to the project's directory, and a secret store. Thread-safe
// if the store is. Owns neither the disk nor what the store refers to.
class MachineResolver : public declare::Resolver {
 public:
  using SecretStore = std::function<Result<std::optional<std::string>>(const std::string& name)>;
  // Without a store, no secret is known.
  MachineResolver(Disk& disk, std::string project_directory, SecretStore store = nullptr);

  Result<std::optional<std::string>> env(const std::string& name) const override;
  Result<std::optional<std::string>> file(const std::string& path) const override;
  Result<std::optional<std::string>> secret(const std::string& name) const override;

 private:
  Disk& disk_;
  std::string directory_;
  SecretStore store_;
};

}  // namespace penstock::config
