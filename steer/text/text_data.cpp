#include "steer/text/text_data.h"

#include <algorithm>
#include <filesystem>
#include <set>

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
  std::vector<TextDocument> train, test;
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

Documents parted(std::vector<TextDocument> all) {
  Documents documents;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all.size() >= kTestEvery) {
      (i % kTestEvery == kTestEvery - 1 ? documents.test : documents.train).push_back(std::move(all[i]));
      continue;
    }
    const auto& [text, label] = all[i];
    const size_t at = nine_tenths(text);
    if (at > 0) documents.train.push_back({text.substr(0, at), label});
    if (at < text.size()) documents.test.push_back({text.substr(at), label});
  }
  return documents;
}

// The folder of `path` whose files are for tests; empty where there is none.
std::string test_folder(const std::string& path) {
  for (const char* name : {"test", "validation"})
    if (fs::is_directory(fs::path(path) / name)) return name;
  return "";
}

std::vector<TextDocument> documents_below(const std::string& folder) {
  std::vector<TextDocument> all;
  for (const Listed& file : folder_listing(folder).files)
    if (is_text_name(file.name))
      for (TextDocument& document : read_labelled((fs::path(folder) / file.source).string()))
        all.push_back(std::move(document));
  return all;
}

Documents documents_at(const std::string& path) {
  if (!fs::is_directory(path)) return parted(read_labelled(path));
  const std::string test = test_folder(path);
  if (test.empty() || !fs::is_directory(fs::path(path) / "train")) return parted(documents_below(path));
  return {documents_below((fs::path(path) / "train").string()),
          documents_below((fs::path(path) / test).string())};
}

std::string joined_documents(const std::vector<TextDocument>& documents) {
  std::string text;
  for (const TextDocument& document : documents) text += (text.empty() ? "" : "\n\n") + document.text;
  return text;
}

// Text with every character that a window may have; those that run on have an empty line between documents.
std::string all_characters(const Documents& documents, bool run_on) {
  std::string text = run_on && (documents.train.size() > 1 || documents.test.size() > 1) ? "\n" : "";
  for (const auto* part : {&documents.train, &documents.test})
    for (const TextDocument& document : *part) text += document.text;
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

// The labels of all documents: whole numbers by size, then names by their letters; none where documents have
// none.
std::vector<std::string> labels_of(const Documents& documents, const std::string& path) {
  std::set<std::string> found;
  for (const auto* part : {&documents.train, &documents.test})
    for (const TextDocument& document : *part) found.insert(document.label);
  if (found.size() == 1 && found.begin()->empty()) return {};
  STEER_CHECK(found.count("") == 0, "[data] ", path, ": expected a label for every document or for none");
  std::vector<std::string> names(found.begin(), found.end());
  const auto number = [](const std::string& name) {
    return name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
  };
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    if (number(a) != number(b)) return number(a);
    return number(a) ? std::stol(a) < std::stol(b) : a < b;
  });
  return names;
}

std::vector<int64_t> ended(const Tokenizer& tokenizer, const std::string& document) {
  std::vector<int64_t> tokens = tokenizer.encode(document);
  if (tokenizer.end() >= 0) tokens.push_back(tokenizer.end());
  return tokens;
}

// Where a window stands in the tokens, and how long it is.
struct Window {
  int64_t at, length, label;
};

// The tokens of a text and its label, -1 for none.
struct Piece {
  std::vector<int64_t> tokens;
  int64_t label;
};

// Tokens and the windows on them.
class TextDataset : public Dataset {
 public:
  TextDataset(Space space, std::vector<std::string> classes, const std::vector<Piece>& pieces,
              bool everywhere, int64_t limit)
      : space_(std::move(space)), classes_(std::move(classes)) {
    const int64_t length = space_.sizes[0];
    std::vector<int64_t> all;
    for (const auto& [tokens, label] : pieces) {
      add_windows({static_cast<int64_t>(all.size()), static_cast<int64_t>(tokens.size()), label}, length,
                  everywhere);
      all.insert(all.end(), tokens.begin(), tokens.end());
    }
    if (limit > 0) keep(static_cast<size_t>(limit), everywhere);
    all.insert(all.end(), static_cast<size_t>(length), 0);  // a short window reaches into these
    token_ = at::tensor(all, torch::kInt64);
    end_ = tokenizer_of(space_).end();
  }

  int64_t size() const override { return static_cast<int64_t>(windows_.size()); }
  Space space() const override { return space_; }
  std::vector<std::string> classes() const override { return classes_; }

  Batch batch(const std::vector<int64_t>& indices) const override {
    const int64_t length = space_.sizes[0];
    std::vector<Tensor> rows, masks;
    std::vector<int64_t> labels;
    for (const int64_t index : indices) {
      STEER_CHECK(index >= 0 && index < size(), "[data] expected a sample from 0 to ", size() - 1,
                  " but got ", index);
      const Window& window = windows_[static_cast<size_t>(index)];
      const Tensor there = at::arange(length) < window.length;
      rows.push_back(at::where(there, token_.narrow(0, window.at, length), std::max<int64_t>(end_, 0)));
      masks.push_back(there);
      labels.push_back(window.label);
    }
    Batch batch;
    batch.data.token = at::stack(rows);
    if (short_ && end_ < 0) batch.data.mask = at::stack(masks);
    batch.told.label = at::tensor(labels, torch::kInt64);
    batch.index = at::tensor(indices, torch::kInt64);
    return batch;
  }

 private:
  void add_windows(const Window& whole, int64_t length, bool everywhere) {
    const auto [begin, tokens, label] = whole;
    const int64_t step = everywhere ? 1 : length,
                  last = everywhere ? std::max<int64_t>(0, tokens - length) : tokens - 1;
    for (int64_t at = 0; at <= last; at += step)
      windows_.push_back({begin + at, std::min(length, tokens - at), label});
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
  std::vector<std::string> classes_;
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
  const std::vector<TextDocument>& wanted = train ? documents.train : documents.test;
  STEER_CHECK(!wanted.empty(), "[data] ", options.path, ": expected text to ",
              train ? "train on" : "test with", " but there is none");
  std::vector<std::string> classes;
  std::vector<Piece> pieces;
  Tokenizer tokenizer = Tokenizer::bytes();
  try {
    tokenizer = tokenizer_for(options.tokenizer, documents, !options.documents);
    const bool of_model = options.tokenizer.front() == '{';
    if (options.documents && !of_model) tokenizer = tokenizer.with_end();
    // Where windows run on from one document into the next, labels are of no window.
    const bool apart = options.documents || tokenizer.end() >= 0;
    if (apart) classes = labels_of(documents, options.path);
    const auto label_of = [&](const TextDocument& document) {
      return classes.empty() ? int64_t{-1}
                             : std::find(classes.begin(), classes.end(), document.label) - classes.begin();
    };
    if (!apart) pieces.push_back({tokenizer.encode(joined_documents(wanted)), -1});
    for (size_t i = 0; i < wanted.size() && apart; ++i)
      pieces.push_back({ended(tokenizer, wanted[i].text), label_of(wanted[i])});
  } catch (const Error& error) {
    fail("[data] ", options.path, ": ", error.what());
  }
  return std::make_unique<TextDataset>(text_space(tokenizer, options.length), std::move(classes), pieces,
                                       train, options.limit);
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
