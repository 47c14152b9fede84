#include "steer/text/text_files.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"

namespace steer {
namespace {

constexpr size_t kMostTextBytes = size_t{1} << 30;
constexpr char kMark[] = "\xEF\xBB\xBF";

bool ends_with(std::string_view name, std::string_view ending) {
  return name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending;
}

std::string small_letters(std::string_view name) {
  std::string made(name);
  std::transform(made.begin(), made.end(), made.begin(), [](unsigned char c) { return std::tolower(c); });
  return made;
}

std::string unpacked(const std::string& path) {
  check_file_to_read(path);
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  STEER_CHECK(file, "[text] ", path, ": cannot be read");
  std::string text;
  std::vector<char> part(size_t{1} << 16);
  for (;;) {
    const int got = gzread(file.get(), part.data(), static_cast<unsigned>(part.size()));
    STEER_CHECK(got >= 0, "[text] ", path, ": expected whole gzip data but it is broken");
    if (got == 0) break;
    text.append(part.data(), static_cast<size_t>(got));
    STEER_CHECK(text.size() <= kMostTextBytes, "[text] ", path, ": expected at most ", kMostTextBytes,
                " bytes but there are more");
  }
  // A file that is cut off ends without an error of its own.
  int error = Z_OK;
  gzerror(file.get(), &error);
  STEER_CHECK(error == Z_OK || error == Z_STREAM_END, "[text] ", path,
              ": expected whole gzip data but it is cut off");
  return text;
}

// The label of a line; empty for none.
std::string label_of(const Json& line) {
  if (!line.is_object() || !line.contains("label")) return "";
  const Json& label = line["label"];
  return label.is_string() ? label.get<std::string>() : label.is_number_integer() ? label.dump() : "";
}

std::vector<TextDocument> documents_of_lines(const std::string& lines, const std::string& path) {
  std::vector<TextDocument> documents;
  int64_t number = 0;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    const std::string line = lines.substr(at, end - at);
    at = end + 1, ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Json json = Json::parse(line, nullptr, false);
    const bool object = json.is_object() && json.contains("text") && json["text"].is_string();
    STEER_CHECK(object || json.is_string(), "[text] ", path, ": line ", number,
                ": expected a JSON string or an object with a string \"text\"");
    documents.push_back(
        {plain_text(object ? json["text"].get<std::string>() : json.get<std::string>()), label_of(json)});
    STEER_CHECK(documents.back().label.empty() == documents.front().label.empty(), "[text] ", path, ": line ",
                number, ": expected a \"label\", a string or a whole number, in every line or in none");
  }
  return documents;
}

}  // namespace

bool is_text_name(std::string_view name) {
  const std::string small = small_letters(name);
  for (const char* ending : {".txt", ".jsonl", ".txt.gz", ".jsonl.gz"})
    if (ends_with(small, ending)) return true;
  return false;
}

std::string plain_text(std::string_view text) {
  if (text.rfind(kMark, 0) == 0) text.remove_prefix(sizeof kMark - 1);
  std::string made;
  made.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      made += text[i];
      continue;
    }
    made += '\n';
    if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  return made;
}

std::vector<TextDocument> read_labelled(const std::string& path) {
  const std::string name = small_letters(path);
  const std::string bytes = ends_with(name, ".gz") ? unpacked(path) : read_file(path);
  STEER_CHECK(bytes.size() <= kMostTextBytes, "[text] ", path, ": expected at most ", kMostTextBytes,
              " bytes but got ", bytes.size());
  const bool lines = ends_with(name, ".jsonl") || ends_with(name, ".jsonl.gz");
  std::vector<TextDocument> documents =
      lines ? documents_of_lines(bytes, path) : std::vector<TextDocument>{{plain_text(bytes), ""}};
  documents.erase(std::remove_if(documents.begin(), documents.end(),
                                 [](const TextDocument& document) { return document.text.empty(); }),
                  documents.end());
  STEER_CHECK(!documents.empty(), "[text] ", path, ": expected text but there is none");
  return documents;
}

std::vector<std::string> read_documents(const std::string& path) {
  std::vector<std::string> texts;
  for (TextDocument& document : read_labelled(path)) texts.push_back(std::move(document.text));
  return texts;
}

}  // namespace steer
