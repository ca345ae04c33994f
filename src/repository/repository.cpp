#include "repository/repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "repository/own_files.h"
#include "repository/plain.h"
#include "repository/refusal.h"
#include "repository/turn.h"

namespace penstock::repository {
namespace {

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

std::string variable(const char* name) {
  return text_of(std::getenv(name));
}

Result<CommitHandle> commit_named(git_repository* repository, const std::string& revision) {
  const auto unknown = [&] {
    return Error{ErrorKind::config, fmt::format("there is no commit '{}' in the repository", revision),
                 "name a branch, a tag or a commit's id: `penstock git log` lists them"};
  };
  if (revision.empty() || revision.starts_with('-')) return unknown();
  git_object* raw = nullptr;
  const int code = git_revparse_single(&raw, repository, (revision + "^{commit}").c_str());
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC || code == GIT_EAMBIGUOUS || code == GIT_EPEEL ||
      code == GIT_ERROR)
    return unknown();
  if (code < 0) return git_error(fmt::format("look up '{}'", revision), code);
  const ObjectHandle object(raw);
  return commit_of(repository, *git_object_id(object.get()));
}

Person person_of(const git_signature* signature) {
  return {text_of(signature->name), text_of(signature->email)};
}

Result<uint64_t> count_behind(git_repository* repository, const git_oid& from, const git_oid& to) {
  size_t ahead = 0, behind = 0;
  if (const int code = git_graph_ahead_behind(&ahead, &behind, repository, &to, &from); code < 0)
    return git_error("count commits", code);
  return uint64_t{ahead};
}

// All commits, for a remote that has none yet.
Result<uint64_t> count_all(git_repository* repository, const git_oid& head) {
  auto walk = take<WalkHandle>("read the history", git_revwalk_new, repository);
  if (!walk.ok()) return walk.error();
  int code = git_revwalk_push(walk->get(), &head);
  uint64_t commits = 0;
  git_oid id;
  while (code >= 0 && (code = git_revwalk_next(&id, walk->get())) == 0) ++commits;
  if (code < 0 && code != GIT_ITEROVER) return git_error("read the history", code);
  return commits;
}

Result<void> add_branch(Repository::State& state, const Checkout& checkout, Status& status) {
  git_repository* repository = checkout.get();
  auto url = remote_url(repository, state.settings.remote);
  if (!url.ok()) return url.error();
  status.remote = url->value_or("");
  git_reference* raw = nullptr;
  const int code = git_repository_head(&raw, repository);
  const ReferenceHandle head(raw);
  if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND) return success();
  if (code < 0) return git_error("read HEAD", code);
  if (git_reference_is_branch(raw) != 0) status.branch = git_reference_shorthand(raw);
  const git_oid id = *git_reference_target(raw);
  auto commit = commit_of(repository, id);
  if (!commit.ok()) return commit.error();
  status.head = hex_of(id);
  status.subject = text_of(git_commit_summary(commit->get()));
  auto tree = tree_of(commit->get());
  if (!tree.ok()) return tree.error();
  auto changed = uncommitted(checkout, tree->get());
  if (!changed.ok()) return changed.error();
  status.changed = *std::move(changed);
  if (status.branch.empty() || status.remote.empty()) return success();
  auto upstream = target_of(repository, tracking_of(state.settings, status.branch));
  if (!upstream.ok()) return upstream.error();
  auto unpushed = *upstream ? count_behind(repository, **upstream, id) : count_all(repository, id);
  auto behind = *upstream ? count_behind(repository, id, **upstream) : Result<uint64_t>(uint64_t{0});
  if (!unpushed.ok()) return unpushed.error();
  if (!behind.ok()) return behind.error();
  status.unpushed = *unpushed;
  status.behind = *behind;
  return success();
}

}  // namespace

std::string_view name_of(ChangedFile::Kind kind) {
  switch (kind) {
    case ChangedFile::Kind::added:
      return "added";
    case ChangedFile::Kind::modified:
      return "modified";
    case ChangedFile::Kind::removed:
      return "removed";
  }
  return "";
}

Result<Settings> settings_of(const config::GitSettings& git, const declare::Resolver& resolver) {
  Settings settings;
  settings.remote = git.remote;
  settings.branch = git.branch;
  settings.push = git.push;
  settings.author = git.author;
  if (git.token) {
    auto token = declare::resolve_secret(*git.token, resolver);
    if (!token.ok()) return token.error();
    settings.token = *std::move(token);
  }
  settings.ssh_key = variable("PENSTOCK_GIT_SSH_KEY");
  settings.ssh_passphrase = declare::Secret(variable("PENSTOCK_GIT_SSH_PASSPHRASE"));
  for (const char* name : {"PENSTOCK_CA_FILE", "SSL_CERT_FILE"})
    if (settings.ca_file.empty()) settings.ca_file = variable(name);
  return settings;
}

Repository::Repository(std::unique_ptr<State> state) : state_(std::move(state)) {}
Repository::~Repository() = default;

namespace {

// Of a process that died: all else that is kept there stays.
bool has_leftovers(Disk& disk, const Checkout& checkout) {
  const auto names = disk.list(checkout.git_directory + "penstock");
  return names.ok() && std::ranges::any_of(*names, [](const std::string& name) {
           return name == "move" || name.ends_with(".new") || name.starts_with("remote-");
         });
}

}  // namespace

Result<std::unique_ptr<Repository>> Repository::open(Disk& disk, const Clock& clock, std::string directory,
                                                     Settings settings, Validate validate) {
  Network network(settings);
  auto state = std::make_unique<State>(disk, clock, std::move(directory), std::move(settings),
                                       std::move(validate), std::move(network));
  auto repository = std::unique_ptr<Repository>(new Repository(std::move(state)));
  const auto checkout = open_checkout(repository->state_->directory);
  if (!checkout.ok()) return repository;  // status() says it
  if (!has_leftovers(disk, *checkout)) return repository;
  if (auto turn = take_turn(*repository->state_); !turn.ok()) return turn.error();
  return repository;
}

Result<Status> Repository::status() {
  Status status;
  auto checkout = open_checkout(state_->directory);
  if (!checkout.ok()) {
    status.why_not = checkout.error().message;
    return status;
  }
  status.is_repository = true;
  status.root = checkout->root;
  status.busy = busy_with(checkout->get());
  if (auto added = add_branch(*state_, *checkout, status); !added.ok()) return added.error();
  auto aside = set_aside_branches(*checkout);
  if (!aside.ok()) return aside.error();
  status.conflict_branches = *std::move(aside);
  if (auto text = state_->disk.read(checkout->own("refused")); text.ok())
    status.refused = parse_refusal(*text);
  return status;
}

Result<Commit> Repository::find(std::string revision) {
  auto checkout = open_checkout(state_->directory);
  if (!checkout.ok()) return checkout.error();
  auto commit = commit_named(checkout->get(), revision);
  if (!commit.ok()) return commit.error();
  return describe(commit->get());
}

Commit describe(const git_commit* commit) {
  Commit out;
  out.id = hex_of(*git_commit_id(commit));
  out.author = person_of(git_commit_author(commit));
  out.committer = person_of(git_commit_committer(commit));
  out.at = Time(std::chrono::seconds(git_commit_time(commit)));
  // libgit2 keeps these texts inside the commit once they were asked for.
  auto* cached = const_cast<git_commit*>(commit);
  out.subject = text_of(git_commit_summary(cached));
  out.body = text_of(git_commit_body(cached));
  for (unsigned i = 0; i < git_commit_parentcount(commit); ++i)
    out.parents.push_back(hex_of(*git_commit_parent_id(commit, i)));
  return out;
}

Result<FileAt> Repository::file(std::string path, std::string revision) {
  if (auto own = check_own_path(path); !own.ok()) return own.error();
  if (revision == "HEAD" && is_outside_git(state_->directory)) return plain_file(*state_, path);
  auto checkout = open_checkout(state_->directory);
  if (!checkout.ok()) return checkout.error();
  auto commit = commit_named(checkout->get(), revision);
  if (!commit.ok()) return commit.error();
  auto tree = tree_of(commit->get());
  if (!tree.ok()) return tree.error();
  auto item = item_at(tree->get(), checkout->prefix + path);
  if (!item.ok()) return item.error();
  FileAt file{path, std::nullopt, "", false};
  if (*item) {
    auto content = content_of(checkout->get(), (*item)->id);
    if (!content.ok()) return content.error();
    file.content = *std::move(content);
    file.blob = hex_of((*item)->id);
  }
  auto there = on_disk(*checkout, checkout->prefix + path);
  if (!there.ok()) return there.error();
  file.uncommitted = !is_as(*there, *item);
  return file;
}

Result<std::unique_ptr<Disk>> Repository::view(std::string revision) {
  auto checkout = open_checkout(state_->directory);
  if (!checkout.ok()) return checkout.error();
  auto commit = commit_named(checkout->get(), revision);
  if (!commit.ok()) return commit.error();
  auto tree = tree_of(commit->get());
  if (!tree.ok()) return tree.error();
  auto files = files_of_tree(*checkout, tree->get());
  if (!files.ok()) return files.error();
  return std::unique_ptr<Disk>(
      std::make_unique<OverlayDisk>(state_->disk, state_->directory, is_own_file, *std::move(files)));
}

}  // namespace penstock::repository
