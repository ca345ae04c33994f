#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>

#include "database/address.h"
#include "net/address_guard.h"
#include "net/curl_guard.h"
#include "store/files/place.h"

namespace penstock::files {
namespace {

// A larger file may take longer than any request; what does not move at all is given up.
constexpr uint64_t kSmallBytes = 64 << 20;

struct Source {
  ContentReader reader;
  std::optional<Error> error{};
};

size_t read_some(char* into, size_t size, size_t count, void* from) {
  auto* source = static_cast<Source*>(from);
  const auto taken = source->reader.read(into, size * count);
  if (taken.ok()) return *taken;
  source->error = taken.error();
  return CURL_READFUNC_ABORT;
}

long millis(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

std::string home_file(const char* name) {
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string() : std::string(home) + "/.ssh/" + name;
}

StoreAnswer answer_of(CURLcode code, const char* detail) {
  const std::string message = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OK:
      return {};
    case CURLE_LOGIN_DENIED:
      return refusal(401, "login", message);
    case CURLE_PEER_FAILED_VERIFICATION:
      return misconfigured(
          "the server's key is not known: " + message,
          "add it to the file of known hosts, once you have made sure that it is the server's");
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_QUOTE_ERROR:
      return misconfigured("the directory cannot be written: " + message, "create it, or name another one");
    case CURLE_REMOTE_ACCESS_DENIED:
      return refusal(403, "access", message);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return misconfigured(message);
    default:
      // A file that was not moved to its place was not written.
      return undone(message);
  }
}

// Commands of the SFTP session, in order. One that begins with * may fail.
class Commands {
 public:
  Commands() = default;
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;
  ~Commands() { curl_slist_free_all(list_); }
  void add(const std::string& command) { list_ = curl_slist_append(list_, command.c_str()); }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

std::string in_quotes(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

class SftpDirectory final : public Place {
 public:
  explicit SftpDirectory(const Headers& headers)
      : directory_(header_text(headers, "Directory")),
        password_(header_text(headers, "Password")),
        key_file_(header_text(headers, "Key-File")),
        known_hosts_(header_text(headers, "Known-Hosts")) {
    if (known_hosts_.empty()) known_hosts_ = home_file("known_hosts");
  }

  // Written beside its place and moved there, so that nobody reads half of it.
  StoreAnswer put(const std::string& name, const Content& content, const Timeouts& timeouts) override {
    const auto address = parse_address(directory_, 22);
    if (!address.ok()) return misconfigured(address.error().message, "write sftp://user@host/directory");
    std::string path = "/" + address->rest;
    if (!path.ends_with('/')) path += '/';
    Commands before, after;
    for (size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1))
      before.add("*mkdir " + in_quotes(path + name.substr(0, slash)));
    const size_t last = name.rfind('/') + 1;  // 0 where there is none
    const std::string target = path + name;
    const std::string hidden = path + name.substr(0, last) + "." + name.substr(last);
    const std::string unfinished = hidden + ".part";
    after.add("rename " + in_quotes(unfinished) + " " + in_quotes(target));
    CURLcode code = CURLE_OK;
    {
      const Handle handle(curl_easy_init(), &curl_easy_cleanup);
      Source source{ContentReader(content)};
      set_login(handle.get(), *address, unfinished, timeouts, content.size());
      guard_.guard(handle.get(), policy_for_text(directory_));
      curl_easy_setopt(handle.get(), CURLOPT_QUOTE, before.get());
      curl_easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(handle.get(), CURLOPT_READFUNCTION, &read_some);
      curl_easy_setopt(handle.get(), CURLOPT_READDATA, &source);
      curl_easy_setopt(handle.get(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(content.size()));
      curl_easy_setopt(handle.get(), CURLOPT_POSTQUOTE, after.get());
      code = curl_easy_perform(handle.get());
      if (source.error) return refused(*source.error);
      if (code == CURLE_COULDNT_CONNECT && !guard_.refused().empty()) {
        const Error error = refused_address(address->host, guard_.refused());
        return misconfigured(error.message, error.remedy);
      }
    }
    // Most servers do not rename a file over another one.
    if (code == CURLE_QUOTE_ERROR) code = move_over(*address, unfinished, target, hidden + ".old", timeouts);
    return answer_of(code, detail_);
  }

 private:
  using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

  CURLcode move_over(const Address& address, const std::string& unfinished, const std::string& target,
                     const std::string& old, const Timeouts& timeouts) {
    Commands commands;
    commands.add("*rm " + in_quotes(old));
    commands.add("*rename " + in_quotes(target) + " " + in_quotes(old));
    commands.add("rename " + in_quotes(unfinished) + " " + in_quotes(target));
    commands.add("*rm " + in_quotes(old));
    const Handle handle(curl_easy_init(), &curl_easy_cleanup);
    set_login(handle.get(), address, "/", timeouts, 0);
    guard_.guard(handle.get(), policy_for_text(directory_));
    curl_easy_setopt(handle.get(), CURLOPT_NOBODY, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_QUOTE, commands.get());
    return curl_easy_perform(handle.get());
  }

  void set_login(CURL* curl, const Address& address, const std::string& path, const Timeouts& timeouts,
                 uint64_t bytes) {
    std::string url = "sftp://" + address.host + ":" + std::to_string(address.port);
    for (const char c : path) url += c == '/' ? std::string("/") : percent_encode(std::string_view(&c, 1));
    const std::string& password = password_.empty() ? address.password : password_;
    detail_[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail_);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_USERNAME, address.user.c_str());
    if (!password.empty()) curl_easy_setopt(curl, CURLOPT_PASSWORD, password.c_str());
    if (!key_file_.empty()) curl_easy_setopt(curl, CURLOPT_SSH_PRIVATE_KEYFILE, key_file_.c_str());
    curl_easy_setopt(curl, CURLOPT_SSH_AUTH_TYPES,
                     static_cast<long>(key_file_.empty() ? CURLSSH_AUTH_PASSWORD | CURLSSH_AUTH_KEYBOARD
                                                         : CURLSSH_AUTH_PUBLICKEY));
    curl_easy_setopt(curl, CURLOPT_SSH_KNOWNHOSTS, known_hosts_.c_str());
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, millis(timeouts.connect));
    if (bytes <= kSmallBytes) curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, millis(timeouts.total));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, millis(timeouts.first_byte) / 1000);
  }

  std::string directory_, password_, key_file_, known_hosts_;
  CurlGuard guard_;
  char detail_[CURL_ERROR_SIZE] = "";
};

}  // namespace

std::unique_ptr<Place> make_sftp_directory(const Headers& headers) {
  return std::make_unique<SftpDirectory>(headers);
}

}  // namespace penstock::files
