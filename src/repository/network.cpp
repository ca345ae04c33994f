#include "repository/network.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <thread>

namespace penstock::repository {
namespace {

constexpr int kHangingMax = 8;

// All that one call to a remote needs. Shared with the thread that makes it, which may outlive the caller.
struct Call {
  Settings settings;
  std::string root, branch;
  std::string url;  // as it is in the repository: may hold a login, never shown
  std::atomic<bool> given_up = false;
  unsigned asked = 0;   // how many logins the remote has asked for
  std::string refused;  // what the remote says of a branch that it does not take
};

// Whether the URL's host is this very machine.
bool is_here(std::string_view url) {
  const size_t start = url.find("://");
  std::string_view host = start == std::string_view::npos ? url : url.substr(start + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1) == "[::1]";
  host = host.substr(0, host.find(':'));
  return host == "127.0.0.1" || host == "localhost";
}

// The key files that ssh itself would try.
std::vector<std::string> usual_keys() {
  std::vector<std::string> keys;
  const char* home = std::getenv("HOME");
  if (home != nullptr)
    for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
      const std::string path = fmt::format("{}/.ssh/{}", home, name);
      if (::access(path.c_str(), R_OK) == 0) keys.push_back(path);
    }
  return keys;
}

int ssh_login(git_credential** out, Call& call, const char* user) {
  const unsigned turn = call.asked++;
  if (!call.settings.ssh_key.empty()) {
    if (turn > 0) return GIT_EAUTH;
    return git_credential_ssh_key_new(out, user, nullptr, call.settings.ssh_key.c_str(),
                                      call.settings.ssh_passphrase.reveal().c_str());
  }
  const bool agent = std::getenv("SSH_AUTH_SOCK") != nullptr;
  if (agent && turn == 0) return git_credential_ssh_key_from_agent(out, user);
  const auto keys = usual_keys();
  const size_t nth = turn - (agent ? 1 : 0);
  if (nth >= keys.size()) return GIT_EAUTH;
  return git_credential_ssh_key_new(out, user, nullptr, keys[nth].c_str(), "");
}

int token_login(git_credential** out, Call& call, const char* url, const char* user) {
  if (call.settings.token.empty() || call.asked++ > 0) return GIT_EAUTH;
  // In clear only where it does not leave the machine.
  if (!std::string_view(url).starts_with("https://") && !is_here(url)) return GIT_EAUTH;
  return git_credential_userpass_plaintext_new(out, user, call.settings.token.reveal().c_str());
}

int log_in(git_credential** out, const char* url, const char* user_of_url, unsigned allowed, void* payload) {
  Call& call = *static_cast<Call*>(payload);
  const char* user = user_of_url != nullptr && *user_of_url != 0 ? user_of_url : "git";
  if ((allowed & GIT_CREDENTIAL_USERNAME) != 0) return git_credential_username_new(out, user);
  if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0) return ssh_login(out, call, user);
  if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) != 0) return token_login(out, call, url, user);
  return GIT_EAUTH;
}

int go_on(const git_indexer_progress*, void* payload) {
  return static_cast<Call*>(payload)->given_up ? GIT_EUSER : 0;
}

int pushed_reference(const char*, const char* status, void* payload) {
  if (status != nullptr) static_cast<Call*>(payload)->refused = status;
  return 0;
}

git_remote_callbacks callbacks_of(Call& call) {
  auto callbacks = options_by(git_remote_init_callbacks);
  callbacks.credentials = log_in;
  callbacks.transfer_progress = go_on;
  callbacks.push_update_reference = pushed_reference;
  callbacks.payload = &call;
  return callbacks;
}

// With a token no redirect is followed: it could lead to somebody else's machine.
git_remote_redirect_t redirects_of(const Call& call) {
  return call.settings.token.empty() ? GIT_REMOTE_REDIRECT_INITIAL : GIT_REMOTE_REDIRECT_NONE;
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  if (what.empty() || what == by) return;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

Error remote_error(const Call& call, std::string_view doing, int code) {
  Error error = git_error(fmt::format("{} {}", doing, without_login(call.url)), code);
  replace_all(error.message, call.url, without_login(call.url));
  const bool ssh = !call.url.starts_with("http");
  if (code == GIT_ECERTIFICATE)
    error.remedy =
        ssh ? "add the host to ~/.ssh/known_hosts, after comparing its fingerprint: ssh-keyscan HOST"
            : "trust the authority of its certificate: name its file in PENSTOCK_CA_FILE";
  else if (code == GIT_EAUTH || error.kind == ErrorKind::auth)
    error.remedy = ssh ? "give a key that the remote knows: by the ssh agent, or PENSTOCK_GIT_SSH_KEY"
                       : "set a valid token: `git: { token: ${env:GIT_TOKEN} }` in penstock.yaml";
  else if (error.kind == ErrorKind::internal || error.kind == ErrorKind::disk)
    error.kind = ErrorKind::transient;
  if (error.remedy.empty()) error.remedy = "check the remote: git remote -v, and git fetch";
  return error;
}

Result<RemoteHandle> open_remote(git_repository* repository, Call& call) {
  auto remote = take<RemoteHandle>(fmt::format("find the remote '{}'", call.settings.remote),
                                   git_remote_lookup, repository, call.settings.remote.c_str());
  if (remote.ok() && git_remote_url(remote->get()) != nullptr) call.url = git_remote_url(remote->get());
  return remote;
}

Result<void> fetch_now(Call& call) {
  auto repository = take<RepositoryHandle>("open the repository", git_repository_open, call.root.c_str());
  if (!repository.ok()) return repository.error();
  auto remote = open_remote(repository->get(), call);
  if (!remote.ok()) return remote.error();
  auto options = options_by(git_fetch_options_init);
  options.callbacks = callbacks_of(call);
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.follow_redirects = redirects_of(call);
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  std::string spec = fmt::format("+refs/heads/{0}:refs/remotes/{1}/{0}", call.branch, call.settings.remote);
  char* specs[] = {spec.data()};
  const git_strarray list{specs, 1};
  const int code = git_remote_fetch(remote->get(), &list, &options, "penstock: fetch");
  return code < 0 ? remote_error(call, "fetch from", code) : success();
}

bool is_behind(int code, const Call& call) {
  // What servers say when the branch moved between their list and our push, or while another one has it.
  for (const char* said : {"non-fast-forward", "fetch first", "failed to update ref", "failed to lock",
                           "cannot lock ref", "reference already exists", "incorrect old value"})
    if (call.refused.find(said) != std::string::npos) return true;
  return code == GIT_ENONFASTFORWARD;
}

Result<Network::Pushed> push_now(Call& call) {
  auto repository = take<RepositoryHandle>("open the repository", git_repository_open, call.root.c_str());
  if (!repository.ok()) return repository.error();
  auto remote = open_remote(repository->get(), call);
  if (!remote.ok()) return remote.error();
  auto options = options_by(git_push_options_init);
  options.callbacks = callbacks_of(call);
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.follow_redirects = redirects_of(call);
  std::string spec = fmt::format("refs/heads/{0}:refs/heads/{0}", call.branch);
  char* specs[] = {spec.data()};
  const git_strarray list{specs, 1};
  const int code = git_remote_push(remote->get(), &list, &options);
  if (is_behind(code, call)) return Network::Pushed::moved_there;
  if (code < 0) return remote_error(call, "push to", code);
  if (!call.refused.empty())
    return Error{ErrorKind::permission,
                 fmt::format("{} does not take commits on '{}': {}", without_login(call.url), call.branch,
                             call.refused),
                 "allow this login to push to the branch, or set `git: { push: false }`"};
  return Network::Pushed::done;
}

}  // namespace

struct Network::Shared {
  std::atomic<int> hanging = 0;
};

namespace {

// Runs on a thread of its own, which is left to itself when the time is over.
template <class T, class Hanging>
Result<T> within(Duration longest, std::shared_ptr<Hanging> shared, std::shared_ptr<Call> call,
                 Result<T> (*make)(Call&)) {
  if (shared->hanging >= kHangingMax)
    return Error{ErrorKind::transient, "earlier calls to the git remote have not come back yet",
                 "check the network; restarting ends them"};
  struct Outcome {
    std::mutex lock;
    std::condition_variable done;
    std::optional<Result<T>> result;
  };
  auto outcome = std::make_shared<Outcome>();
  ++shared->hanging;
  std::thread([outcome, shared, call, make] {
    Result<T> result = make(*call);
    const std::lock_guard held(outcome->lock);
    outcome->result = std::move(result);
    --shared->hanging;
    outcome->done.notify_all();
  }).detach();
  std::unique_lock held(outcome->lock);
  if (outcome->done.wait_for(held, longest, [&] { return outcome->result.has_value(); }))
    return *std::move(outcome->result);
  call->given_up = true;
  return Error{ErrorKind::transient,
               fmt::format("the git remote did not answer within {} seconds",
                           std::chrono::duration_cast<std::chrono::seconds>(longest).count()),
               "check the network and the remote's URL: git remote -v"};
}

std::shared_ptr<Call> call_of(const Settings& settings, const std::string& root, const std::string& branch) {
  auto call = std::make_shared<Call>();
  call->settings = settings;
  call->root = root;
  call->branch = branch;
  return call;
}

}  // namespace

std::string without_login(std::string_view url) {
  const size_t start = url.find("://");
  if (start == std::string_view::npos) return std::string(url);
  const size_t end = url.find('/', start + 3), at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(url);
  return std::string(url.substr(0, start + 3)) + std::string(url.substr(at + 1));
}

Result<std::optional<std::string>> remote_url(git_repository* repository, const std::string& remote) {
  git_remote* raw = nullptr;
  const int code = git_remote_lookup(&raw, repository, remote.c_str());
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) return std::optional<std::string>();
  if (code < 0) return git_error(fmt::format("find the remote '{}'", remote), code);
  const RemoteHandle owned(raw);
  const char* url = git_remote_url(raw);
  return std::optional(without_login(url == nullptr ? "" : url));
}

Network::Network(Settings settings) : settings_(std::move(settings)), shared_(std::make_shared<Shared>()) {
  start_libgit2();
  if (!settings_.ca_file.empty())
    git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, settings_.ca_file.c_str(), nullptr);
}

Result<void> Network::fetch(const std::string& root, const std::string& branch) const {
  return within<void>(settings_.network_max, shared_, call_of(settings_, root, branch), fetch_now);
}

Result<Network::Pushed> Network::push(const std::string& root, const std::string& branch) const {
  return within<Pushed>(settings_.network_max, shared_, call_of(settings_, root, branch), push_now);
}

}  // namespace penstock::repository
