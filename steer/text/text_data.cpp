#include "steer/text/text_data.h"

#include <algorithm>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/data/listing.h"
#include "steer/text/text_files.h"
#include "steer/text/text_space.h"
#include "steer/text/tokenizer_files.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

namespace fs = std::filesystem;
constexpr char kLearned[] = "bpe:";
constexpr size_t kTestEvery = 10;  // of documents, or the share of each

struct Documents {
  std::vector<std::string> train, test;
};

// The place before which nine tenths of the characters stand.
size_t nine_tenths(const std::string& text) {
  const auto all = static_cast<size_t>(characters_in(text));
  const size_t wanted = all - (all + kTestEvery - 1) / kTestEvery;
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if (begins_character(text[i]) && seen++ == wanted) return i;
  return text.size();
}

Documents parted(std::vector<std::string> all) {
  Documents documents;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all.size() >= kTestEvery) {
      (i % kTestEvery == kTestEvery - 1 ? documents.test : documents.train).push_back(std::move(all[i]));
      continue;
    }
    const size_t at = nine_tenths(all[i]);
    if (at > 0) documents.train.push_back(all[i].substr(0, at));
    if (at < all[i].size()) documents.test.push_back(all[i].substr(at));
  }
  return documents;
}

// The folder of `path` whose files are for tests; empty where there is none.
std::string test_folder(const std::string& path) {
  for (const char* name : {"test", "validation"})
    if (fs::is_directory(fs::path(path) / name)) return name;
  return "";
}

std::vector<std::string> documents_below(const std::string& folder) {
  std::vector<std::string> all;
  for (const Listed& file : folder_listing(folder).files)
    if (is_text_name(file.name))
      for (std::string& document : read_documents((fs::path(folder) / file.source).string()))
        all.push_back(std::move(document));
  return all;
}

Documents documents_at(const std::string& path) {
  if (!fs::is_directory(path)) return parted(read_documents(path));
  const std::string test = test_folder(path);
  if (test.empty() || !fs::is_directory(fs::path(path) / "train")) return parted(documents_below(path));
  return {documents_below((fs::path(path) / "train").string()),
          documents_below((fs::path(path) / test).string())};
}

std::string joined_documents(const std::vector<std::string>& documents) {
  std::string text;
  for (const std::string& document : documents) text += (text.empty() ? "" : "\n\n") + document;
  return text;
}

// Text with every character that a window may have; those that run on have an empty line between documents.
std::string all_characters(const Documents& documents, bool run_on) {
  std::string text = run_on && (documents.train.size() > 1 || documents.test.size() > 1) ? "\n" : "";
  for (const auto* part : {&documents.train, &documents.test})
    for (const std::string& document : *part) text += document;
  return text;
}

Tokenizer tokenizer_for(const std::string& word, const Documents& documents, bool run_on) {
  if (word == "bytes") return Tokenizer::bytes();
  if (!word.empty() && word.front() == '{') return tokenizer_of(word, "tokenizer");
  if (word == "characters") return Tokenizer::characters(all_characters(documents, run_on));
  if (word.rfind(kLearned, 0) != 0) return read_tokenizer(word);
  const std::string size = word.substr(sizeof kLearned - 1);
  STEER_CHECK(!size.empty() && size.size() < 8 && size.find_first_not_of("0123456789") == std::string::npos,
              "tokenizer: expected bpe:SIZE, as bpe:1024, but got \"", word, "\"");
  return Tokenizer::learned(joined_documents(documents.train), std::stoll(size));
}

std::vector<int64_t> ended(const Tokenizer& tokenizer, const std::string& document) {
  std::vector<int64_t> tokens = tokenizer.encode(document);
  if (tokenizer.end() >= 0) tokens.push_back(tokenizer.end());
  return tokens;
}

// Where a window stands in the tokens, and how long it is.
struct Window {
  int64_t at, length;
};

// Tokens and the windows on them.
class TextDataset : public Dataset {
 public:
  TextDataset(Space space, const std::vector<std::vector<int64_t>>& pieces, bool everywhere, int64_t limit)
      : space_(std::move(space)) {
    const int64_t length = space_.sizes[0];
    std::vector<int64_t> all;
    for (const std::vector<int64_t>& piece : pieces) {
      add_windows(static_cast<int64_t>(all.size()), static_cast<int64_t>(piece.size()), length, everywhere);
      all.insert(all.end(), piece.begin(), piece.end());
    }
    if (limit > 0) keep(static_cast<size_t>(limit), everywhere);
    all.insert(all.end(), static_cast<size_t>(length), 0);  // a short window reaches into these
    token_ = at::tensor(all, torch::kInt64);
    end_ = tokenizer_of(space_).end();
  }

  int64_t size() const override { return static_cast<int64_t>(windows_.size()); }
  Space space() const override { return space_; }

  Batch batch(const std::vector<int64_t>& indices) const override {
    const int64_t length = space_.sizes[0];
    std::vector<Tensor> rows, masks;
    for (const int64_t index : indices) {
      STEER_CHECK(index >= 0 && index < size(), "[data] expected a sample from 0 to ", size() - 1,
                  " but got ", index);
      const Window& window = windows_[static_cast<size_t>(index)];
      const Tensor there = at::arange(length) < window.length;
      rows.push_back(at::where(there, token_.narrow(0, window.at, length), std::max<int64_t>(end_, 0)));
      masks.push_back(there);
    }
    Batch batch;
    batch.data.token = at::stack(rows);
    if (short_ && end_ < 0) batch.data.mask = at::stack(masks);
    batch.told.label = at::full({static_cast<int64_t>(indices.size())}, -1, torch::kInt64);
    batch.index = at::tensor(indices, torch::kInt64);
    return batch;
  }

 private:
  void add_windows(int64_t begin, int64_t tokens, int64_t length, bool everywhere) {
    const int64_t step = everywhere ? 1 : length,
                  last = everywhere ? std::max<int64_t>(0, tokens - length) : tokens - 1;
    for (int64_t at = 0; at <= last; at += step)
      windows_.push_back({begin + at, std::min(length, tokens - at)});
    short_ = short_ || windows_.back().length < length;
  }

  // Keeps so many windows; of those that overlap such at even distances, for the first ones would be one
  // text, a character apart.
  void keep(size_t most, bool overlap) {
    const size_t all = windows_.size();
    if (most >= all) return;
    for (size_t i = 0; i < most && overlap; ++i) windows_[i] = windows_[i * all / most];
    windows_.resize(most);
  }

  Space space_;
  Tensor token_;  // int64, of all pieces one after another
  std::vector<Window> windows_;
  bool short_ = false;
  int64_t end_ = -1;  // the token that fills what follows a document; -1: none, a mask tells
};

void check_text_options(const DataOptions& options) {
  const std::string& path = options.path;
  STEER_CHECK(options.split == "train" || options.split == "test" || options.split == "validation", "[data] ",
              path, ": expected split train, test or validation but got ", options.split);
  STEER_CHECK(options.size == 0 && options.channels == 0, "[data] ", path,
              ": expected no size and channels, which text does not have");
  STEER_CHECK(options.labels == DataOptions().labels && options.rare.empty(), "[data] ", path,
              ": expected the words labels and rare with the data set shapes alone");
}

}  // namespace

bool is_text_path(const std::string& path) {
  std::error_code ignored;
  if (is_text_name(path)) return true;
  if (!fs::is_directory(path, ignored)) return false;
  bool found = false;
  for (const char* part : {"", "train", "test"}) {
    const fs::path folder = fs::path(path) / part;
    if (!fs::is_directory(folder, ignored)) continue;
    for (const auto& entry :
         fs::directory_iterator(folder, fs::directory_options::skip_permission_denied, ignored)) {
      if (!entry.is_regular_file(ignored)) continue;
      const std::string name = entry.path().filename().string();
      for (const char* picture : {".png", ".jpg", ".jpeg", ".webp"})
        if (entry.path().extension() == picture) return false;
      found = found || is_text_name(name);
    }
  }
  return found;
}

std::unique_ptr<Dataset> make_text_dataset(const DataOptions& options) {
  check_text_options(options);
  const Documents documents = documents_at(options.path);
  const bool train = options.split == "train";
  const std::vector<std::string>& wanted = train ? documents.train : documents.test;
  STEER_CHECK(!wanted.empty(), "[data] ", options.path, ": expected text to ",
              train ? "train on" : "test with", " but there is none");
  std::vector<std::vector<int64_t>> pieces;
  Tokenizer tokenizer = Tokenizer::bytes();
  try {
    tokenizer = tokenizer_for(options.tokenizer, documents, !options.documents);
    const bool of_model = options.tokenizer.front() == '{';
    if (options.documents && !of_model) tokenizer = tokenizer.with_end();
    if (options.documents || tokenizer.end() >= 0)
      for (const std::string& document : wanted) pieces.push_back(ended(tokenizer, document));
    else
      pieces.push_back(tokenizer.encode(joined_documents(wanted)));
  } catch (const Error& error) {
    fail("[data] ", options.path, ": ", error.what());
  }
  return std::make_unique<TextDataset>(text_space(tokenizer, options.length), pieces, train, options.limit);
}

const std::vector<Named>& text_data() {
  static const std::vector<Named> table = {
      {"<text.txt>", "a text in UTF-8; its last tenth is for tests"},
      {"<texts.jsonl>", "a document on each line, a JSON string or an object with \"text\"; also .gz"},
      {"<folder>", "such files, or folders train and test with them"},
  };
  return table;
}

}  // namespace steer
