// A stand-in for a Kafka cluster: librdkafka's own mock brokers. Prints their addresses, then obeys lines on
// standard input:
//   topic NAME    makes a topic of one partition
//   dump TOPIC    every message of the topic as a JSON line {"key","value","headers"}, then an empty line;
//   every command ends with "ok" fail N        the next N produce requests are refused with "not enough
//   replicas" lose N        the next N produce requests are refused with a time-out
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "declare/json.h"

namespace {

using penstock::declare::JsonWriter;

void print(const rd_kafka_message_t& message) {
  JsonWriter json;
  json.begin_object();
  const auto text = [&](const char* name, const void* data, size_t size) {
    json.key(name);
    if (data == nullptr)
      json.raw("null");
    else
      json.text({static_cast<const char*>(data), size});
  };
  text("key", message.key, message.key_len);
  text("value", message.payload, message.len);
  json.key("headers").begin_object();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      text(name, value, size);
  }
  json.end_object().end_object();
  std::puts(json.str().c_str());
}

void dump(const std::string& brokers, const std::string& topic) {
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  char reason[256];
  for (const auto& [name, value] : {std::pair<const char*, const char*>{"bootstrap.servers", brokers.c_str()},
                                    {"group.id", "dump"},
                                    {"enable.partition.eof", "true"},
                                    {"isolation.level", "read_committed"}})
    rd_kafka_conf_set(settings, name, value, reason, sizeof reason);
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, settings, reason, sizeof reason);
  rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(partitions, topic.c_str(), 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(consumer, partitions);
  rd_kafka_topic_partition_list_destroy(partitions);
  for (;;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 5000);
    if (message == nullptr) break;
    const bool is_end = message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!is_end) print(*message);
    rd_kafka_message_destroy(message);
    if (is_end) break;
  }
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  std::puts("");
  std::fflush(stdout);
}

}  // namespace

int main() {
  constexpr int16_t kProduce = 0;  // the protocol's number of that request
  char reason[256];
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  rd_kafka_t* owner = rd_kafka_new(RD_KAFKA_PRODUCER, settings, reason, sizeof reason);
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(owner, 3);
  const std::string brokers = rd_kafka_mock_cluster_bootstraps(cluster);
  std::puts(brokers.c_str());
  std::fflush(stdout);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command, argument;
    words >> command >> argument;
    if (command == "topic") {
      rd_kafka_mock_topic_create(cluster, argument.c_str(), 1, 3);
    } else if (command == "dump") {
      dump(brokers, argument);
    } else {
      for (int i = std::stoi(argument); i > 0; --i)
        rd_kafka_mock_push_request_errors(
            cluster, kProduce, 1,
            command == "fail" ? RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS : RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    }
    std::puts("ok");
    std::fflush(stdout);
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(owner);
}
