#include "sim/neighbours.h"

#include <fmt/format.h>

#include "sim/destination.h"

namespace penstock::sim {
namespace {

constexpr const char* kObject = "deals";

std::string deal_name(size_t number, uint64_t row) {
  return fmt::format("N{} {}", number, row);
}

}  // namespace

Neighbours draw_neighbours(Random& random) {
  Neighbours neighbours;
  if (!random.chance(0.15)) return neighbours;
  for (uint64_t i = 1 + random.below(2); i > 0; --i)
    neighbours.push_back(
        {.rows = 1 + random.below(12), .batch_rows = 1 + random.below(4), .own_process = random.chance(0.5)});
  return neighbours;
}

std::string neighbour_name(size_t number) {
  return fmt::format("neighbour{}", number);
}

std::map<std::string, std::string> neighbour_files(const Neighbours& neighbours, uint64_t life) {
  std::map<std::string, std::string> files;
  for (size_t i = 0; i < neighbours.size(); ++i) {
    const std::string name = neighbour_name(i);
    files["models/" + name + ".yaml"] = fmt::format(
        "source: warehouse\nprimary_key: id\nsql: |\n  select cast(range as bigint) as id, 'N{} ' || range "
        "as "
        "dealname, {} as amount from range({})\n",
        i, life, neighbours[i].rows);
    files["syncs/" + name + ".yaml"] = fmt::format(
        "model: {}\ndestination: there\nobject: {}\nmode: upsert\nmatch: {{ dealname: dealname }}\n"
        "batch: {{ rows: {} }}\nfields:\n  amount: amount\n",
        name, kObject, neighbours[i].batch_rows);
  }
  return files;
}

bool is_of_neighbour(const std::string& url) {
  return url.find(fmt::format("/objects/{}/", kObject)) != url.npos;
}

std::string wrong_with_neighbours(const Neighbours& neighbours, uint64_t life, Destination& destination) {
  if (neighbours.empty()) return "";
  std::multimap<std::string, std::string> amounts;
  for (const auto& record : destination.records(kObject))
    if (!record.archived) amounts.emplace(record.field("dealname"), record.field("amount"));
  for (size_t i = 0; i < neighbours.size(); ++i)
    for (uint64_t row = 0; row < neighbours[i].rows; ++row) {
      const std::string name = deal_name(i, row);
      if (amounts.count(name) != 1)
        return fmt::format("at the end {} records are '{}' of {}", amounts.count(name), name,
                           neighbour_name(i));
      if (amounts.find(name)->second != std::to_string(life))
        return fmt::format("at the end '{}' of {} has {}, and should have {}", name, neighbour_name(i),
                           amounts.find(name)->second, life);
    }
  return "";
}

}  // namespace penstock::sim
