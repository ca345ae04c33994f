#include "server/repositories.h"

#include "run/check_project.h"

namespace penstock::server {

Result<std::shared_ptr<repository::Repository>> Repositories::of(const service::LoadedRef& loaded) {
  const std::lock_guard lock(mutex_);
  if (loaded_ == loaded && repository_) return repository_;
  auto settings = repository::settings_of(loaded->project().git, loaded->workspace->resolver());
  if (!settings.ok()) return settings.error();
  const auto validate = [](Disk& disk, const std::string& directory, declare::Diagnostics& diagnostics) {
    (void)check_project(disk, real_clock(), directory, {}, diagnostics);
  };
  auto opened = repository::Repository::open(real_disk(), real_clock(), loaded->project().directory,
                                             *std::move(settings), validate);
  if (!opened.ok()) return opened.error();
  loaded_ = loaded;
  repository_ = *std::move(opened);
  return repository_;
}

}  // namespace penstock::server
