// Transforms compiled into steps that a value passes one after the other.
#pragma once

#include "transform/value.h"

namespace penstock::transform {

// Immutable, thread-safe.
class Chain {
 public:
  // `takes` is the form of what comes in. nullopt with `misfit` when a transform does not fit what is before
  // it.
  static std::optional<Chain> compile(Form takes, const Transforms& transforms, Misfit& misfit);

  Form gives() const { return gives_; }
  // Brings the value through all steps. What comes in is text; JSON when the chain takes a list or JSON.
  void run(Value& value) const;

 private:
  struct Link {
    Step step;
    Facts::Takes takes;
    Form gives;
    bool each_item = false;    // of a list
    size_t digest_digits = 0;  // of the first digest from here on; 0: there is none
  };
  void mark_digests(const Transforms& transforms);
  static void run_link(const Link& link, Value& value);
  static void run_on_text(const Link& link, Value& value);
  static void run_on_items(const Link& link, Value& value);
  Form gives_ = Form::text;
  std::vector<Link> links_;
};

// Makes a text of a list or of JSON. A JSON string is the text that it stands for; the rest is its JSON.
void become_text(Value& value);
// Fills `value` from its text: JSON of a list or of JSON.
void load(Value& value, Form form, std::string_view text);
// Brings a value out as text: JSON of a list or of JSON.
void append_out(std::string& out, const Value& value);
// What stands for a value that cannot be converted: see failure_in().
void append_failure(std::string& out, std::string_view value, std::string_view reason);

}  // namespace penstock::transform
