// The only file that knows yaml-cpp. Its event interface builds our nodes, so that bounds hold while the
// document is read and not after.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>

#include "declare/node.h"
#include "declare/utf8.h"
#include "declare/yaml_checks.h"

namespace penstock::declare {
namespace {

// Nodes (and 64-byte pieces of text) of a document, aliases expanded. Bounds memory to some hundred MB.
constexpr size_t kWeightMax = 1'000'000;

constexpr const char* kTooMuch = "the file holds more than a million values";
constexpr const char* kSplit = "split it into several files";

// Thrown through yaml-cpp when a bound is met; what is wrong has been reported.
struct Stop {};

// Turns yaml-cpp's marks (bytes) into places (characters). Marks mostly move forward, so that the count goes
// on from the last one: a file of one long line costs its length once.
class Marks {
 public:
  explicit Marks(SourceFileRef file) : file_(std::move(file)) {}

  Place place(const YAML::Mark& mark, uint32_t width = 0) {
    if (mark.line < 0) return {file_, 1, 1, width};
    const auto line = std::min(static_cast<uint32_t>(mark.line) + 1, file_->lines());
    const std::string_view text = file_->line(line);
    const auto bytes = std::min(static_cast<size_t>(std::max(0, mark.column)), text.size());
    if (line != line_ || bytes < bytes_) {
      line_ = line;
      bytes_ = characters_ = 0;
    }
    characters_ += count_characters(text.substr(bytes_, bytes - bytes_));
    bytes_ = bytes;
    return {file_, line, static_cast<uint32_t>(characters_) + 1, width};
  }

  // The rest of the line that a mark points into.
  std::string_view rest(const YAML::Mark& mark) const {
    if (mark.line < 0) return {};
    const std::string_view line = file_->line(static_cast<uint32_t>(mark.line) + 1);
    return line.substr(std::min(static_cast<size_t>(std::max(0, mark.column)), line.size()));
  }

 private:
  SourceFileRef file_;
  uint32_t line_ = 0;
  size_t bytes_ = 0;
  size_t characters_ = 0;
};

// Past an anchor and a tag, which yaml-cpp counts as part of the value: `&a !!str "x"`.
YAML::Mark after_properties(YAML::Mark mark, std::string_view rest) {
  size_t at = 0;
  while (at < rest.size() && (rest[at] == '&' || rest[at] == '!')) {
    at = std::min(rest.find_first_of(" \t", at), rest.size());
    at = std::min(rest.find_first_not_of(" \t", at), rest.size());
  }
  if (at == rest.size()) return mark;
  mark.column += static_cast<int>(at);
  mark.pos += static_cast<int>(at);
  return mark;
}

// Length of the quoted text at the start of `text` with its quotes; npos when it never ends.
size_t quoted_length(std::string_view text) {
  for (size_t at = 1; at < text.size(); ++at) {
    const bool doubled = text[0] == '\'' && text.substr(at).starts_with("''");
    if (doubled || (text[0] == '"' && text[at] == '\\'))
      ++at;
    else if (text[at] == text[0])
      return at + 1;
  }
  return std::string_view::npos;
}

size_t weight_of(const Node& node) {
  size_t weight = 1 + node.text.size() / 64;
  for (const Node& item : node.items) weight += weight_of(item);
  for (const Entry& entry : node.entries) weight += weight_of(entry.value);
  return weight;
}

class Builder : public YAML::EventHandler {
 public:
  Builder(const SourceFileRef& file, Diagnostics& diagnostics)
      : marks_(file), diagnostics_(diagnostics), file_(file) {}

  std::optional<Node> take_root() { return std::move(root_); }
  Marks& marks() { return marks_; }
  // Where the innermost list or map that is still open starts; not known at the top.
  Place open_place() const { return frames_.empty() ? Place{} : frames_.back().node.place; }
  Place last_place() const { return last_place_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    const std::string_view rest = marks_.rest(mark);
    const bool written = rest.starts_with('~') || rest.starts_with('n') || rest.starts_with('N');
    if (written) node.text = rest.substr(0, rest[0] == '~' ? 1 : 4);  // a field may be named null
    // For a value that is not there, yaml-cpp points at whatever comes next.
    const auto width = static_cast<uint32_t>(node.text.size());
    node.place = written ? marks_.place(mark, width) : place_of_missing(mark);
    deliver(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor >= anchors_.size() || !anchors_[anchor].complete)
      stop(marks_.place(mark, 1), "an anchor is used inside itself", "write the value out instead");
    weight_ += anchors_[anchor].weight;
    if (weight_ > kWeightMax)
      stop(marks_.place(mark, 1), "the aliases of this file expand to far too much",
           "write the values out instead");
    deliver(Node(anchors_[anchor].node), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(tag, marks_.place(mark, 1));
    const YAML::Mark start = after_properties(mark, marks_.rest(mark));
    const std::string_view rest = marks_.rest(start);
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = value;
    node.place = marks_.place(start, 1);
    const bool block = rest.starts_with('|') || rest.starts_with('>');
    if (tag == "!" || tag == "tag:yaml.org,2002:str")
      node.style = block ? Node::Style::block : Node::Style::quoted;
    if (rest.starts_with(value)) node.place.width = static_cast<uint32_t>(count_characters(value));
    if (rest.starts_with('"') || rest.starts_with('\'')) check_quotes(start, rest, node.place);
    deliver(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map that is being read.
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::unordered_set<std::string> keys;
    bool has_key = false;
    Entry entry;  // its key is read, its value is not
    bool merge = false;
    bool duplicate = false;
    std::vector<Node> merged;  // maps under <<
  };
  struct Anchor {
    Node node;
    size_t weight = 0;
    bool complete = false;
  };

  [[noreturn]] void stop(Place place, std::string message, std::string remedy) {
    diagnostics_.error(std::move(place), std::move(message)).remedy = std::move(remedy);
    throw Stop{};
  }

  Place place_of_missing(const YAML::Mark& mark) {
    if (frames_.empty()) return marks_.place(mark);
    const Frame& frame = frames_.back();
    return frame.has_key ? frame.entry.key_place : frame.node.place;
  }

  // yaml-cpp takes a file's end for a closing quote, and with it all that was meant to follow.
  void check_quotes(const YAML::Mark& start, std::string_view rest, Place& place) {
    const auto offset = std::min(static_cast<size_t>(std::max(0, start.pos)), file_->text().size());
    const size_t length = quoted_length(std::string_view(file_->text()).substr(offset));
    if (length == std::string_view::npos) stop(place, "this quoted text never ends", "add the closing quote");
    if (length <= rest.size()) place.width = static_cast<uint32_t>(count_characters(rest.substr(0, length)));
  }

  void check_tag(const std::string& tag, const Place& place) {
    if (tag == "?" || tag == "!" || tag.empty() || tag.starts_with("tag:yaml.org,2002:")) return;
    diagnostics_.error(place, fmt::format("the tag '{}' has no meaning here", shorten(tag, 40))).remedy =
        "remove it, or put quotes around a text that starts with '!'";
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = marks_.place(mark);
    frame.anchor = anchor;
    check_tag(tag, frame.node.place);
    if (frames_.size() >= static_cast<size_t>(kDepthMax))
      stop(frame.node.place, fmt::format("more than {} levels of lists and maps", kDepthMax),
           "nest less deeply");
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    for (Node& map : frame.merged) merge_into(frame, std::move(map));
    deliver(std::move(frame.node), frame.anchor);
  }

  void merge_into(Frame& frame, Node map) {
    for (Entry& entry : map.entries)
      if (frame.keys.insert(entry.key).second) frame.node.entries.push_back(std::move(entry));
  }

  void deliver(Node node, YAML::anchor_t anchor) {
    last_place_ = node.place;
    weight_ += 1 + node.text.size() / 64;
    if (weight_ > kWeightMax) stop(node.place, kTooMuch, kSplit);
    if (anchor != 0) remember(node, anchor);
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::sequence)
      frame.node.items.push_back(std::move(node));
    else if (!frame.has_key)
      take_key(frame, std::move(node));
    else
      take_value(frame, std::move(node));
  }

  void remember(const Node& node, YAML::anchor_t anchor) {
    const size_t weight = weight_of(node);
    weight_ += weight;  // the copy counts: anchors inside anchors are copied once a level
    if (weight_ > kWeightMax) stop(node.place, kTooMuch, kSplit);
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
    anchors_[anchor] = {node, weight, true};
  }

  void take_key(Frame& frame, Node node) {
    if (!node.is_scalar() && node.text.empty())
      stop(node.place, fmt::format("the name of a field must be text, found {}", describe(node)),
           "put quotes around a text that starts with '{', '[' or '?'");
    frame.has_key = true;
    frame.merge = node.text == "<<" && node.style == Node::Style::plain;
    frame.duplicate = !frame.merge && !frame.keys.insert(node.text).second;
    if (frame.duplicate) report_duplicate(frame, node);
    frame.entry = {std::move(node.text), std::move(node.place), Node{}};
  }

  void take_value(Frame& frame, Node node) {
    frame.has_key = false;
    if (frame.merge) {
      take_merge(frame, std::move(node));
    } else if (!frame.duplicate) {
      frame.entry.value = std::move(node);
      frame.node.entries.push_back(std::move(frame.entry));
    }
  }

  void take_merge(Frame& frame, Node node) {
    if (node.is_map()) {
      frame.merged.push_back(std::move(node));
      return;
    }
    bool maps = node.is_sequence();
    for (const Node& item : node.items) maps = maps && item.is_map();
    if (!maps)
      stop(node.place, fmt::format("'<<' takes a map or a list of maps, found {}", describe(node)), "");
    for (Node& item : node.items) frame.merged.push_back(std::move(item));
  }

  void report_duplicate(const Frame& frame, const Node& key) {
    Diagnostic& wrong =
        diagnostics_.error(key.place, fmt::format("the field '{}' is given twice", shorten(key.text, 40)));
    wrong.remedy = "keep one of the two";
    if (const Entry* first = frame.node.find(key.text))
      wrong.notes.push_back({first->key_place, "first given here"});
  }

  Marks marks_;
  Diagnostics& diagnostics_;
  SourceFileRef file_;
  std::vector<Frame> frames_;
  std::vector<Anchor> anchors_;  // by yaml-cpp's number
  size_t weight_ = 0;
  std::optional<Node> root_;
  Place last_place_;
};

void report_syntax(const YAML::Exception& problem, const SourceFileRef& file, Builder& builder,
                   Diagnostics& diagnostics) {
  const Place place = builder.marks().place(problem.mark, 1);
  const bool tab =
      problem.msg.find("illegal tab") != std::string::npos || has_tab_indentation(file->line(place.line));
  if (tab) {
    diagnostics.error({file, place.line, 1, 1}, "a tab in the indentation").remedy =
        "YAML takes only spaces there: replace the tab by spaces";
    return;
  }
  if (problem.msg.find("flow not found") != std::string::npos && builder.open_place().known()) {
    const bool map = problem.msg.find("map flow") != std::string::npos;
    diagnostics.error(builder.open_place(), fmt::format("this '{}' is never closed", map ? '{' : '['))
        .remedy = fmt::format("add the closing '{}', and put quotes around a text that starts with '{}'",
                              map ? '}' : ']', map ? '{' : '[');
    return;
  }
  YamlProblem words = explain_yaml(problem.msg, builder.marks().rest(problem.mark));
  Diagnostic& wrong = diagnostics.error(place, std::move(words.message));
  wrong.remedy = std::move(words.remedy);
  if (builder.last_place().known())
    wrong.notes.push_back({builder.last_place(), "the last that could be read"});
}

void report_second_document(const SourceFileRef& file, const Place& place, Diagnostics& diagnostics) {
  const bool marked = file->line(place.line).starts_with("---") ||
                      (place.line > 1 && file->line(place.line - 1).starts_with("---"));
  if (marked)
    diagnostics.error(place, "a second document in one file").remedy = "move it to a file of its own";
  else
    diagnostics.error(place, "this line does not fit what stands above it").remedy =
        "indent it like its neighbours";
}

// Tells where a second document starts and reads no further.
class SecondDocument : public Builder {
 public:
  using Builder::Builder;
  Place start;
  void OnDocumentStart(const YAML::Mark& mark) override {
    start = marks().place(mark);
    throw Stop{};
  }
};

std::optional<Node> parse_documents(const SourceFileRef& file, Diagnostics& diagnostics) {
  std::istringstream input(file->text());
  Builder builder(file, diagnostics);
  SecondDocument second(file, diagnostics);
  try {
    YAML::Parser parser(input);
    if (!parser.HandleNextDocument(builder)) {
      Node empty;
      empty.place = {file, 1, 1, 0};
      return empty;
    }
    parser.HandleNextDocument(second);
  } catch (const Stop&) {
    if (!second.start.known()) return std::nullopt;
    report_second_document(file, second.start, diagnostics);
    return std::nullopt;
  } catch (const YAML::Exception& problem) {
    report_syntax(problem, file, builder, diagnostics);
    return std::nullopt;
  }
  return builder.take_root();
}

}  // namespace

std::optional<Node> parse_yaml(const SourceFileRef& file, Diagnostics& diagnostics) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (file->text().starts_with(kByteOrderMark)) {
    // Some editors write it; it means nothing in UTF-8.
    const auto without =
        std::make_shared<SourceFile>(file->name(), file->text().substr(kByteOrderMark.size()));
    return parse_yaml(without, diagnostics);
  }
  if (!check_bytes(file, diagnostics)) return std::nullopt;
  return parse_documents(file, diagnostics);
}

}  // namespace penstock::declare
