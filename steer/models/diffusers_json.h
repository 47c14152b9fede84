// The configuration files of the diffusers library, as Python writes them: read, and checked key by key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steer/core/json.h"

namespace steer {

// The text with NaN, Infinity and -Infinity, which Python writes where JSON has no numbers, as strings of
// these words. What stands inside strings is left alone.
std::string with_words_for_non_numbers(std::string_view text);

// The JSON in such a file; a fault gives file, line and column.
Json read_python_json(const std::string& path);

// The word under _class_name, or `otherwise` where there is none.
std::string class_of(const Json& config, const std::string& otherwise);

// The keys but for those that begin with an underscore, which describe the file. Error unless it is an
// object.
Json without_remarks(const Json& config, const std::string& file);

// Takes a key out, which must be missing or have one of these values: Error with `file` otherwise.
void expect_key(Json& config, const std::string& key, const std::vector<Json>& values,
                const std::string& file);

// Error with `file` unless the word under the key is one of those known.
void check_word_of(const std::string& key, const std::string& word, const std::vector<std::string>& known,
                   const std::string& file);

}  // namespace steer
