// One idempotent producer: a batch's rows are messages, and each message's delivery report is its row's
// outcome.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/address_guard.h"
#include "store/answer.h"
#include "store/blocking_store.h"
#include "store/rows_body.h"

namespace penstock::kafka {

class Session final : public StoreSession {
 public:
  explicit Session(Headers headers) : headers_(std::move(headers)), producer_(nullptr, &rd_kafka_destroy) {}
  ~Session() override;
  StoreAnswer carry(const HttpRequest& request) override;
  bool usable() const override { return producer_ != nullptr; }

 private:
  using Failed = std::optional<StoreAnswer>;
  // What became of one message.
  struct Report {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    rd_kafka_msg_status_t status = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  };

  Failed connect();
  StoreAnswer find_topic(const std::string& topic, Duration patience);
  StoreAnswer write(const std::string& topic, const RowsBody& body, bool remove, Duration patience);
  rd_kafka_resp_err_t produce(const std::string& topic, const RowsBody& body, const BodyRow& row, bool remove,
                              Report* report);
  StoreAnswer answer_of(const RowsBody& body, const std::vector<Report>& reports);
  std::string trouble(std::string fallback);

  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void*);
  static int on_connect(int socket, const sockaddr* address, int size, const char* broker, void* session);
  static void on_error(rd_kafka_t*, int error, const char* reason, void* session);

  Headers headers_;
  std::mutex mutex_;
  std::string last_error_;  // of the connection, for messages
  std::string refused_;     // a broker that may not be reached; more to the point than what follows from it
  AddressPolicy addresses_;
  std::atomic<bool> login_refused_ = false;
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> producer_;
};

}  // namespace penstock::kafka
