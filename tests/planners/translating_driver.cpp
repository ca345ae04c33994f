// An ADBC driver for tests: a database that speaks another SQL than DuckDB. Each statement goes to a
// translator, which listens at the Unix socket that the option `translator` names; what it says is asked of
// DuckDB.
//
// A question is its length in four bytes and the statement, the answer the same with '+' or '-' before the
// text: the statement in DuckDB's SQL, or why it is none of the dialect.
#include <adbc.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>

extern "C" AdbcStatusCode duckdb_adbc_init(int version, void* driver, AdbcError* error);

namespace {

AdbcDriver duckdb_driver;
std::string socket_path, prelude;

void set_error(AdbcError* error, const std::string& message) {
  if (error == nullptr) return;
  error->message = strdup(message.c_str());
  error->release = [](AdbcError* one) {
    free(one->message);
    one->message = nullptr;
    one->release = nullptr;
  };
}

bool transfer(int to, void* bytes, size_t count, bool sends) {
  for (size_t done = 0; done < count;) {
    char* at = static_cast<char*>(bytes) + done;
    const ssize_t some = sends ? send(to, at, count - done, MSG_NOSIGNAL) : recv(to, at, count - done, 0);
    if (some <= 0) return false;
    done += static_cast<size_t>(some);
  }
  return true;
}

// '+' or '-', then the text.
std::string translated(std::string sql) {
  const int to = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, socket_path.c_str(), sizeof(address.sun_path) - 1);
  std::string answer = "-the translator cannot be reached";
  auto length = static_cast<uint32_t>(sql.size());
  if (connect(to, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      transfer(to, &length, 4, true) && transfer(to, sql.data(), sql.size(), true) &&
      transfer(to, &length, 4, false)) {
    std::string text(length, ' ');
    if (transfer(to, text.data(), length, false)) answer = std::move(text);
  }
  close(to);
  return answer;
}

AdbcStatusCode set_database_option(AdbcDatabase* database, const char* name, const char* value,
                                   AdbcError* error) {
  if (strcmp(name, "translator") == 0) return socket_path = value, ADBC_STATUS_OK;
  if (strcmp(name, "prelude") == 0) return prelude = value, ADBC_STATUS_OK;
  return duckdb_driver.DatabaseSetOption(database, name, value, error);
}

// What the dialect's functions are, in DuckDB.
AdbcStatusCode init_connection(AdbcConnection* connection, AdbcDatabase* database, AdbcError* error) {
  if (const AdbcStatusCode code = duckdb_driver.ConnectionInit(connection, database, error);
      code != ADBC_STATUS_OK)
    return code;
  AdbcStatement statement{};
  ArrowArrayStream rows{};
  AdbcStatusCode code = duckdb_driver.StatementNew(connection, &statement, error);
  if (code == ADBC_STATUS_OK) code = duckdb_driver.StatementSetSqlQuery(&statement, prelude.c_str(), error);
  if (code == ADBC_STATUS_OK) code = duckdb_driver.StatementExecuteQuery(&statement, &rows, nullptr, error);
  if (rows.release != nullptr) rows.release(&rows);
  if (statement.private_data != nullptr) duckdb_driver.StatementRelease(&statement, nullptr);
  return code;
}

AdbcStatusCode set_query(AdbcStatement* statement, const char* sql, AdbcError* error) {
  const std::string answer = translated(sql);
  if (answer[0] == '+') return duckdb_driver.StatementSetSqlQuery(statement, answer.c_str() + 1, error);
  set_error(error, answer.substr(1));
  return ADBC_STATUS_INVALID_ARGUMENT;
}

// Such databases' drivers take no rows in bulk, or not all of them.
AdbcStatusCode set_statement_option(AdbcStatement*, const char*, const char*, AdbcError* error) {
  set_error(error, "this driver has no such option");
  return ADBC_STATUS_NOT_IMPLEMENTED;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) AdbcStatusCode AdbcDriverInit(int version, void* raw,
                                                                                AdbcError* error) {
  const AdbcStatusCode code = duckdb_adbc_init(version, raw, error);
  if (code != ADBC_STATUS_OK) return code;
  auto* driver = static_cast<AdbcDriver*>(raw);
  memcpy(&duckdb_driver, driver, version == ADBC_VERSION_1_0_0 ? ADBC_DRIVER_1_0_0_SIZE : sizeof(AdbcDriver));
  driver->DatabaseSetOption = set_database_option;
  driver->ConnectionInit = init_connection;
  driver->StatementSetSqlQuery = set_query;
  driver->StatementSetOption = set_statement_option;
  return ADBC_STATUS_OK;
}
