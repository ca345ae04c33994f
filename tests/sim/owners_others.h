// Other writers: people and tools that write to the same records, whenever they like.
#pragma once

#include <functional>
#include <string>

#include "sim/owners_twin.h"

namespace penstock::sim {

class OwnersOthers {
 public:
  OwnersOthers(uint64_t seed, const OwnersSync& sync, OwnersTwin& twin, std::function<void(std::string)> tell)
      : random_(seed), sync_(sync), twin_(twin), tell_(std::move(tell)) {}

  // Whose match values they may use.
  void knows(OwnersModel& model) { model_ = &model; }
  // Makes a record with this match value; its id.
  std::string create(const std::string& match);
  // Does something.
  void act();
  // Before a request of ours takes effect: with the probability `busy`, now and then several things.
  void act_between();
  void rest(bool resting) { resting_ = resting; }
  double busy = 0;

 private:
  std::string fresh_value();
  void create_some(const std::map<std::string, Record>& records);

  Random random_;
  const OwnersSync& sync_;
  OwnersTwin& twin_;
  std::function<void(std::string)> tell_;
  OwnersModel* model_ = nullptr;
  bool resting_ = false;
  uint64_t values_ = 0;
};

}  // namespace penstock::sim
