#include "source/adbc/driver.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>

namespace penstock::adbc {

Error as_error(AdbcStatusCode code, const Failure& failure, bool of_statement) {
  const std::string message = failure.message();
  switch (code) {
    case ADBC_STATUS_UNAUTHENTICATED:
      return {ErrorKind::source, "the login is refused: " + message,
              "check the source's user, password and options"};
    case ADBC_STATUS_UNAUTHORIZED:
      return {ErrorKind::source, message, "grant the user the right to read it"};
    case ADBC_STATUS_CANCELLED:
      return {ErrorKind::interrupted, "the source's query was interrupted", ""};
    case ADBC_STATUS_TIMEOUT:
      return {ErrorKind::source, "the query took too long: " + message,
              "make it cheaper, or allow it more in `options`"};
    case ADBC_STATUS_IO:
      return {ErrorKind::source, "the database cannot be reached: " + message, "check `uri` and `options`"};
    default:
      return {of_statement ? ErrorKind::config : ErrorKind::source, message, ""};
  }
}

std::vector<std::string> entry_points(std::string_view library) {
  const size_t slash = library.find_last_of('/');
  if (slash != library.npos) library.remove_prefix(slash + 1);
  library = library.substr(0, library.find('.'));
  for (const std::string_view head : {"lib", "adbc_driver_"})
    if (library.starts_with(head)) library.remove_prefix(head.size());
  std::string name = "AdbcDriver";
  bool is_first = true;
  for (const char c : library) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      is_first = true;
      continue;
    }
    name += is_first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    is_first = false;
  }
  return {name + "Init", "AdbcDriverInit"};
}

Result<std::shared_ptr<AdbcDriver>> load_driver(const std::string& library, const std::string& entry_point) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return Error{ErrorKind::config, fmt::format("the driver cannot be loaded: {}", ::dlerror()),
                 "install it, and name its file (libadbc_driver_....so) in `driver`"};
  const auto names = entry_point.empty() ? entry_points(library) : std::vector<std::string>{entry_point};
  AdbcDriverInitFunc init = nullptr;
  for (const auto& name : names)
    if (init == nullptr) init = reinterpret_cast<AdbcDriverInitFunc>(::dlsym(handle, name.c_str()));
  if (init == nullptr)
    return Error{ErrorKind::config, fmt::format("{} has no function {}", library, fmt::join(names, " or ")),
                 "name the driver's own in `entrypoint`"};
  auto driver = std::make_shared<AdbcDriver>();
  for (const int version : {ADBC_VERSION_1_1_0, ADBC_VERSION_1_0_0}) {
    *driver = {};
    Failure failure;
    const AdbcStatusCode code = init(version, driver.get(), failure.get());
    if (code == ADBC_STATUS_OK) return driver;
    if (version == ADBC_VERSION_1_0_0) return as_error(code, failure, false);
  }
  die("the last version ends the loop");
}

Result<std::shared_ptr<Session>> Session::open(std::shared_ptr<AdbcDriver> driver, const Options& options) {
  std::shared_ptr<Session> session(new Session(driver));
  Failure failure;
  AdbcStatusCode code = driver->DatabaseNew(&session->database_, failure.get());
  if (code != ADBC_STATUS_OK) return as_error(code, failure, false);
  for (const auto& [name, value] : options) {
    code = driver->DatabaseSetOption(&session->database_, name.c_str(), value.c_str(), failure.get());
    // The value may be a secret, and the driver may have said it.
    if (code != ADBC_STATUS_OK)
      return Error{ErrorKind::config,
                   fmt::format("the driver does not take the option '{}' with this value", name),
                   "see the driver's own documentation"};
  }
  code = driver->DatabaseInit(&session->database_, failure.get());
  if (code != ADBC_STATUS_OK) return as_error(code, failure, false);
  code = driver->ConnectionNew(&session->connection_, failure.get());
  if (code != ADBC_STATUS_OK) return as_error(code, failure, false);
  code = driver->ConnectionInit(&session->connection_, &session->database_, failure.get());
  if (code != ADBC_STATUS_OK) return as_error(code, failure, false);
  return session;
}

Session::~Session() {
  end_statement();
  Failure ignored;
  if (connection_.private_data != nullptr) driver_->ConnectionRelease(&connection_, ignored.get());
  if (database_.private_data != nullptr) driver_->DatabaseRelease(&database_, ignored.get());
}

void Session::end_statement() {
  Failure ignored;
  if (statement_.private_data != nullptr) driver_->StatementRelease(&statement_, ignored.get());
  statement_ = {};
}

Result<void> Session::query(const std::string& sql, ArrowArrayStream& into) {
  end_statement();
  Failure failure;
  AdbcStatusCode code = driver_->StatementNew(&connection_, &statement_, failure.get());
  if (code != ADBC_STATUS_OK) return as_error(code, failure, false);
  code = driver_->StatementSetSqlQuery(&statement_, sql.c_str(), failure.get());
  if (code == ADBC_STATUS_OK)
    code = driver_->StatementExecuteQuery(&statement_, &into, nullptr, failure.get());
  return code == ADBC_STATUS_OK ? success() : Result<void>(as_error(code, failure, true));
}

Result<void> Session::run(const std::string& sql) {
  ArrowArrayStream rows{};
  if (auto ran = query(sql, rows); !ran.ok()) return ran;
  Result<void> drained = success();
  for (bool more = rows.get_next != nullptr; more;) {
    ArrowArray array{};
    const int code = rows.get_next(&rows, &array);
    if (code != 0) drained = stream_error(rows, code);
    more = code == 0 && array.release != nullptr;
    if (array.release != nullptr) array.release(&array);
  }
  if (rows.release != nullptr) rows.release(&rows);
  end_statement();
  return drained;
}

Result<bool> Session::take(const Options& options, ArrowArrayStream& rows) {
  end_statement();
  if (driver_->StatementBindStream == nullptr) return false;
  Failure failure;
  AdbcStatusCode code = driver_->StatementNew(&connection_, &statement_, failure.get());
  if (code != ADBC_STATUS_OK) return as_error(code, failure, false);
  for (const auto& [name, value] : options) {
    code = driver_->StatementSetOption(&statement_, name.c_str(), value.c_str(), failure.get());
    if (code == ADBC_STATUS_OK) continue;
    end_statement();
    return false;
  }
  code = driver_->StatementBindStream(&statement_, &rows, failure.get());
  if (code == ADBC_STATUS_OK)
    code = driver_->StatementExecuteQuery(&statement_, nullptr, nullptr, failure.get());
  end_statement();
  if (code == ADBC_STATUS_NOT_IMPLEMENTED) return false;
  return code == ADBC_STATUS_OK ? Result<bool>(true) : Result<bool>(as_error(code, failure, false));
}

Result<void> Session::objects(ArrowArrayStream& into) {
  if (driver_->ConnectionGetObjects == nullptr)
    return Error{ErrorKind::source, "the driver cannot list tables", "name tables in models all the same"};
  Failure failure;
  const AdbcStatusCode code =
      driver_->ConnectionGetObjects(&connection_, ADBC_OBJECT_DEPTH_TABLES, nullptr, nullptr, nullptr,
                                    nullptr, nullptr, &into, failure.get());
  return code == ADBC_STATUS_OK ? success() : Result<void>(as_error(code, failure, false));
}

void Session::cancel() {
  Failure ignored;
  if (driver_->StatementCancel != nullptr && statement_.private_data != nullptr)
    driver_->StatementCancel(&statement_, ignored.get());
}

Error Session::stream_error(ArrowArrayStream& stream, int code) {
  const char* message = stream.get_last_error == nullptr ? nullptr : stream.get_last_error(&stream);
  return {ErrorKind::source,
          fmt::format("the rows broke off: {}", message == nullptr ? std::to_string(code) : message), ""};
}

}  // namespace penstock::adbc
