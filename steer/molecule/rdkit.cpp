#include "steer/molecule/rdkit.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <set>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/molecule/rdkit_process.h"
#include "steer/molecule/rdkit_script.h"
#include "steer/molecule/sdf.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

constexpr double kLoadSeconds = 60, kNoNumber = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostOfLine = 1 << 16, kMostOfPicture = 1 << 26;
constexpr int64_t kLeastDepictionSide = 16, kMostDepictionSide = 4096;
constexpr char kSmilesName[] = "smiles", kValidName[] = "valid";

std::string rdkit_python(const RdkitOptions& options) {
  if (!options.python.empty()) return options.python;
  const char* named = std::getenv("STEER_RDKIT_PYTHON");
  return named && *named ? named : "python3";
}

[[noreturn]] void refuse_rdkit(const std::string& python, const std::string& what) {
  fail("[rdkit] expected a Python with rdkit (pip install rdkit; STEER_RDKIT_PYTHON names it), but ", python,
       " ", what);
}

// The text under a key of what the process says; none where it says something else.
std::optional<std::string> rdkit_field(const std::string& line, const char* key) {
  const Json said = Json::parse(line, nullptr, false);
  const auto found = said.is_object() ? said.find(key) : said.end();
  if (!said.is_object() || found == said.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

// The molecule as a request has it; none of one that no file can hold.
std::optional<std::string> rdkit_block(const Molecule& molecule) {
  Molecule untitled = molecule;
  untitled.title.clear();
  try {
    return sdf_text({untitled});
  } catch (const Error&) {
    return std::nullopt;
  }
}

RdkitScore misfit_score(const std::vector<std::string>& names) {
  RdkitScore score;
  for (const std::string& name : names) score.number.push_back(name == kValidName ? 0 : kNoNumber);
  return score;
}

std::string joined_names(const std::vector<std::string>& names) {
  std::string words;
  for (const std::string& name : names) words += " " + name;
  return words;
}

// The value of a letter of base64, 64 of any other.
uint32_t base64_value(char letter) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t found = kLetters.find(letter);
  return found == kLetters.npos ? 64 : static_cast<uint32_t>(found);
}

}  // namespace

// The conversation with the process.
class Rdkit::Talk {
 public:
  explicit Talk(const RdkitOptions& options)
      : process_(rdkit_python(options), kRdkitScript), timeout_seconds_(options.timeout_seconds) {}

  std::string version() {
    const std::lock_guard<std::mutex> alone(mutex_);
    ready({});
    return version_;
  }

  // The line about a molecule by a request with these words, whose needs are loaded before; none where there
  // is none.
  std::optional<std::string> line(const std::string& request, const std::vector<std::string>& needs,
                                  const Molecule& molecule, size_t most) {
    const std::optional<std::string> block = rdkit_block(molecule);
    const std::lock_guard<std::mutex> alone(mutex_);
    ready(needs);
    if (!block) return std::nullopt;
    std::optional<std::string> answer = process_.answer(request + "\n" + *block, timeout_seconds_, most);
    if (!answer) ++lost_;
    return answer;
  }

  // The text that such a line holds; none where it holds null, and where there is no line.
  std::optional<std::string> text(const std::string& kind, const Molecule& molecule, int64_t side) {
    STEER_CHECK(side >= kLeastDepictionSide && side <= kMostDepictionSide, "[rdkit] expected a side of ",
                kLeastDepictionSide, " to ", kMostDepictionSide, " pixels but got ", side);
    const auto said = line(joined(kind, " ", side), {kind}, molecule, kMostOfPicture);
    if (!said) return std::nullopt;
    const Json json = Json::parse(*said, nullptr, false);
    STEER_CHECK(json.is_string() || json.is_null(), "[rdkit] ", process_.python(),
                ": expected a picture but got ", in_quotes(*said));
    if (json.is_null()) return std::nullopt;
    return json.get<std::string>();
  }

  int64_t lost() const {
    const std::lock_guard<std::mutex> alone(mutex_);
    return lost_;
  }

 private:
  // Starts the process if none waits, and lets it load what these names need.
  void ready(const std::vector<std::string>& needs) {
    if (!process_.waiting()) {
      loaded_.clear();
      process_.start();
      greet();
    }
    std::vector<std::string> missing;
    for (const std::string& name : needs)
      if (loaded_.count(name) == 0) missing.push_back(name);
    if (missing.empty()) return;
    const auto said = process_.answer("load" + joined_names(missing) + "\n", kLoadSeconds, kMostOfLine);
    if (!said || *said != "true") refuse_load(missing, said);
    loaded_.insert(missing.begin(), missing.end());
  }

  void greet() {
    std::optional<std::string> said;
    try {
      said = process_.answer("", kLoadSeconds, kMostOfLine);
    } catch (const Error&) {
      refuse_rdkit(process_.python(), "said more than one line");
    }
    if (!said) refuse_rdkit(process_.python(), process_.failure());
    if (const auto version = rdkit_field(*said, "rdkit")) {
      version_ = *version;
      return;
    }
    process_.end();
    if (const auto missing = rdkit_field(*said, "missing"))
      refuse_rdkit(process_.python(), "has none: " + *missing);
    refuse_rdkit(process_.python(), "said " + in_quotes(*said));
  }

  [[noreturn]] void refuse_load(const std::vector<std::string>& names,
                                const std::optional<std::string>& said) {
    process_.end();
    const std::string found =
        said ? rdkit_field(*said, "missing").value_or(in_quotes(*said)) : "that it " + process_.failure();
    fail("[rdkit] ", process_.python(), ": expected an rdkit that has", joined_names(names), " but got ",
         found);
  }

  RdkitProcess process_;
  double timeout_seconds_;
  mutable std::mutex mutex_;
  std::set<std::string> loaded_;  // names that the present process has loaded
  std::string version_;
  int64_t lost_ = 0;
};

const std::vector<Named>& rdkit_names() {
  static const std::vector<Named> names = {
      {"qed", "how much it is like drugs, 0 to 1 (Bickerton et al. 2012)"},
      {"logp", "octanol's share against water's, a decimal logarithm (Wildman and Crippen 1999)"},
      {"tpsa", "polar surface by its fragments, in Angstrom^2 (Ertl et al. 2000)"},
      {"weight", "average molecular weight, in g/mol"},
      {"rings", "rings, as many as a smallest set has"},
      {"aromatic_rings", "those of them that are aromatic"},
      {"sa", "how hard it is to make, 1 easy to 10 hard (Ertl and Schuffenhauer 2009)"},
      {"strain",
       "energy above that of the nearest rest, in kcal/mol by MMFF94 (Halgren 1996); hydrogens as atoms"},
      {kValidName, "1 if RDKit sanitizes it and it is of one fragment, else 0"},
      {kSmilesName, "canonical SMILES, a text"},
  };
  return names;
}

void check_rdkit_names(const std::vector<std::string>& names) {
  const std::vector<std::string> known = names_of(rdkit_names());
  STEER_CHECK(!names.empty(), "[rdkit] expected at least one name, as qed");
  std::set<std::string> before;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string list;
      for (const std::string& each : known) list += (list.empty() ? "" : ", ") + each;
      fail("[rdkit] expected one of ", list, " but got ", in_quotes(name));
    }
    STEER_CHECK(before.insert(name).second, "[rdkit] expected every name once but got ", name, " twice");
  }
}

Rdkit::Rdkit(RdkitOptions options) {
  STEER_CHECK(std::isfinite(options.timeout_seconds) && options.timeout_seconds > 0,
              "[rdkit] timeout: expected seconds above 0 but got ", options.timeout_seconds);
  talk_ = std::make_unique<Talk>(options);
}

Rdkit::~Rdkit() = default;

std::string Rdkit::version() {
  return talk_->version();
}

int64_t Rdkit::lost() const {
  return talk_->lost();
}

std::vector<RdkitScore> Rdkit::scores(const std::vector<Molecule>& molecules,
                                      const std::vector<std::string>& names) {
  check_rdkit_names(names);
  std::vector<RdkitScore> scores;
  for (const Molecule& molecule : molecules) {
    const auto line = talk_->line("scores" + joined_names(names), names, molecule, kMostOfLine);
    scores.push_back(line ? score_from_rdkit(*line, names) : misfit_score(names));
  }
  return scores;
}

std::optional<std::string> Rdkit::svg(const Molecule& molecule, int64_t side) {
  return talk_->text("svg", molecule, side);
}

std::optional<Tensor> Rdkit::picture(const Molecule& molecule, int64_t side) {
  const auto text = talk_->text("png", molecule, side);
  if (!text) return std::nullopt;
  return decode_image(bytes_from_base64(*text), "the picture that RDKit drew", 3);
}

std::vector<RdkitScore> rdkit_scores(const std::vector<Molecule>& molecules,
                                     const std::vector<std::string>& names, const RdkitOptions& options) {
  return Rdkit(options).scores(molecules, names);
}

std::optional<std::string> depiction_svg(const Molecule& molecule, int64_t side,
                                         const RdkitOptions& options) {
  return Rdkit(options).svg(molecule, side);
}

std::optional<Tensor> depiction(const Molecule& molecule, int64_t side, const RdkitOptions& options) {
  return Rdkit(options).picture(molecule, side);
}

RdkitScore score_from_rdkit(const std::string& line, const std::vector<std::string>& names) {
  const Json said = Json::parse(line, nullptr, false);
  STEER_CHECK(said.is_array() && said.size() == names.size(), "[rdkit] expected a list of ", names.size(),
              " values but got ", in_quotes(line));
  RdkitScore score;
  for (size_t i = 0; i < names.size(); ++i) {
    const Json& value = said[i];
    const bool text = names[i] == kSmilesName;
    STEER_CHECK(value.is_null() || (text ? value.is_string() : value.is_number()), "[rdkit] expected ",
                names[i], " or null but got ", in_quotes(json_text(value)));
    score.number.push_back(value.is_number() ? value.get<double>() : kNoNumber);
    if (value.is_string()) score.smiles = value.get<std::string>();
  }
  return score;
}

std::string bytes_from_base64(std::string_view text) {
  constexpr char kFault[] = "[rdkit] expected base64 but got ";
  STEER_CHECK(text.size() % 4 == 0, kFault, text.size(), " letters");
  size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') text.remove_suffix(1), ++padding;
  std::string bytes;
  uint32_t held = 0;
  int bits = 0;
  for (const char letter : text) {
    const uint32_t value = base64_value(letter);
    STEER_CHECK(value < 64, kFault, in_quotes(std::string(1, letter)));
    held = (held << 6) | value, bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits);
    held &= (1u << bits) - 1;
  }
  STEER_CHECK(held == 0, kFault, "bits behind its end");
  return bytes;
}

}  // namespace steer
