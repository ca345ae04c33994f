// More syncs to the same account that run beside the one that is looked at. They write to another object, so
// that they meet it only in what they share: the account's limits, the machine's disk and its processes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"

namespace penstock::sim {

class Destination;

struct Neighbour {
  uint64_t rows = 0, batch_rows = 1;
  bool own_process = false;
};
using Neighbours = std::vector<Neighbour>;

Neighbours draw_neighbours(Random& random);
std::string neighbour_name(size_t number);
// Their models and syncs by path. Each life brings each row another amount, so that there is always work to
// do.
std::map<std::string, std::string> neighbour_files(const Neighbours& neighbours, uint64_t life);
// Whether a request is theirs.
bool is_of_neighbour(const std::string& url);
// What is wrong at the end, after a whole life of this number; empty: nothing.
std::string wrong_with_neighbours(const Neighbours& neighbours, uint64_t life, Destination& destination);

}  // namespace penstock::sim
