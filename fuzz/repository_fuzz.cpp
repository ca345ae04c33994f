// What the git side reads from others: signatures of webhooks, paths of edits, people, URLs, and its own
// small files.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/memory_disk.h"
#include "base/overlay_disk.h"
#include "repository/network.h"
#include "repository/own_files.h"
#include "repository/refusal.h"
#include "repository/webhook.h"

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

// Whoever does not know the secret proves nothing, whatever he sends.
void try_webhook(std::string_view text) {
  using namespace penstock::repository;
  static const penstock::declare::Secret secret("c8f1d0a94e7b2356");
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return;
  const std::string value(text.substr(colon + 1));
  for (const char* header : {"X-Hub-Signature-256", "X-Gitlab-Token", "X-Gitea-Signature", "X-Hub-Signature"})
    expect(!check_webhook(secret, {{header, value}}, text.substr(0, colon)).ok());
  expect(!check_webhook(secret, {{std::string(text.substr(0, colon)), value}}, "").ok());
}

void try_path(std::string_view path) {
  using namespace penstock;
  if (repository::is_own_file(path)) {
    expect(path.find("..") == std::string_view::npos || path.find("../") == std::string_view::npos);
    expect(path.find('\0') == std::string_view::npos && path.front() != '/' && path.front() != '.');
  }
  MemoryDisk under;
  OverlayDisk disk(under, "p", repository::is_own_file, {{"penstock.yaml", "x"}});
  (void)disk.exists(std::string(path));
  (void)disk.list(std::string(path));
  expect(!disk.replace("p/" + std::string(path), "y").ok() || !repository::is_own_file(path));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_webhook(text);
  try_path(text);
  (void)penstock::repository::parse_refusal(text);
  const std::string url = penstock::repository::without_login(text);
  expect(url.size() <= text.size());
  if (const auto person = penstock::config::parse_person(text); person.ok())
    expect(person->name.find('\n') == std::string::npos && person->email.find('>') == std::string::npos);
  return 0;
}
