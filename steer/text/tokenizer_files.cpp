#include "steer/text/tokenizer_files.h"

#include <algorithm>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/json_fields.h"
#include "steer/text/byte_letters.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

using StringPairs = std::vector<std::pair<std::string, std::string>>;

// Tokens by number while they are gathered from several places.
class Gathering {
 public:
  explicit Gathering(std::string where) : where_(std::move(where)) {}

  void add(int64_t token, const std::string& bytes) {
    STEER_CHECK(token >= 0 && token < kMost, where_, ": expected tokens 0 to ", kMost - 1, " but got ",
                token);
    const auto at = static_cast<size_t>(token);
    if (parts_.pieces.size() <= at) parts_.pieces.resize(at + 1);
    STEER_CHECK(parts_.pieces[at].empty() || parts_.pieces[at] == bytes, where_, ": token ", token,
                " stands there twice, for ", in_quotes(parts_.pieces[at]), " and ", in_quotes(bytes));
    parts_.pieces[at] = bytes;
  }

  void add_vocabulary(const nlohmann::json& vocabulary) {
    STEER_CHECK(vocabulary.is_object(), where_, ": expected an object of tokens and their numbers");
    for (const auto& [letters, token] : vocabulary.items()) {
      STEER_CHECK(token.is_number_integer(), where_, ": expected the number of a token under ",
                  in_quotes(letters));
      add(token.get<int64_t>(), bytes_of_letters(letters, where_));
    }
  }

  void add_special(int64_t token, const std::string& bytes) {
    add(token, bytes);
    parts_.special.push_back(token);
  }

  Tokenizer finished(const StringPairs& merges, const std::string& words, bool rest_is_special) {
    std::unordered_map<std::string, int64_t> number;
    for (size_t i = 0; i < parts_.pieces.size(); ++i) {
      STEER_CHECK(!parts_.pieces[i].empty(), where_, ": expected tokens numbered 0 to ",
                  parts_.pieces.size() - 1, " but there is none of ", i);
      number.emplace(parts_.pieces[i], static_cast<int64_t>(i));
    }
    const auto number_of = [&](const std::string& bytes) {
      const auto found = number.find(bytes);
      STEER_CHECK(found != number.end(), where_, ": a merge has ", in_quotes(bytes), ", which is no token");
      return found->second;
    };
    std::vector<bool> made(parts_.pieces.size());
    for (const auto& [left, right] : merges) {
      const std::string a = bytes_of_letters(left, where_), b = bytes_of_letters(right, where_);
      parts_.merges.push_back({number_of(a), number_of(b), number_of(a + b)});
      made[static_cast<size_t>(parts_.merges.back().made)] = true;
    }
    // GPT-2's files do not say which tokens are special: no merge makes them.
    for (size_t i = 0; rest_is_special && i < made.size(); ++i)
      if (!made[i] && parts_.pieces[i].size() > 1) parts_.special.push_back(static_cast<int64_t>(i));
    parts_.words = words;
    return Tokenizer::byte_pairs(std::move(parts_), where_);
  }

  void take_whole_words(bool whole) { parts_.whole_words = whole; }

 private:
  static constexpr int64_t kMost = int64_t{1} << 22;
  std::string where_;
  Tokenizer::Parts parts_;
};

std::pair<std::string, std::string> parted(const std::string& text, const std::string& where) {
  const size_t blank = text.find(' ');
  STEER_CHECK(
      blank != text.npos && blank > 0 && blank + 1 < text.size() && text.find(' ', blank + 1) == text.npos,
      where, ": expected two tokens with a blank between but got ", in_quotes(text));
  return {text.substr(0, blank), text.substr(blank + 1)};
}

StringPairs merges_in_text(const std::string& path) {
  const std::string text = read_file(path);
  StringPairs merges;
  for (size_t begin = 0, line = 1; begin < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string row = text.substr(begin, end - begin);
    begin = end + 1;
    if (!row.empty() && row.back() == '\r') row.pop_back();
    if (row.empty() || (line == 1 && row.rfind("#version", 0) == 0)) continue;
    merges.push_back(parted(row, joined("[text] ", path, ": line ", line)));
  }
  return merges;
}

StringPairs merges_in_json(const nlohmann::json& list, const std::string& where) {
  STEER_CHECK(list.is_array(), where, ": expected a list of merges");
  StringPairs merges;
  for (const nlohmann::json& entry : list) {
    if (entry.is_string()) {
      merges.push_back(parted(entry.get<std::string>(), where));
      continue;
    }
    STEER_CHECK(entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string(), where,
                ": expected merges of two tokens but got ", entry.type_name());
    merges.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
  }
  return merges;
}

Tokenizer read_pair(const std::string& vocabulary, const std::string& merges) {
  const std::string where = "[text] " + vocabulary;
  Gathering gathering(where);
  gathering.add_vocabulary(parse_json<nlohmann::json>(read_file(vocabulary), vocabulary));
  return gathering.finished(merges_in_text(merges), kGpt2Words, true);
}

// A step of the library that is there, though nothing may stand in its place.
void refuse_step(const Json& json, const char* key, const std::string& where) {
  if (const Json* const step = found_field(json, key, where))
    fail(where, ": expected no ", key, ", which changes texts, but got ",
         field_or<std::string>(*step, "type", "one", where));
}

// The expression of one step that cuts; empty where it only writes bytes as letters.
std::string expression_of(const Json& step, const std::string& where) {
  const auto type = field<std::string>(step, "type", where);
  if (type == "ByteLevel") {
    STEER_CHECK(!field_or<bool>(step, "add_prefix_space", true, where), where,
                ": expected add_prefix_space false, which leaves texts as they are");
    return field_or<bool>(step, "use_regex", true, where) ? kGpt2Words : "";
  }
  STEER_CHECK(type == "Split", where, ": expected words cut by ByteLevel or Split but got ", type);
  const auto behaviour = field<std::string>(step, "behavior", where);
  const bool inverted = field_or<bool>(step, "invert", false, where);
  STEER_CHECK((behaviour == "Isolated" && !inverted) || (behaviour == "Removed" && inverted), where,
              ": expected Split to keep what it finds (Isolated, or Removed with invert) but got ", behaviour,
              inverted ? " with invert" : "");
  return field<std::string>(object_field(step, "pattern", where), "Regex", where);
}

std::string words_of(const Json& cutting, const std::string& where) {
  if (field<std::string>(cutting, "type", where) != "Sequence") {
    const std::string words = expression_of(cutting, where);
    return words.empty() ? "(?s).+" : words;
  }
  std::string words;
  bool letters = false;
  for (const Json& step : array_field(cutting, "pretokenizers", where)) {
    letters = letters || field<std::string>(step, "type", where) == "ByteLevel";
    const std::string expression = expression_of(step, where);
    STEER_CHECK(words.empty() || expression.empty(), where, ": expected one expression that cuts words");
    if (!expression.empty()) words = expression;
  }
  STEER_CHECK(letters, where, ": expected a tokenizer of bytes (ByteLevel), which loses nothing");
  return words.empty() ? "(?s).+" : words;
}

void check_model(const Json& model, const std::string& where) {
  const auto type = field_or<std::string>(model, "type", "BPE", where);
  STEER_CHECK(type == "BPE", where, ": expected a BPE model but got ", type);
  STEER_CHECK(!field_or<bool>(model, "byte_fallback", false, where), where,
              ": expected byte pairs on all bytes but got byte_fallback, which is SentencePiece's");
  for (const char* const key : {"continuing_subword_prefix", "end_of_word_suffix"})
    STEER_CHECK(field_or<std::string>(model, key, "", where).empty(), where, ": expected no ", key);
}

Tokenizer read_tokenizer_json(const std::string& path) {
  const std::string where = "[text] " + path;
  // Vocabularies are long: the JSON whose objects stay fast, but for the little that is left beside them.
  auto whole = parse_json<nlohmann::json>(read_file(path), path);
  const auto taken = [&](const char* key) {
    nlohmann::json part;
    if (whole.is_object() && whole.contains("model") && whole["model"].is_object())
      part.swap(whole["model"][key]);
    return part;
  };
  const nlohmann::json vocabulary = taken("vocab"), merges = taken("merges");
  const Json json = Json::parse(whole.dump());
  const Json& model = object_field(json, "model", where);
  check_model(model, where);
  refuse_step(json, "normalizer", where);
  Gathering gathering(where);
  gathering.add_vocabulary(vocabulary);
  if (found_field(json, "added_tokens", where))
    for (const Json& added : array_field(json, "added_tokens", where))
      gathering.add_special(field<int64_t>(added, "id", where), field<std::string>(added, "content", where));
  gathering.take_whole_words(field_or<bool>(model, "ignore_merges", false, where));
  return gathering.finished(merges_in_json(merges, where),
                            words_of(object_field(json, "pre_tokenizer", where), where), false);
}

}  // namespace

Tokenizer read_tokenizer(const std::string& path) {
  fs::path file = path;
  if (fs::is_directory(file)) {
    const bool one = fs::exists(file / "tokenizer.json");
    STEER_CHECK(one || fs::exists(file / "vocab.json"), "[text] ", path,
                ": expected tokenizer.json, or vocab.json and merges.txt, in the folder");
    file /= one ? "tokenizer.json" : "vocab.json";
  }
  const std::string name = file.filename().string();
  const fs::path beside = file.parent_path();
  if (name == "merges.txt" || name == "vocab.json")
    return read_pair((beside / "vocab.json").string(), (beside / "merges.txt").string());
  return read_tokenizer_json(file.string());
}

}  // namespace steer
