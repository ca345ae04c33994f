// What ${secret:NAME} leads to: a file of encrypted secrets beside the state. The face of this folder.
//
//     Secrets secrets(disk, ".penstock");
//     auto value = secrets.get("crm/token");      // Result<optional<Secret>>
//     secrets.set("crm/token", value, now);       // encrypted, in one step
//
// The key (256 bits, hexadecimal or Base64) comes from the variable PENSTOCK_SECRET_KEY, from the file that
// PENSTOCK_SECRET_KEY_FILE names, or from `secret.key` beside the secrets, which the first set() makes. What
// outer stores hold (${vault:..}) is in secret/outer.h. docs/security.md says what this guards against;
// docs/formats.md has the file's format.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "base/time.h"
#include "declare/reference.h"

namespace penstock::secret {

// A variable of the environment, if it is set and not empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// Thread-safe, and safe among processes: nothing is kept between calls, and who changes something takes a
// lock. Errors: config (a name or a key that cannot be, the wrong key, no key), disk (the file is damaged or
// cannot be used), locked (another process changes it, for many seconds). No message holds a value or a key.
class Secrets {
 public:
  // `directory` may be missing until the first set(). The disk must outlive this.
  Secrets(Disk& disk, std::string directory, Environment environment = process_environment());

  // Nothing: there is no such secret.
  Result<std::optional<declare::Secret>> get(const std::string& name) const;

  struct Listed {
    std::string name{};
    Time set_at{};
  };
  // By name. Needs no key.
  Result<std::vector<Listed>> list() const;

  struct Change {
    bool was_there = false;
    std::string new_key_file{};  // that set() made: a person must be told to keep it, and never to commit it
  };
  // Not empty, at most 64 KiB.
  Result<Change> set(const std::string& name, const declare::Secret& value, Time now);
  // False: it was not there. Needs the key: the file is sealed anew.
  Result<bool> remove(const std::string& name);

  struct Rekeyed {
    size_t secrets = 0;
    std::string key_file{};      // that holds the new key now; empty: the environment must be changed
    std::string key_variable{};  // that named the old one
  };
  // Encrypts all with another key: the one that is given, or a new one if the key is in `secret.key`. A crash
  // leaves either the old or the new state, never secrets without their key.
  Result<Rekeyed> rekey(const std::optional<declare::Secret>& new_key);

  std::string file() const { return join_path(directory_, "secrets"); }
  std::string key_file() const { return join_path(directory_, "secret.key"); }

 private:
  Disk& disk_;
  std::string directory_;
  Environment environment_;
};

}  // namespace penstock::secret
