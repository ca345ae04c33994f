// The starter's files are compiled in, as they stand in starter/.
#include "config/starter.h"

#include <fmt/format.h>

namespace penstock::config {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr unsigned char kProject[] = {
#embed "starter/penstock.yaml"
};
constexpr unsigned char kSource[] = {
#embed "starter/sources/warehouse.yaml"
};
constexpr unsigned char kModel[] = {
#embed "starter/models/customers.yaml"
};
constexpr unsigned char kDestination[] = {
#embed "starter/destinations/crm.yaml"
};
constexpr unsigned char kSync[] = {
#embed "starter/syncs/customers_to_crm.yaml"
};
constexpr unsigned char kTest[] = {
#embed "starter/tests/customers_to_crm.yaml"
};
constexpr unsigned char kData[] = {
#embed "starter/data/customers.csv"
};
constexpr unsigned char kGitignore[] = {
#embed "starter/gitignore"
};
constexpr unsigned char kReadme[] = {
#embed "starter/README.md"
};
#pragma clang diagnostic pop

template <size_t size>
std::string_view text_of(const unsigned char (&bytes)[size]) {
  return {reinterpret_cast<const char*>(bytes), size};
}

Result<void> write_file(Disk& disk, const std::string& directory, const StarterFile& file) {
  const size_t slash = file.path.rfind('/');
  if (slash != std::string_view::npos) {
    auto made = disk.make_directories(join_path(directory, file.path.substr(0, slash)));
    if (!made.ok()) return made;
  }
  return disk.replace(join_path(directory, file.path), file.text);
}

}  // namespace

const std::vector<StarterFile>& starter_files() {
  static const std::vector<StarterFile> files = {
      {"README.md", text_of(kReadme)},
      {"penstock.yaml", text_of(kProject)},
      {"sources/warehouse.yaml", text_of(kSource)},
      {"models/customers.yaml", text_of(kModel)},
      {"destinations/crm.yaml", text_of(kDestination)},
      {"syncs/customers_to_crm.yaml", text_of(kSync)},
      {"tests/customers_to_crm.yaml", text_of(kTest)},
      {"data/customers.csv", text_of(kData)},
      {".gitignore", text_of(kGitignore)},
  };
  return files;
}

Result<std::vector<std::string>> write_starter(Disk& disk, const std::string& directory) {
  std::string in_the_way;
  for (const StarterFile& file : starter_files()) {
    auto there = disk.exists(join_path(directory, file.path));
    if (!there.ok()) return there.error();
    if (*there) in_the_way += (in_the_way.empty() ? "" : ", ") + std::string(file.path);
  }
  if (!in_the_way.empty())
    return Error{ErrorKind::config,
                 fmt::format("{} has files that the starter would overwrite: {}", directory, in_the_way),
                 "choose another directory: penstock init DIR"};
  auto made = disk.make_directories(directory);
  if (!made.ok()) return made.error();
  std::vector<std::string> written;
  for (const StarterFile& file : starter_files()) {
    auto done = write_file(disk, directory, file);
    if (!done.ok()) return done.error();
    written.emplace_back(file.path);
  }
  return written;
}

}  // namespace penstock::config
