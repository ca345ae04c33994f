// Transforms and templates. The first line of the input is a list of transforms, the rest a value: whatever
// is read can be written and read again, every value comes out converted or with a reason, and twice the
// same. The first line is tried as a message template, too.
#include <cstdint>
#include <string>
#include <string_view>

#include "transform/chain.h"

namespace penstock::transform {
namespace {

std::string converted(const Chain& chain, Form form, std::string_view text) {
  Value value;
  load(value, form, text);
  if (value.why.empty()) chain.run(value);
  check(!value.why.empty() || value.null || value.form == chain.gives(),
        "the form is what the chain promised");
  std::string out;
  if (!value.why.empty())
    append_failure(out, text, value.why);
  else if (!value.null)
    append_out(out, value);
  return out;
}

void try_chain(const Transforms& transforms, std::string_view text) {
  for (const Form form : {Form::text, Form::list, Form::json}) {
    Misfit misfit;
    const auto chain = Chain::compile(form, transforms, misfit);
    if (!chain) {
      check(!misfit.message.empty(), "what does not fit has a reason");
      continue;
    }
    check(converted(*chain, form, text) == converted(*chain, form, text), "a value is converted one way");
  }
}

void try_line(std::string_view line, std::string_view text) {
  if (const auto parsed = Template::parse(line); !parsed.ok())
    check(!parsed.error().message.empty(), "a template that is not read has a reason");
  const auto transforms = transforms_in(line);
  if (!transforms.ok()) return;
  const std::string json = as_json(*transforms);
  const auto again = transforms_in(json);
  check(again.ok() && as_json(*again) == json, "transforms are read as they were written");
  try_chain(*transforms, text);
}

}  // namespace
}  // namespace penstock::transform

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\n'), input.size());
  penstock::transform::try_line(input.substr(0, end), input.substr(std::min(end + 1, input.size())));
  return 0;
}
