// The face of repository/: the project's directory as a git repository. Edits become commits, pulls take
// effect whole or not at all, and nothing that anybody wrote is lost.
//
//     edits ──validate──▶ commit ──▶ push ──rejected──▶ pull (fetch, validate, rebase) ──▶ push again
//                                                        └─ same files changed ─▶ branch
//                                                        penstock/conflict-...
//
// Outside facts: libgit2 1.5 (https://libgit2.org/libgit2/#v1.5.1, 2026-11-27).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "base/time.h"
#include "config/project.h"
#include "declare/declare.h"

namespace penstock::repository {

using declare::Diagnostics;

using config::Person;

// `git:` of penstock.yaml with its references resolved, and what the environment adds.
struct Settings {
  std::string remote = "origin";
  std::string branch = {};     // empty: the one that is checked out
  declare::Secret token = {};  // for https
  std::string ssh_key = {};    // path of a private key; empty: the agent's keys
  declare::Secret ssh_passphrase = {};
  std::string ca_file = {};  // of authorities that are trusted instead of the machine's own
  bool push = true;
  // Who commits, and who writes what nobody is named for. Commits of this committer are ours to rebase and to
  // set aside; those of others are not.
  Person author{"Penstock", "penstock@localhost"};
  Duration network_max = 120s;  // for one fetch or push
};
// Reads PENSTOCK_GIT_SSH_KEY, PENSTOCK_GIT_SSH_PASSPHRASE and PENSTOCK_CA_FILE as well. Errors: config, of a
// reference that leads nowhere.
Result<Settings> settings_of(const config::GitSettings& git, const declare::Resolver& resolver);

// Says what is wrong with the project in `directory` as `disk` shows it. Called on the caller's thread, maybe
// on several at once; must not write. An error among the diagnostics refuses what was about to take effect.
using Validate = std::function<void(Disk& disk, const std::string& directory, Diagnostics& diagnostics)>;

// One file as an editor wants it to be. Paths are relative to the project: penstock.yaml, or a file of
// sources/, models/, destinations/, syncs/, alerts/, connectors/ or tests/ (see own_files.h).
struct Edit {
  std::string path;
  std::optional<std::string> content;  // nullopt: the file is removed
  // The blob id (40 hex digits) of what the editor started from, as file() told it; empty: there was no such
  // file.
  std::string expected;
};

// Why an edit was not made, with all versions, so that nothing is lost and a person can merge.
struct EditConflict {
  enum class Why {
    changed,      // committed by somebody else since
    uncommitted,  // the file in the directory has changes that nobody committed
  };
  std::string path;
  Why why = Why::changed;
  std::string blob;                  // of the branch now: `expected` of the next try; empty: not there
  std::optional<std::string> base;   // what the editor started from, where that is still known
  std::optional<std::string> there;  // what is there now (uncommitted: in the directory); nullopt: removed
  std::optional<std::string> yours;  // as the edit has it
};

struct CommitReport {
  enum class Outcome {
    committed,
    written,  // the directory is in no repository: the files are there, and that is all
    unchanged,
    invalid,
    conflict,
  };
  Outcome outcome = Outcome::unchanged;
  std::string commit;                   // its id, when committed
  Diagnostics diagnostics;              // of the project as it would be
  std::vector<EditConflict> conflicts;  // nothing of the edits was made, not even of the other files
  std::vector<std::string> notes;
};

struct PullReport {
  enum class Outcome {
    up_to_date,  // also where there are only commits of ours to push
    moved,       // the directory holds what was pulled
    refused,     // nothing has moved: see reason, and diagnostics if it is invalid
    set_aside,   // moved, and our commits that touch the same files are on `conflict_branch`
  };
  Outcome outcome = Outcome::up_to_date;
  std::string from, to;              // commit ids of the branch before and after
  std::vector<std::string> changed;  // paths relative to the project
  Diagnostics diagnostics;
  std::string reason, remedy;
  std::string conflict_branch;
  std::vector<std::string> notes;
};

struct PushReport {
  enum class Outcome {
    pushed,
    nothing,    // all is there already
    off,        // no remote, or `push: false`
    refused,    // the remote has moved, and pulling was refused: our commits wait here
    set_aside,  // our commits touch what others changed: they are on `conflict_branch`, here and at the
                // remote
  };
  Outcome outcome = Outcome::nothing;
  uint64_t commits = 0;  // that the remote did not have
  std::string reason, remedy;
  std::string conflict_branch;
  std::optional<PullReport> pulled;  // when the remote had moved
};

struct ChangedFile {
  enum class Kind { added, modified, removed };
  std::string path;  // relative to the project
  Kind kind = Kind::modified;
};
std::string_view name_of(ChangedFile::Kind kind);

// What the last pull said that moved nothing; kept in the repository until one succeeds.
struct Refusal {
  std::string commit;  // that was to take effect
  std::string reason, remedy;
  std::string details;  // the diagnostics as text; empty when it was not for them
  Time at{};
};

struct Status {
  bool is_repository = false;                  // all below is empty when not
  std::string why_not;                         // then
  std::string root;                            // the repository's working tree; the project may lie below it
  std::string branch;                          // empty: no branch is checked out
  std::string head;                            // commit id; empty: no commit yet
  std::string subject;                         // of that commit
  std::string remote;                          // its URL without login; empty: none
  std::vector<ChangedFile> changed;            // uncommitted, of the project's own files
  uint64_t unpushed = 0, behind = 0;           // as of the last fetch
  std::vector<std::string> conflict_branches;  // penstock/conflict-..., here
  std::optional<Refusal> refused;
  // A merge, rebase, ... that a person is in the middle of; nothing moves until it is done. Else empty.
  std::string busy;

  bool clean() const { return changed.empty(); }
};

struct Commit {
  std::string id;
  Person author, committer;
  Time at{};
  std::string subject, body;
  std::vector<std::string> parents;
};

struct HistoryEntry {
  Commit commit;
  // Of the files that were asked for (paths relative to the project, as they were then).
  std::vector<ChangedFile> changed;
  std::string diff;  // unified; of these files
};

struct HistoryRequest {
  std::vector<std::string> paths = {};  // none: all of the project's own files
  std::string revision = "HEAD";        // where to begin
  uint64_t limit = 20;
  bool diffs = false;
};

// A file as an editor opens it.
struct FileAt {
  std::string path;
  std::optional<std::string> content;  // of the commit; nullopt: not there
  std::string blob;                    // its id; empty: not there
  bool uncommitted = false;            // of HEAD: the file in the directory differs
};

// The id of a content, as git would give it: what `Edit::expected` says.
std::string blob_id(std::string_view content);

// The directory as it would be with these edits, to be validated while somebody types. Errors: `config`, of a
// path. `disk` must outlive it.
Result<std::unique_ptr<Disk>> with_edits(Disk& disk, const std::string& directory,
                                         const std::vector<Edit>& edits);

// Thread-safe; every call may block on disk, and fetch, pull and push on the network: call them from a worker
// thread. Processes exclude each other by a lock in the repository. Errors: `config` (not a repository, a
// path that is not the project's, an unknown revision), `locked` (somebody else works on it: try again),
// `auth`, `transient` (the remote cannot be reached), `disk`, `internal`.
class Repository {
 public:
  // What a crash left half-done is finished first. `disk` is the real one and, like `clock`, outlives the
  // object. A directory that is no repository is no error: see status().
  static Result<std::unique_ptr<Repository>> open(Disk& disk, const Clock& clock, std::string directory,
                                                  Settings settings, Validate validate);
  ~Repository();

  Result<Status> status();

  // All edits or none: validated as a whole project, committed to the branch, and put into the directory.
  // What others left uncommitted in other files stays as it is, and is not committed. An author without a
  // name is the settings'. Where the directory is in no repository, the files are only written (each at once,
  // not all together), and `expected` is held against what lies there.
  Result<CommitReport> commit(std::vector<Edit> edits, Person author, std::string message);
  // Sends our commits; pulls first where the remote has moved. Never forces.
  Result<PushReport> push();
  // Fetches the branch, and lets it take effect if all of it is valid: fast-forward, else by rebasing what is
  // unpushed. Files that hold uncommitted changes are never overwritten.
  Result<PullReport> pull();
  // Only looks at what the remote has: status() counts it then.
  Result<void> fetch();

  // Newest first. A single path is followed through renames.
  Result<std::vector<HistoryEntry>> history(HistoryRequest request);
  // Where the directory is in no repository: what lies there, for HEAD.
  Result<FileAt> file(std::string path, std::string revision = "HEAD");
  // The id of a commit by any name that git takes: a branch, a tag, HEAD~3, a short id.
  Result<Commit> find(std::string revision);

  // A new commit that restores the project's own files, or only `paths`, as they were at `revision`.
  Result<CommitReport> roll_back(std::string revision, std::vector<std::string> paths, Person author,
                                 std::string message = "");

  // The directory as a disk on which the project's own files are those of `revision`; everything else is what
  // is really there. Read-only for own files. Holds them in memory, and does not need this object any more.
  Result<std::unique_ptr<Disk>> view(std::string revision);

  struct State;

 private:
  explicit Repository(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace penstock::repository
