// Secrets that outer stores hold: ${vault:PATH#FIELD}, ${aws-sm:NAME#FIELD}, ${gcp-sm:projects/P/secrets/S}.
//
// Where a store is and who we are there comes from the variables that its own tools read; docs/security.md
// lists them. Nothing of a secret is in messages or kept on disk.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "async/loop.h"
#include "net/http.h"
#include "secret/secret.h"

namespace penstock::secret {

// What asking a store needs. `clock`: the wall clock that signatures are made with.
struct OuterAsk {
  Loop& loop;
  HttpClient& client;
  const Environment& environment;
  Disk& disk;  // for files that the environment names
};

// What a store holds under `path` (of `scheme`): a text, or an object of JSON whose members are the fields.
// Nothing: there is no such secret. Errors: config (the environment lacks something), auth, permission,
// transient (nobody answers, after three tries), rejected (the answer is none). Messages name scheme and
// path.
Task<Result<std::optional<std::string>>> ask_outer_store(OuterAsk ask, std::string scheme, std::string path);

// The field of a secret's text; the whole text for an empty field. Errors (of kind config) name the
// reference.
Result<std::string> field_of(const std::string& text, const std::string& field, const std::string& shown);

struct OuterOptions {
  Duration kept = std::chrono::minutes(5);  // what was found, in memory
  Duration failure_kept =
      std::chrono::seconds(10);  // so that twenty references to a store that is down wait once
};

// Answers for a process. Thread-safe. get() blocks while a store is asked, half a minute at most, and others
// who ask meanwhile wait; it makes a loop of its own, so it may be called from a task of another one.
class OuterSecrets {
 public:
  // Clock and disk must outlive this.
  OuterSecrets(const Clock& clock, Disk& disk, Environment environment = process_environment(),
               OuterOptions options = {});
  // `name`: "PATH#FIELD" or "PATH".
  Result<std::optional<std::string>> get(const std::string& scheme, const std::string& name);

 private:
  using Answer = Result<std::optional<std::string>>;
  struct Kept {
    Answer answer;
    Instant until{};
  };
  Answer ask(const std::string& scheme, const std::string& path);

  const Clock& clock_;
  Disk& disk_;
  const Environment environment_;
  const OuterOptions options_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
};

}  // namespace penstock::secret
