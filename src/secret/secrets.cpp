#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "declare/utf8.h"
#include "secret/secret.h"
#include "secret/secret_file.h"

namespace penstock::secret {
namespace {

constexpr const char* kKeyVariable = "PENSTOCK_SECRET_KEY";
constexpr const char* kKeyFileVariable = "PENSTOCK_SECRET_KEY_FILE";
constexpr size_t kValueBytesMax = 64UL << 10;
constexpr int kLockTries = 500;  // of 20 ms

Error bad_key(const std::string& where) {
  return {ErrorKind::config, fmt::format("{} holds no key of secrets", where),
          "a key is 32 bytes in hexadecimal or Base64; make one: openssl rand -base64 32"};
}

Error bad_name(const std::string& name) {
  return {ErrorKind::config, fmt::format("'{}' cannot be the name of a secret", declare::shorten(name, 40)),
          "use letters, digits and _ - . / (128 at most), as in crm/token"};
}

// Who changes the file waits for others who do. Given up with the object.
class WriteLock {
 public:
  static Result<WriteLock> take(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return Error{ErrorKind::disk, fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                   "make this place writable for the user that runs penstock"};
    WriteLock lock(fd);
    for (int i = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++i) {
      if (errno != EWOULDBLOCK && errno != EINTR)
        return Error{ErrorKind::disk, fmt::format("cannot lock {}: {}", path, std::strerror(errno)), ""};
      if (i == kLockTries)
        return Error{ErrorKind::locked, "another process is changing the secrets",
                     "try again when it is done"};
      std::this_thread::sleep_for(20ms);
    }
    return lock;
  }
  WriteLock(WriteLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  WriteLock& operator=(WriteLock&&) = delete;
  ~WriteLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit WriteLock(int fd) : fd_(fd) {}
  int fd_;
};

struct FoundKey {
  Key key;
  std::string where{};     // for messages
  std::string variable{};  // that gave it; empty: it is in secret.key
};

// The files of one directory, for the time of one call.
class Files {
 public:
  Files(Disk& disk, const std::string& directory, const Environment& environment)
      : disk_(disk),
        environment_(environment),
        secrets_(join_path(directory, "secrets")),
        key_(join_path(directory, "secret.key")),
        next_key_(key_ + ".new") {}

  // Nullopt: there are none yet.
  Result<std::optional<SecretFile>> read() const {
    auto text = text_of(secrets_);
    if (!text.ok()) return text.error();
    if (!*text) return std::optional<SecretFile>();
    auto file = parse_secret_file(**text);
    if (!file.ok()) return std::move(file).error().in(secrets_);
    return std::optional(*std::move(file));
  }

  // The key that this file was written with, its seal looked at.
  Result<FoundKey> key_of(const SecretFile& file) const {
    auto keys = known_keys();
    if (!keys.ok()) return keys.error();
    if (keys->empty())
      return Error{
          ErrorKind::config, fmt::format("there is no key for the secrets in {}", secrets_),
          fmt::format("set {} or {}, or put the key back into {}", kKeyVariable, kKeyFileVariable, key_)};
    for (FoundKey& found : *keys) {
      if (found.key.id() != file.key_id) continue;
      if (!same_bytes(found.key.seal(file.sealed), file.seal))
        return Error{ErrorKind::disk, fmt::format("{} is damaged: its seal does not hold", secrets_),
                     "restore it from a backup, or remove it and set the secrets again"};
      return std::move(found);
    }
    return Error{ErrorKind::config,
                 fmt::format("the secrets in {} were encrypted with another key than {}", secrets_,
                             keys->front().where),
                 "give the key that they were set with, or remove the file and set the secrets again"};
  }

  // The key for a file that is to be begun; nullopt: there is none yet.
  Result<std::optional<FoundKey>> first_key() const {
    auto keys = known_keys();
    if (!keys.ok()) return keys.error();
    return keys->empty() ? std::nullopt : std::optional(std::move(keys->front()));
  }

  Result<void> write(const std::vector<SecretLine>& secrets, const Key& key) const {
    return disk_.replace_private(secrets_, write_secret_file(secrets, key));
  }
  Result<void> write_key(const Key& key) const { return disk_.replace_private(key_, key_text(key)); }
  // Both files cannot change in one step: until the key is moved to its place, readers find it here.
  Result<void> write_next_key(const Key& key) const {
    return disk_.replace_private(next_key_, key_text(key));
  }
  Result<void> move_next_key() const { return disk_.rename(next_key_, key_); }
  Result<void> drop_next_key() const { return disk_.remove(next_key_); }
  const std::string& key_path() const { return key_; }
  // A rekey() that a crash cut off: the secrets have the new key already.
  Result<void> finish_rekey(const SecretFile& file) const {
    auto next = key_in(next_key_);
    if (!next.ok()) return next.error();
    if (!*next) return success();
    return (*next)->key.id() == file.key_id ? move_next_key() : drop_next_key();
  }

 private:
  static std::string key_text(const Key& key) {
    return "# The key of the secrets in this directory. Keep a copy in a safe place: without it they cannot "
           "be\n"
           "# read. Never commit it.\n" +
           key.base64() + "\n";
  }

  Result<std::optional<std::string>> text_of(const std::string& path) const {
    auto there = disk_.exists(path);
    if (!there.ok()) return there.error();
    if (!*there) return std::optional<std::string>();
    auto text = disk_.read(path);
    if (!text.ok()) return text.error();
    return std::optional(*std::move(text));
  }

  Result<std::optional<FoundKey>> key_in(const std::string& path) const {
    auto text = text_of(path);
    if (!text.ok()) return text.error();
    if (!*text) return std::optional<FoundKey>();
    const auto key = Key::parse(**text);
    if (!key) return bad_key(path);
    return std::optional(FoundKey{*key, "the one in " + path, ""});
  }

  // The environment alone, where it says something; else the files beside the secrets.
  Result<std::vector<FoundKey>> known_keys() const {
    if (const auto text = environment_(kKeyVariable)) {
      const auto key = Key::parse(*text);
      if (!key) return bad_key(kKeyVariable);
      return std::vector{FoundKey{*key, fmt::format("the one in {}", kKeyVariable), kKeyVariable}};
    }
    if (const auto path = environment_(kKeyFileVariable)) {
      auto found = key_in(*path);
      if (!found.ok()) return found.error();
      if (!*found)
        return Error{ErrorKind::config,
                     fmt::format("the file {} that {} names is not there", *path, kKeyFileVariable),
                     "correct the variable, or put the key there"};
      (*found)->variable = kKeyFileVariable;
      return std::vector{*std::move(*found)};
    }
    std::vector<FoundKey> keys;
    for (const std::string& path : {key_, next_key_}) {
      auto found = key_in(path);
      if (!found.ok()) return found.error();
      if (*found) keys.push_back(*std::move(*found));
    }
    return keys;
  }

  Disk& disk_;
  const Environment& environment_;
  const std::string secrets_, key_, next_key_;
};

SecretLine encrypted(const std::string& name, Time now, const std::string& value, const Key& key) {
  SecretLine line{name, unix_micros(now), ""};
  line.encrypted = key.encrypt(value, line.context());
  return line;
}

// The seal holds, so this can only be another program's mistake.
Error not_decrypted(const std::string& name) {
  return {ErrorKind::disk, fmt::format("the secret {} cannot be decrypted", name),
          fmt::format("set it again: penstock secret set {}", name)};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr || *value == 0 ? std::nullopt : std::optional<std::string>(value);
  };
}

Secrets::Secrets(Disk& disk, std::string directory, Environment environment)
    : disk_(disk), directory_(std::move(directory)), environment_(std::move(environment)) {}

Result<std::optional<declare::Secret>> Secrets::get(const std::string& name) const {
  const Files files(disk_, directory_, environment_);
  auto file = files.read();
  if (!file.ok()) return file.error();
  if (!*file) return std::optional<declare::Secret>();
  // Also for a name that is not there: it may have been taken out.
  auto found = files.key_of(**file);
  if (!found.ok()) return found.error();
  const SecretLine* line = (*file)->find(name);
  if (line == nullptr) return std::optional<declare::Secret>();
  auto value = found->key.decrypt(line->encrypted, line->context());
  if (!value) return not_decrypted(name);
  return std::optional(declare::Secret(*std::move(value)));
}

Result<std::vector<Secrets::Listed>> Secrets::list() const {
  auto file = Files(disk_, directory_, environment_).read();
  if (!file.ok()) return file.error();
  std::vector<Listed> out;
  if (*file)
    for (const SecretLine& line : (*file)->secrets)
      out.push_back({line.name, from_unix_micros(line.set_at_micros)});
  return out;
}

Result<Secrets::Change> Secrets::set(const std::string& name, const declare::Secret& value, Time now) {
  if (!declare::is_secret_name(name)) return bad_name(name);
  if (value.empty() || value.reveal().size() > kValueBytesMax)
    return Error{ErrorKind::config,
                 value.empty() ? "a secret cannot be empty" : "the secret is longer than 64 KiB",
                 fmt::format("to take it away: penstock secret remove {}", name)};
  if (auto made = disk_.make_directories(directory_); !made.ok()) return made.error();
  auto lock = WriteLock::take(file() + ".lock");
  if (!lock.ok()) return lock.error();
  const Files files(disk_, directory_, environment_);
  auto file = files.read();
  if (!file.ok()) return file.error();
  Change change;
  std::optional<FoundKey> key;
  if (*file) {
    auto found = files.key_of(**file);
    if (!found.ok()) return found.error();
    key = *std::move(found);
    if (auto done = files.finish_rekey(**file); !done.ok()) return done.error();
  } else {
    auto found = files.first_key();
    if (!found.ok()) return found.error();
    key = *std::move(found);
  }
  if (!key) {
    key = FoundKey{Key::random()};
    if (auto kept = files.write_key(key->key); !kept.ok()) return kept.error();
    change.new_key_file = files.key_path();
  }
  std::vector<SecretLine> lines = *file ? std::move((*file)->secrets) : std::vector<SecretLine>();
  const auto at =
      std::lower_bound(lines.begin(), lines.end(), name,
                       [](const SecretLine& line, const std::string& to) { return line.name < to; });
  change.was_there = at != lines.end() && at->name == name;
  SecretLine line = encrypted(name, now, value.reveal(), key->key);
  if (change.was_there)
    *at = std::move(line);
  else
    lines.insert(at, std::move(line));
  if (auto written = files.write(lines, key->key); !written.ok()) return written.error();
  return change;
}

Result<bool> Secrets::remove(const std::string& name) {
  auto there = disk_.exists(file());
  if (!there.ok()) return there.error();
  if (!*there) return false;
  auto lock = WriteLock::take(file() + ".lock");
  if (!lock.ok()) return lock.error();
  const Files files(disk_, directory_, environment_);
  auto file = files.read();
  if (!file.ok()) return file.error();
  if (!*file || (*file)->find(name) == nullptr) return false;
  auto key = files.key_of(**file);
  if (!key.ok()) return key.error();
  if (auto done = files.finish_rekey(**file); !done.ok()) return done.error();
  std::erase_if((*file)->secrets, [&](const SecretLine& line) { return line.name == name; });
  if (auto written = files.write((*file)->secrets, key->key); !written.ok()) return written.error();
  return true;
}

Result<Secrets::Rekeyed> Secrets::rekey(const std::optional<declare::Secret>& new_key) {
  std::optional<Key> next;
  if (new_key) {
    next = Key::parse(new_key->reveal());
    if (!next) return bad_key("the new key");
  }
  auto there = disk_.exists(file());
  if (!there.ok()) return there.error();
  const Error none{ErrorKind::config, "there are no secrets yet", "set one: penstock secret set NAME"};
  if (!*there) return none;
  auto lock = WriteLock::take(file() + ".lock");
  if (!lock.ok()) return lock.error();
  const Files files(disk_, directory_, environment_);
  auto file = files.read();
  if (!file.ok()) return file.error();
  if (!*file) return none;
  auto old = files.key_of(**file);
  if (!old.ok()) return old.error();
  const bool is_ours = old->variable.empty();
  if (!next && !is_ours)
    return Error{
        ErrorKind::config, fmt::format("the key comes from {}, so the new one must be given", old->variable),
        "put the new key into PENSTOCK_NEW_SECRET_KEY for this command; make one: openssl rand -base64 32"};
  if (!next) next = Key::random();
  if (is_ours)
    if (auto done = files.finish_rekey(**file); !done.ok()) return done.error();

  std::vector<SecretLine> lines;
  for (const SecretLine& line : (*file)->secrets) {
    auto value = old->key.decrypt(line.encrypted, line.context());
    if (!value) return not_decrypted(line.name);
    lines.push_back(encrypted(line.name, from_unix_micros(line.set_at_micros), *value, *next));
  }
  if (is_ours)
    if (auto kept = files.write_next_key(*next); !kept.ok()) return kept.error();
  if (auto written = files.write(lines, *next); !written.ok()) return written.error();
  if (is_ours)
    if (auto moved = files.move_next_key(); !moved.ok()) return moved.error();
  return Rekeyed{lines.size(), is_ours ? files.key_path() : "", old->variable};
}

}  // namespace penstock::secret
