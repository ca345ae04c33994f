#include "store/files/upload.h"

#include <curl/curl.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "store/address.h"

namespace penstock::files {
namespace {

struct Reader {
  std::string_view left;
};

size_t read_some(char* into, size_t size, size_t count, void* from) {
  auto* reader = static_cast<Reader*>(from);
  const size_t taken = std::min(size * count, reader->left.size());
  std::memcpy(into, reader->left.data(), taken);
  reader->left.remove_prefix(taken);
  return taken;
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

}  // namespace

StoreAnswer upload(const Upload& to, const std::string& name, const std::string& text,
                   const Timeouts& timeouts) {
  const auto address = parse_address(to.directory, 22);
  if (!address.ok()) return misconfigured(address.error().message, "write sftp://user@host/directory");
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), &curl_easy_cleanup);
  CURL* curl = handle.get();
  std::string path = "/" + address->rest;
  if (!path.ends_with('/')) path += '/';
  const std::string unfinished = path + "." + name + ".part";
  std::string url = "sftp://" + address->host + ":" + std::to_string(address->port);
  for (const char c : unfinished)
    url += c == '/' ? std::string("/") : percent_encode(std::string_view(&c, 1));
  char detail[CURL_ERROR_SIZE] = "";
  Reader reader{text};
  const std::string known = to.known_hosts.empty() ? home_file("known_hosts") : to.known_hosts;
  const std::string& password = to.password.empty() ? address->password : to.password;
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_USERNAME, address->user.c_str());
  if (!password.empty()) curl_easy_setopt(curl, CURLOPT_PASSWORD, password.c_str());
  if (!to.key_file.empty()) curl_easy_setopt(curl, CURLOPT_SSH_PRIVATE_KEYFILE, to.key_file.c_str());
  curl_easy_setopt(curl, CURLOPT_SSH_AUTH_TYPES,
                   static_cast<long>(to.key_file.empty() ? CURLSSH_AUTH_PASSWORD | CURLSSH_AUTH_KEYBOARD
                                                         : CURLSSH_AUTH_PUBLICKEY));
  curl_easy_setopt(curl, CURLOPT_SSH_KNOWNHOSTS, known.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, millis(timeouts.connect));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, millis(timeouts.total));
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &read_some);
  curl_easy_setopt(curl, CURLOPT_READDATA, &reader);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(text.size()));
  const std::string move = "rename \"" + unfinished + "\" \"" + path + name + "\"";
  curl_slist* after = curl_slist_append(nullptr, move.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTQUOTE, after);
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(after);
  if (code != CURLE_OK) return answer_of(code, detail);
  return {};
}

}  // namespace penstock::files
