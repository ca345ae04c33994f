#include "access/passwords.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace penstock::access {
namespace {

constexpr size_t kCharactersMin = 12;
constexpr size_t kBytesMax = 1024;
constexpr size_t kDifferentMin = 5;

// Long enough by our rules, and among the first that anybody tries.
constexpr std::array<std::string_view, 14> kTooCommon = {"123456789012",   "1234567890123",
                                                         "012345678901",   "abcdefghijkl",
                                                         "qwertyuiop12",   "qwertyuiop123",
                                                         "password1234",   "password12345",
                                                         "password123456", "passwordpassword",
                                                         "administrator",  "changemechangeme",
                                                         "letmeinletmein", "correcthorsebatterystaple"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

size_t characters_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Error bad_password(std::string message, std::string remedy) {
  return {ErrorKind::config, std::move(message), std::move(remedy)};
}

}  // namespace

Result<void> check_password(std::string_view user, const declare::Secret& password) {
  const std::string& text = password.reveal();
  const std::string small = lower(text);
  if (characters_of(text) < kCharactersMin)
    return bad_password(fmt::format("the password is too short: {} characters at least", kCharactersMin),
                        "take four or five words that do not belong together");
  if (text.size() > kBytesMax)
    return bad_password(fmt::format("the password is longer than {} bytes", kBytesMax), "take a shorter one");
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return bad_password("the password holds a line end or another control character",
                        "use characters that can be typed");
  if (std::set<char>(text.begin(), text.end()).size() < kDifferentMin)
    return bad_password(fmt::format("the password has fewer than {} different characters", kDifferentMin),
                        "take four or five words that do not belong together");
  if (user.size() >= 4 && small.find(lower(user)) != small.npos)
    return bad_password("the password holds the user's name",
                        "take one that has nothing to do with the name");
  if (std::find(kTooCommon.begin(), kTooCommon.end(), small) != kTooCommon.end())
    return bad_password("the password is one of those that are tried first",
                        "take four or five words that do not belong together");
  return success();
}

Passwords::Passwords(const AccessOptions& options)
    : passes_(options.hash_passes),
      bytes_(options.hash_bytes),
      at_once_(std::max(options.hashes_at_once, 1U)),
      waiting_max_(options.hash_waiting_max) {}

Passwords::Turn::~Turn() {
  const std::lock_guard lock(passwords_.mutex_);
  --passwords_.running_;
  passwords_.changed_.notify_one();
}

Result<void> Passwords::wait_for_turn() {
  std::unique_lock lock(mutex_);
  if (running_ >= at_once_ && waiting_ >= waiting_max_)
    return Error{ErrorKind::rate_limited, "too many logins at once", "try again in a few seconds"};
  ++waiting_;
  changed_.wait(lock, [this] { return running_ < at_once_; });
  --waiting_;
  ++running_;
  return success();
}

Result<std::string> Passwords::hash_in_turn(const std::string& password) const {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), passes_, bytes_,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return Error{ErrorKind::transient,
                 fmt::format("a password cannot be hashed: {} MiB of memory are needed", bytes_ >> 20),
                 "give the process more memory"};
  return std::string(out.data());
}

Result<std::string> Passwords::hash(const declare::Secret& password) {
  if (auto turn = wait_for_turn(); !turn.ok()) return turn.error();
  const Turn turn(*this);
  return hash_in_turn(password.reveal());
}

// With these parameters, so that looking for somebody who is not there takes as long.
Result<std::string> Passwords::nobodys_hash() {
  {
    const std::lock_guard lock(mutex_);
    if (!nobodys_.empty()) return nobodys_;
  }
  auto made = hash_in_turn("nobody");
  if (!made.ok()) return made;
  const std::lock_guard lock(mutex_);
  nobodys_ = *made;
  return made;
}

Result<bool> Passwords::fits(const std::string& hash, const declare::Secret& password) {
  if (auto turn = wait_for_turn(); !turn.ok()) return turn.error();
  const Turn turn(*this);
  // Asked for in both cases: the first one is slower, whoever it is.
  auto nobodys = nobodys_hash();
  if (!nobodys.ok()) return nobodys.error();
  const std::string& text = password.reveal();
  const std::string& against = hash.empty() ? *nobodys : hash;
  const bool same = crypto_pwhash_str_verify(against.c_str(), text.data(), text.size()) == 0;
  return same && !hash.empty();
}

bool Passwords::is_outdated(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), passes_, bytes_) != 0;
}

}  // namespace penstock::access
