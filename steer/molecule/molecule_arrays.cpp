#include "steer/molecule/molecule_arrays.h"

#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

constexpr char kHartree[] = "Hartree";
constexpr double kElectronVolts = 27.2114;  // of a Hartree, as the tables of EDM and TFG have it

// What stands between quotes or brackets behind a key of the header.
std::string header_value(const std::string& header, const std::string& key, char open, char close) {
  const size_t at = header.find("'" + key + "'");
  const size_t begin = at == std::string::npos ? at : header.find(open, at + key.size() + 2);
  const size_t end = begin == std::string::npos ? begin : header.find(close, begin + 1);
  return end == std::string::npos ? "" : header.substr(begin + 1, end - begin - 1);
}

std::vector<int64_t> shape_in(const std::string& text, const std::string& name) {
  std::vector<int64_t> shape;
  std::istringstream stream(text);
  std::string word;
  while (std::getline(stream, word, ',')) {
    if (word.find_first_not_of(' ') == std::string::npos) continue;
    char* end = nullptr;
    const long long size = std::strtoll(word.c_str(), &end, 10);
    STEER_CHECK(end != word.c_str() && size >= 0 && size < (1LL << 40), "[read] ", name,
                ": expected a shape but got (", text, ")");
    shape.push_back(size);
  }
  return shape;
}

Tensor read_array(const fs::path& path, torch::ScalarType type, int64_t dims) {
  const Tensor array = array_from_npy(read_file(path.string()), path.string());
  STEER_CHECK(array.scalar_type() == type && array.dim() == dims, "[read] ", path.string(),
              ": expected an array of ", dims, " sizes of ", c10::toString(type), " but got ",
              shape_text(array.sizes()), " of ", c10::toString(array.scalar_type()));
  return array;
}

// The names of the columns; `units` gets what each is multiplied by.
std::vector<std::string> value_names(const fs::path& path, int64_t columns, std::vector<double>& units) {
  std::istringstream lines(read_file(path.string()));
  std::vector<std::string> names;
  std::string line;
  while (std::getline(lines, line)) {
    if (line.empty()) continue;
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    STEER_CHECK(first != std::string::npos && line.substr(0, first) == std::to_string(names.size()),
                "[read] ", path.string(), ": expected column ", names.size(),
                ", a tab and its name but got \"", line.substr(0, 40), "\"");
    names.push_back(line.substr(first + 1, second - first - 1));
    const bool hartree = line.compare(second + 1, sizeof kHartree - 1, kHartree) == 0;
    units.push_back(hartree ? kElectronVolts : 1.0);
  }
  STEER_CHECK(static_cast<int64_t>(names.size()) == columns, "[read] ", path.string(), ": expected ", columns,
              " columns as properties.npy has but got ", names.size());
  return names;
}

void check_arrays(const MoleculeArrays& all, const std::string& folder) {
  const int64_t atoms = all.number.size(0);
  STEER_CHECK(all.position.size(0) == atoms && all.position.size(1) == 3, "[read] ", folder,
              ": expected positions [", atoms, ", 3] but got ", shape_text(all.position.sizes()));
  STEER_CHECK(all.begin.size(0) >= 2 && all.begin[0].item<int64_t>() == 0 &&
                  all.begin[-1].item<int64_t>() == atoms && (all.begin.diff() > 0).all().item<bool>(),
              "[read] ", folder, ": expected offsets that rise from 0 to ", atoms);
  STEER_CHECK(at::isfinite(all.position).all().item<bool>(), "[read] ", folder,
              ": expected finite positions");
  for (const Tensor& each : {all.value, all.part, all.half})
    STEER_CHECK(!each.defined() || each.size(0) == all.size(), "[read] ", folder, ": expected ", all.size(),
                " rows, one for each molecule, but got ", each.size(0));
}

}  // namespace

Tensor array_from_npy(std::string_view bytes, const std::string& name) {
  static const std::map<std::string, torch::ScalarType> types = {{"|u1", torch::kUInt8},
                                                                 {"<i4", torch::kInt32},
                                                                 {"<i8", torch::kInt64},
                                                                 {"<f4", torch::kFloat32},
                                                                 {"<f8", torch::kFloat64}};
  STEER_CHECK(bytes.size() >= 10 && bytes.substr(0, 6) == std::string_view("\x93NUMPY", 6), "[read] ", name,
              ": expected an array of NumPy (.npy)");
  const bool old = bytes[6] == 1;
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(bytes[i])); };
  STEER_CHECK(old || bytes.size() >= 12, "[read] ", name, ": expected a header");
  const size_t length = byte(8) + (byte(9) << 8) + (old ? 0 : (byte(10) << 16) + (byte(11) << 24));
  const size_t begin = (old ? 10 : 12) + length;
  STEER_CHECK(begin <= bytes.size(), "[read] ", name, ": expected a header of ", length,
              " bytes but the file ends before");
  const std::string header(bytes.substr(old ? 10 : 12, length));
  const std::string word = header_value(header, "descr", '\'', '\'');
  STEER_CHECK(types.count(word) > 0 && header.find("'fortran_order': False") != std::string::npos, "[read] ",
              name, ": expected uint8, int32, int64, float32 or float64 in C order but got ", header);
  const std::vector<int64_t> shape = shape_in(header_value(header, "shape", '(', ')'), name);
  double values = 1;
  for (const int64_t size : shape) values *= static_cast<double>(size);
  const size_t each = c10::elementSize(types.at(word));
  STEER_CHECK(values * static_cast<double>(each) == static_cast<double>(bytes.size() - begin), "[read] ",
              name, ": expected ", shape_text(shape), " numbers of ", each, " bytes but ",
              bytes.size() - begin, " bytes are left");
  const Tensor array = at::empty(shape, types.at(word));
  std::memcpy(array.data_ptr(), bytes.data() + begin, bytes.size() - begin);
  return array;
}

bool holds_molecule_arrays(const std::string& folder) {
  std::error_code none;
  for (const char* file : {"numbers.npy", "positions.npy", "offsets.npy"})
    if (!fs::is_regular_file(fs::path(folder) / file, none)) return false;
  return true;
}

MoleculeArrays read_molecule_arrays(const std::string& folder) {
  const fs::path at(folder);
  MoleculeArrays all;
  all.number = read_array(at / "numbers.npy", torch::kUInt8, 1);
  all.position = read_array(at / "positions.npy", torch::kFloat32, 2);
  all.begin = read_array(at / "offsets.npy", torch::kInt32, 1).to(torch::kInt64);
  if (fs::exists(at / "properties.npy")) {
    all.value = read_array(at / "properties.npy", torch::kFloat32, 2);
    std::vector<double> units;
    all.values = value_names(at / "properties.txt", all.value.size(1), units);
    all.value = all.value * at::tensor(units, torch::kFloat64).to(torch::kFloat32);
  }
  for (const auto& [file, member] : std::map<std::string, Tensor MoleculeArrays::*>{
           {"split.npy", &MoleculeArrays::part}, {"half.npy", &MoleculeArrays::half}})
    if (fs::exists(at / file)) all.*member = read_array(at / file, torch::kUInt8, 1).to(torch::kInt64);
  check_arrays(all, folder);
  if (!all.part.defined()) all.part = at::zeros({all.size()}, torch::kInt64);
  if (!all.half.defined()) all.half = at::zeros({all.size()}, torch::kInt64);
  return all;
}

}  // namespace steer
