#include "state/s3/heads.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "declare/json.h"
#include "state/lease_names.h"
#include "state/machine_clock.h"

namespace penstock::state {
namespace {

constexpr size_t kPartBytes = 8 << 20;

std::string head_key(const std::string& lease) {
  return "heads/" + lease + ".json";
}

std::string parts_prefix(const std::string& lease) {
  return "parts/" + lease + "/";
}

}  // namespace

uint64_t HeadFile::size() const {
  uint64_t size = 0;
  for (const auto& part : parts) size += part.size;
  return size;
}

std::string Head::text() const {
  declare::JsonWriter json;
  json.begin_object().key("version").integer(1).key("token").integer(static_cast<int64_t>(token));
  json.key("beats")
      .integer(static_cast<int64_t>(beats))
      .key("holder")
      .text(holder)
      .key("files")
      .begin_array();
  for (const auto& [name, file] : files) {
    json.begin_object().key("name").text(name).key("digest").text(file.digest).key("parts").begin_array();
    for (const auto& part : file.parts)
      json.begin_object()
          .key("key")
          .text(part.key)
          .key("size")
          .integer(static_cast<int64_t>(part.size))
          .end_object();
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.str();
}

Result<Head> Head::parse(const std::string& text, const std::string& key) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element json = parser.parse(text);
    Head head;
    head.token = json["token"].get_uint64();
    head.beats = json["beats"].get_uint64();
    head.holder = std::string_view(json["holder"]);
    for (const simdjson::dom::element one : json["files"].get_array()) {
      HeadFile file{.digest = std::string(std::string_view(one["digest"])), .parts = {}};
      for (const simdjson::dom::element part : one["parts"].get_array())
        file.parts.push_back({std::string(std::string_view(part["key"])), part["size"].get_uint64()});
      head.files.emplace(std::string(std::string_view(one["name"])), std::move(file));
    }
    return head;
  } catch (const simdjson::simdjson_error& error) {
    return Error{ErrorKind::disk, fmt::format("{} in the shared state cannot be read: {}", key, error.what()),
                 "restore it from a backup or from an older version of the object"};
  }
}

BucketHeads::BucketHeads(Bucket& bucket) : bucket_(bucket), random_(Random::from_system()) {}

Result<std::optional<Head>> BucketHeads::head_of(const std::string& lease, std::string* etag) {
  auto object = bucket_.get(head_key(lease));
  if (!object.ok()) return object.error();
  if (!*object) return std::optional<Head>();
  if (etag != nullptr) *etag = (*object)->etag;
  auto head = Head::parse((*object)->bytes, head_key(lease));
  if (!head.ok()) return head.error();
  return std::optional(*std::move(head));
}

std::string BucketHeads::new_key(const std::string& lease) {
  const std::lock_guard lock(mutex_);
  return fmt::format("{}{:016x}", parts_prefix(lease), random_.below(uint64_t{1} << 62));
}

// Every text of a head is new: `beats` grows with each.
Result<void> BucketHeads::change(const Fence& fence, const Change& change) {
  std::shared_ptr<Held> held;
  {
    const std::lock_guard lock(mutex_);
    const auto found = held_.find(fence.lease);
    if (found != held_.end()) held = found->second;
  }
  if (!held) return lease_lost(fence.lease);
  const std::lock_guard lock(held->mutex);
  if (held->etag.empty() || held->head.token != fence.token) return lease_lost(fence.lease);
  Head next = held->head;
  if (auto changed = change(next); !changed.ok()) return changed;
  ++next.beats;
  auto put = bucket_.put_if(head_key(fence.lease), next.text(), held->etag);
  if (!put.ok()) return put.error();
  if (!*put) {
    held->etag.clear();
    return lease_lost(fence.lease);
  }
  held->head = std::move(next);
  held->etag = **std::move(put);
  return success();
}

Result<std::vector<ObjectInfo>> BucketHeads::list(const std::string& directory) {
  std::vector<ObjectInfo> objects;
  if (is_history_name(directory + "/")) {
    auto entries = bucket_.list(directory + "/");
    if (!entries.ok()) return entries.error();
    for (const auto& entry : *entries) objects.push_back({entry.key, entry.size, ""});
    return objects;
  }
  const std::string lease = lease_of_name(directory + "/");
  if (lease.empty()) return objects;
  auto head = head_of(lease, nullptr);
  if (!head.ok()) return head.error();
  if (*head)
    for (const auto& [name, file] : (*head)->files)
      if (name.starts_with(directory + "/")) objects.push_back({name, file.size(), file.digest});
  return objects;
}

Result<std::optional<ObjectInfo>> BucketHeads::find(const std::string& name) {
  if (is_history_name(name)) {
    auto entries = bucket_.list(name);
    if (!entries.ok()) return entries.error();
    for (const auto& entry : *entries)
      if (entry.key == name) return std::optional(ObjectInfo{name, entry.size, ""});
    return std::optional<ObjectInfo>();
  }
  auto head = head_of(lease_of_name(name), nullptr);
  if (!head.ok()) return head.error();
  if (!*head || !(*head)->files.contains(name)) return std::optional<ObjectInfo>();
  const HeadFile& file = (*head)->files.at(name);
  return std::optional(ObjectInfo{name, file.size(), file.digest});
}

Result<std::optional<ObjectInfo>> BucketHeads::read(const std::string& name, const Reader& reader) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    HeadFile file;
    if (is_history_name(name)) {
      file.parts.push_back({name, 0});
    } else {
      auto head = head_of(lease_of_name(name), nullptr);
      if (!head.ok()) return head.error();
      if (!*head || !(*head)->files.contains(name)) return std::optional<ObjectInfo>();
      file = (*head)->files.at(name);
    }
    if (auto begun = reader.begin(); !begun.ok()) return begun.error();
    bool complete = true;
    uint64_t size = 0;
    for (const auto& part : file.parts) {
      auto object = bucket_.get(part.key);
      if (!object.ok()) return object.error();
      complete = object->has_value();
      if (!complete) break;
      if (auto taken = reader.take((*object)->bytes); !taken.ok()) return taken.error();
      size += (*object)->bytes.size();
    }
    if (complete) return std::optional(ObjectInfo{name, size, file.digest});
    if (is_history_name(name)) return std::optional<ObjectInfo>();
  }
  return Error{ErrorKind::disk,
               fmt::format("a part of {} is not in the shared state at {}", name, bucket_.place().shown),
               "restore it from a backup"};
}

Result<std::vector<HeadPart>> BucketHeads::upload(const std::string& lease, std::string_view bytes) {
  std::vector<HeadPart> parts;
  for (size_t at = 0; at < bytes.size(); at += kPartBytes) {
    const std::string_view part = bytes.substr(at, kPartBytes);
    parts.push_back({new_key(lease), part.size()});
    if (auto put = bucket_.put(parts.back().key, part); !put.ok()) return put.error();
  }
  return parts;
}

// What stays behind is removed by whoever takes the lease next.
void BucketHeads::forget_parts(const std::vector<HeadPart>& parts) {
  for (const auto& part : parts)
    if (!bucket_.remove(part.key).ok()) return;
}

Result<void> BucketHeads::put(const std::string& name, std::string_view bytes, const std::string& digest,
                              const Fence& fence) {
  // A history is written once, by whoever settles its run; that the lease holds is seen to first.
  if (is_history_name(name)) {
    if (auto ours = see_to(fence); !ours.ok()) return ours;
    return bucket_.put(name, bytes);
  }
  auto parts = upload(fence.lease, bytes);
  if (!parts.ok()) return parts.error();
  std::vector<HeadPart> old;
  auto changed = change(fence, [&](Head& head) -> Result<void> {
    HeadFile& file = head.files[name];
    old = std::move(file.parts);
    file = {digest, *parts};
    return success();
  });
  if (changed.ok()) forget_parts(old);
  return changed;
}

Result<void> BucketHeads::append(const std::string& name, uint64_t at, std::string_view bytes,
                                 const Fence& fence) {
  auto parts = upload(fence.lease, bytes);
  if (!parts.ok()) return parts.error();
  return change(fence, [&](Head& head) -> Result<void> {
    HeadFile& file = head.files[name];
    if (file.size() != at)
      return Error{ErrorKind::disk,
                   fmt::format("{} in the shared state at {} has another length than it was given", name,
                               bucket_.place().shown),
                   "run the same command again: it is brought anew"};
    file.digest.clear();
    file.parts.insert(file.parts.end(), parts->begin(), parts->end());
    return success();
  });
}

Result<void> BucketHeads::remove(const std::string& name, const Fence& fence) {
  if (is_history_name(name)) return bucket_.remove(name);
  std::vector<HeadPart> old;
  auto changed = change(fence, [&](Head& head) -> Result<void> {
    std::erase_if(head.files, [&](const auto& file) {
      if (file.first != name && !file.first.starts_with(name + "/")) return false;
      old.insert(old.end(), file.second.parts.begin(), file.second.parts.end());
      return true;
    });
    return success();
  });
  if (changed.ok()) forget_parts(old);
  return changed;
}

void BucketHeads::remove_leftovers(const std::string& lease, const Head& head) {
  auto entries = bucket_.list(parts_prefix(lease));
  if (!entries.ok()) return;
  std::vector<std::string> wanted;
  for (const auto& [name, file] : head.files)
    for (const auto& part : file.parts) wanted.push_back(part.key);
  std::ranges::sort(wanted);
  for (const auto& entry : *entries)
    if (!std::ranges::binary_search(wanted, entry.key)) (void)bucket_.remove(entry.key);
}

Result<TakenLease> BucketHeads::held_by_another(const std::string& lease, const Head& head,
                                                const std::string& etag) {
  const std::lock_guard lock(mutex_);
  Watched& watched = watched_[lease];
  if (watched.etag != etag) watched = {etag, machine_us()};
  return TakenLease{
      .token = {}, .holder = head.holder.empty() ? "another worker" : head.holder, .standing = etag};
}

Result<TakenLease> BucketHeads::take(const std::string& lease, const std::string& holder, Duration length) {
  std::string etag;
  auto there = head_of(lease, &etag);
  if (!there.ok()) return there.error();
  Head head = there->value_or(Head{});
  if (*there && !head.holder.empty() && head.holder != holder) {
    bool silent = false;
    {
      const std::lock_guard lock(mutex_);
      const auto watched = watched_.find(lease);
      silent = watched != watched_.end() && watched->second.etag == etag &&
               machine_us() - watched->second.since_us >= length.count();
    }
    if (!silent) return held_by_another(lease, head, etag);
  }
  const bool died = !head.holder.empty();
  head.holder = holder;
  ++head.token;
  ++head.beats;
  auto put = bucket_.put_if(head_key(lease), head.text(), etag);
  if (!put.ok()) return put.error();
  if (!*put) return held_by_another(lease, Head{}, "changed while it was asked for");
  auto held = std::make_shared<Held>();
  held->head = head;
  held->etag = **put;
  {
    const std::lock_guard lock(mutex_);
    held_[lease] = held;
    watched_.erase(lease);
  }
  if (died) remove_leftovers(lease, head);
  return TakenLease{.token = head.token, .holder = "", .standing = ""};
}

Result<std::vector<bool>> BucketHeads::renew(const std::vector<Fence>& held, Duration) {
  std::vector<bool> ours;
  for (const auto& fence : held) {
    auto changed = see_to(fence);
    if (!changed.ok() && changed.error().kind != ErrorKind::locked) return changed.error();
    ours.push_back(changed.ok());
  }
  return ours;
}

Result<void> BucketHeads::see_to(const Fence& fence) {
  return change(fence, [](Head&) { return success(); });
}

Result<void> BucketHeads::give_back(const Fence& fence) {
  auto changed = change(fence, [](Head& head) {
    head.holder.clear();
    return success();
  });
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(fence.lease);
  if (found != held_.end() && found->second->head.token == fence.token) held_.erase(found);
  return changed;
}

}  // namespace penstock::state
