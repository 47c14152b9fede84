// A prior as a safetensors file.
#include <fmt/format.h>

#include <charconv>

#include "steer/codes/code_file.h"
#include "steer/codes/prior.h"
#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/json.h"
#include "steer/core/shipped.h"

namespace steer {
namespace {

constexpr const char* kPriorFormat = "steer-prior";
// A prior that is told labels has a tensor more, and is of the second version.
constexpr const char *kPriorFileVersion = "1", *kToldPriorVersion = "2";

const std::string& word(const Checkpoint& file, const std::string& key, const std::string& what) {
  const auto found = file.metadata.find(key);
  STEER_CHECK(found != file.metadata.end(), what, "expected metadata \"", key, "\" but got none");
  return found->second;
}

template <class Number>
Number number_in(const std::string& text, int base, const std::string& what) {
  Number value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  STEER_CHECK(fault == std::errc() && end == text.data() + text.size(), what, "expected a number but got ",
              in_quotes(text));
  return value;
}

std::vector<int64_t> candidates_of_list(const std::string& text, const std::string& what) {
  const Json list = parse_json(text, what);
  STEER_CHECK(list.is_array(), what, "expected a list of candidates");
  std::vector<int64_t> candidates;
  for (const Json& each : list) {
    STEER_CHECK(each.is_number_integer(), what, "expected whole numbers of candidates");
    candidates.push_back(each.get<int64_t>());
  }
  return candidates;
}

}  // namespace

void write_prior(const std::string& path, const Prior& prior, const std::string& figures) {
  const PriorNumbers& n = prior.numbers();
  Checkpoint file{
      {{"embedding", n.embedding}, {"bias", n.bias}, {"head", n.head}, {"head_bias", n.head_bias}},
      {{"format", kPriorFormat},
       {"version", n.told.defined() ? kToldPriorVersion : kPriorFileVersion},
       {"model", fmt::format("{:016x}", prior.model())},
       {"fingerprint", fmt::format("{:016x}", prior.fingerprint())},
       {"candidates", Json(n.candidates).dump()},
       {"head_bits", std::to_string(n.head_bits)},
       {"figures", figures}}};
  if (n.told.defined()) file.tensors["told"] = n.told;
  write_checkpoint(path, file);
}

Prior read_prior(const std::string& path) {
  const std::string what = joined("[read_prior] ", path, ": ");
  Checkpoint file = read_checkpoint(path);
  const auto format = file.metadata.find("format");
  STEER_CHECK(format != file.metadata.end() && format->second == kPriorFormat, what,
              "expected a prior but got another kind of file");
  const std::string& version = word(file, "version", what);
  STEER_CHECK(version == kPriorFileVersion || version == kToldPriorVersion, what, "expected format version ",
              kPriorFileVersion, " or ", kToldPriorVersion, " but got ", in_quotes(version));
  const bool told = version == kToldPriorVersion;
  PriorNumbers n;
  n.candidates = candidates_of_list(word(file, "candidates", what), what);
  n.head_bits = number_in<int64_t>(word(file, "head_bits", what), 10, what);
  n.embedding = file.tensors["embedding"];
  n.bias = file.tensors["bias"];
  n.head = file.tensors["head"];
  n.head_bias = file.tensors["head_bias"];
  if (told) n.told = file.tensors["told"];
  const size_t expected = told ? 5 : 4;
  STEER_CHECK(file.tensors.size() == expected, what, "expected ", expected, " tensors but got ",
              file.tensors.size());
  STEER_CHECK(!told || n.told.defined(), what, "expected a tensor told but got none");
  const auto model = number_in<uint64_t>(word(file, "model", what), 16, what);
  const auto fingerprint = number_in<uint64_t>(word(file, "fingerprint", what), 16, what);
  try {
    Prior prior(std::move(n), model);
    STEER_CHECK(prior.fingerprint() == fingerprint,
                "expected its fingerprint to agree with its numbers (damaged?)");
    return prior;
  } catch (const Error& error) {
    fail(what, error.what());
  }
}

Prior read_prior_of(uint64_t model, const std::string& path) {
  Prior prior = read_prior(found_or_shipped(path, "models", ".safetensors"));
  STEER_CHECK(prior.model() == model, "[prior] ", path, ": expected a prior of the model with fingerprint ",
              fingerprint_text(model), " but it was learned from another one, ",
              fingerprint_text(prior.model()));
  return prior;
}

}  // namespace steer
