#include "sandbox/faults.h"

#include <gtest/gtest.h>

namespace penstock::sandbox {
namespace {

TEST(ParseFault, reads_all_members) {
  const auto order = parse_fault(R"({"path":"/batch/","kind":"status","status":429,"count":3,"after":true,
                                     "probability":0.5,"retry_after":2,"delay_ms":1500,"body":{"a":1}})");
  ASSERT_TRUE(order.ok()) << order.error().message;
  EXPECT_EQ(order->path, "/batch/");
  EXPECT_EQ(order->kind, FaultKind::status);
  EXPECT_EQ(order->status, 429);
  EXPECT_EQ(order->count, 3);
  EXPECT_TRUE(order->after);
  EXPECT_EQ(order->probability, 0.5);
  EXPECT_EQ(order->retry_after, 2u);
  EXPECT_EQ(order->delay, 1500ms);
  EXPECT_EQ(order->body, "{\"a\":1}");
}

TEST(ParseFault, has_defaults) {
  const auto reset = parse_fault(R"({"kind":"reset"})");
  ASSERT_TRUE(reset.ok());
  EXPECT_EQ(reset->path, "");
  EXPECT_EQ(reset->count, 1);
  EXPECT_FALSE(reset->after);
  EXPECT_TRUE(parse_fault(R"({"kind":"partial"})")->after);
  EXPECT_TRUE(parse_fault(R"({"kind":"slow"})")->after);
  EXPECT_EQ(parse_fault("{}")->status, 503);
}

TEST(ParseFault, refuses_mistakes) {
  for (const char* text :
       {"", "[]", R"({"kind":"explode"})", R"({"kind":7})", R"({"pth":"x"})", R"({"count":0})",
        R"({"count":-2})", R"({"count":"3"})", R"({"status":99})", R"({"status":600})",
        R"({"probability":2})", R"({"retry_after":-1})", R"({"after":1})", R"({"path":1})",
        R"({"delay_ms":-5})", R"({"kind":"partial","after":false})"}) {
    const auto order = parse_fault(text);
    ASSERT_FALSE(order.ok()) << text;
    EXPECT_EQ(order.error().kind, ErrorKind::config) << text;
  }
}

FaultOrder order_of(std::string path, int64_t count) {
  FaultOrder order;
  order.path = std::move(path);
  order.count = count;
  return order;
}

TEST(Faults, are_spent_by_the_requests_they_hit) {
  Faults faults;
  Random random(1);
  faults.add(order_of("/contacts/", 2));
  EXPECT_FALSE(faults.next("/crm/v3/objects/deals/1", random));
  EXPECT_TRUE(faults.next("/crm/v3/objects/contacts/1", random));
  EXPECT_TRUE(faults.next("/crm/v3/objects/contacts/2", random));
  EXPECT_FALSE(faults.next("/crm/v3/objects/contacts/3", random));
}

TEST(Faults, go_on_until_the_reset_if_told_so) {
  Faults faults;
  Random random(1);
  faults.add(order_of("/", -1));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(faults.next("/x", random));
}

TEST(Faults, hit_with_their_probability) {
  Faults faults;
  Random random(7);
  FaultOrder order = order_of("/", -1);
  order.probability = 0.25;
  faults.add(order);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += faults.next("/x", random).has_value();
  EXPECT_NEAR(hits, 2'500, 150);
}

}  // namespace
}  // namespace penstock::sandbox
