#include "server/written_secrets.h"

#include <algorithm>
#include <cctype>

namespace penstock::server {
namespace {

// Shorter ones would be found in the middle of what is none.
constexpr size_t kBytesMin = 4;

bool goes_on(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_' || character == '-';
}

bool is_whole(std::string_view text, size_t at, size_t size) {
  return (at == 0 || !goes_on(text[at - 1])) && (at + size == text.size() || !goes_on(text[at + size]));
}

std::string without_quotes(std::string_view value) {
  if (value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\''))
    value = value.substr(1, value.size() - 2);
  return std::string(value);
}

}  // namespace

WrittenSecrets::WrittenSecrets(const declare::Diagnostics& found) {
  for (const auto& diagnostic : found.sorted())
    if (diagnostic.conceal)
      if (auto secret = without_quotes(diagnostic.place.text()); secret.size() >= kBytesMin)
        secrets_.push_back(std::move(secret));
  std::ranges::sort(secrets_, [](const auto& one, const auto& other) {
    return one.size() != other.size() ? one.size() > other.size() : one < other;
  });
  const auto repeated = std::ranges::unique(secrets_);
  secrets_.erase(repeated.begin(), repeated.end());
}

std::vector<WrittenSecrets::Found> WrittenSecrets::find_in(std::string_view text) const {
  std::vector<Found> all;
  for (const auto& secret : secrets_)
    for (size_t at = 0; (at = text.find(secret, at)) != std::string_view::npos; at += secret.size())
      if (is_whole(text, at, secret.size())) all.push_back({at, secret});
  std::ranges::sort(all, {}, &Found::at);
  // One that stands within a longer one is that one.
  size_t end = 0;
  std::erase_if(all, [&](const Found& one) {
    if (one.at < end) return true;
    end = one.at + one.secret.size();
    return false;
  });
  return all;
}

std::string WrittenSecrets::hidden(std::string_view text) const {
  std::string shown;
  size_t end = 0;
  for (const auto& one : find_in(text)) {
    shown += text.substr(end, one.at - end);
    shown += kHiddenSecret;
    end = one.at + one.secret.size();
  }
  return shown.append(text.substr(end));
}

Result<std::string> WrittenSecrets::put_back(std::string_view edited, std::string_view before) const {
  const auto there = find_in(before);
  std::string text;
  size_t end = 0, count = 0;
  for (size_t at = 0; (at = edited.find(kHiddenSecret, at)) != std::string_view::npos;
       at += kHiddenSecret.size()) {
    text += edited.substr(end, at - end);
    if (count < there.size()) text += there[count].secret;
    end = at + kHiddenSecret.size();
    ++count;
  }
  if (count == 0 || count == there.size()) return text.append(edited.substr(end));
  return Error{ErrorKind::config,
               "the file has other hidden secrets than it had, and which is which cannot be known",
               "put the secrets in by `penstock secret set NAME`, and write ${secret:NAME} in their places"};
}

}  // namespace penstock::server
