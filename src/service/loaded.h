// The project as it is in effect: read from its files, and read anew when they change.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "run/workspace.h"

namespace penstock::service {

// A workspace whose files had no errors. Runs keep the one that they began with.
struct Loaded {
  std::unique_ptr<Workspace> workspace;
  Time at{};  // when its files were read
  const config::Project& project() const { return workspace->project(); }
};
using LoadedRef = std::shared_ptr<const Loaded>;

// Thread-safe.
class Current {
 public:
  // Both outlive it.
  Current(Disk& disk, const Clock& clock, std::string directory)
      : disk_(disk), clock_(clock), directory_(std::move(directory)) {}

  // What must be done before a project takes effect; with an error it does not. Before others use this
  // object.
  using BeforeEffect = std::function<Result<void>(const Workspace& workspace)>;
  void set_before_effect(BeforeEffect before_effect) { before_effect_ = std::move(before_effect); }
  // Reads the files. With errors the project before stays in effect; false then. What was found is kept for
  // problems().
  bool load();
  // Reads the files if they are not as they were when they were last read; nullopt: they are.
  std::optional<bool> load_if_changed();
  // Never null after a load() that was true.
  LoadedRef get() const;
  // What was wrong with the files when they were last read: errors mean that older ones are in effect.
  declare::Diagnostics problems() const;
  const std::string& directory() const { return directory_; }

 private:
  bool read();
  Disk& disk_;
  const Clock& clock_;
  const std::string directory_;
  BeforeEffect before_effect_;
  std::mutex loading_;  // one at a time
  std::string files_;   // what was seen of the files when they were read
  mutable std::mutex mutex_;
  LoadedRef loaded_;  // shared with runs and requests that began with it
  declare::Diagnostics problems_;
};

}  // namespace penstock::service
