#include "state/place.h"

#include <gtest/gtest.h>

#include "state/lease_names.h"
#include "state/mirrored_disk.h"

namespace penstock::state {
namespace {

TEST(PlaceTest, ADirectoryIsWhatIsNoAddress) {
  const Place place = parse_place(".penstock").value();
  EXPECT_EQ(place.kind, PlaceKind::directory);
  EXPECT_EQ(place.where, ".penstock");
}

TEST(PlaceTest, OurWordsAreTakenOutOfAServersAddress) {
  const Place place = parse_place("postgres://u:secret@db/x?sslmode=require&schema=acme&lease=2m").value();
  EXPECT_EQ(place.kind, PlaceKind::postgres);
  EXPECT_EQ(place.where, "postgres://u:secret@db/x?sslmode=require");
  EXPECT_EQ(place.shown, "postgres://u@db/x");
  EXPECT_EQ(place.schema, "acme");
  EXPECT_EQ(place.lease, Duration(2min));
}

TEST(PlaceTest, NoPasswordIsShown) {
  EXPECT_EQ(parse_place("postgres://u:se:cr@et@db:5432/x").value().shown, "postgres://u@db:5432/x");
  EXPECT_EQ(parse_place("postgres://u@db/x?password=secret").value().shown, "postgres://u@db/x");
  EXPECT_EQ(parse_place("postgres://db:5432/x").value().shown, "postgres://db:5432/x");
}

TEST(PlaceTest, ABucketHasAPrefixAndAnEndpoint) {
  const Place place = parse_place("s3://bucket/a/b?endpoint=http://127.0.0.1:9&region=eu-1").value();
  EXPECT_EQ(place.kind, PlaceKind::s3);
  EXPECT_EQ(place.where, "s3://bucket/a/b");
  EXPECT_EQ(place.endpoint, "http://127.0.0.1:9");
  EXPECT_EQ(place.region, "eu-1");
}

TEST(PlaceTest, WhatCannotBeReadIsRefused) {
  for (const char* text :
       {"mysql://db/x", "postgres://db/x?lease=1s", "postgres://db/x?lease=soon",
        "postgres://db/x?schema=a-b", "s3://", "s3:///x", "s3://b/a b", "s3://b/x?schema=a"})
    EXPECT_FALSE(parse_place(text).ok()) << text;
}

TEST(LeaseNames, OfASyncOfItsHistoryAndOfALogin) {
  EXPECT_EQ(lease_of_name("syncs/a/snapshot/manifest.json"), "syncs/a/lock");
  EXPECT_EQ(lease_of_name("syncs/a/lock"), "syncs/a/lock");
  EXPECT_EQ(lease_of_name("operations/a/20261127.parquet"), "syncs/a/lock");
  EXPECT_EQ(lease_of_name("logins/crm.json"), "logins/crm.lock");
  EXPECT_EQ(lease_of_name("other"), "");
}

}  // namespace
}  // namespace penstock::state
