// The project's git repository, opened as its configuration is now. Private to server/.
#pragma once

#include <memory>
#include <mutex>

#include "repository/repository.h"
#include "service/loaded.h"

namespace penstock::server {

// Thread-safe.
class Repositories {
 public:
  // The same object as long as the project is the same.
  Result<std::shared_ptr<repository::Repository>> of(const service::LoadedRef& loaded);

 private:
  std::mutex mutex_;
  service::LoadedRef loaded_;
  std::shared_ptr<repository::Repository> repository_;
};

}  // namespace penstock::server
