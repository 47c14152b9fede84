#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/text/word_split.h"

namespace steer {
namespace {

constexpr uint32_t kMostSteps = 1000000;  // of one match: none that means well needs a thousandth

std::string reason(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

}  // namespace

const char* const kGpt2Words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

struct WordSplit::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  ~Compiled() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

WordSplit::WordSplit(const std::string& pattern) : pattern_(pattern), compiled_(new Compiled) {
  int code = 0;
  PCRE2_SIZE at = 0;
  compiled_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                  PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &code, &at, nullptr);
  STEER_CHECK(compiled_->code, "[text] expected a regular expression but got ", in_quotes(pattern),
              ": at byte ", at, " ", reason(code));
  compiled_->context = pcre2_match_context_create(nullptr);
  STEER_CHECK(compiled_->context, "[text] out of memory");
  pcre2_set_match_limit(compiled_->context, kMostSteps);
  pcre2_jit_compile(compiled_->code, PCRE2_JIT_COMPLETE);  // where the processor has none, it is slower
}

WordSplit::~WordSplit() = default;
WordSplit::WordSplit(WordSplit&&) noexcept = default;
WordSplit& WordSplit::operator=(WordSplit&&) noexcept = default;

void WordSplit::cut(std::string_view text, const std::function<void(std::string_view)>& take) const {
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(
      pcre2_match_data_create_from_pattern(compiled_->code, nullptr));
  STEER_CHECK(match, "[text] out of memory");
  size_t done = 0;
  for (size_t from = 0; from < text.size();) {
    const int found = pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                  from, PCRE2_NOTEMPTY, match.get(), compiled_->context);
    if (found == PCRE2_ERROR_NOMATCH) break;
    STEER_CHECK(found > 0, "[text] ", in_quotes(pattern_), ": expected to find words but at byte ", from, " ",
                reason(found));
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(match.get());
    STEER_CHECK(ends[0] >= done && ends[1] > ends[0], "[text] ", in_quotes(pattern_),
                ": expected matches that follow one another");
    if (ends[0] > done) take(text.substr(done, ends[0] - done));
    take(text.substr(ends[0], ends[1] - ends[0]));
    from = done = ends[1];
  }
  if (done < text.size()) take(text.substr(done));
}

}  // namespace steer
