#include "steer/points/point_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

bool ends_in(std::string_view name, std::string_view ending) {
  if (name.size() < ending.size()) return false;
  const std::string_view end = name.substr(name.size() - ending.size());
  return std::equal(end.begin(), end.end(), ending.begin(),
                    [](unsigned char a, char b) { return std::tolower(a) == b; });
}

// The most fields that are looked at: all beyond are refused alike.
constexpr size_t kMostFields = 8;

// The fields of a line, the first kMostFields, without the blanks around them.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  const bool by_marks = line.find_first_of(",;") != std::string::npos;
  const char* separators = by_marks ? ",;" : " \t";
  size_t at = 0;
  while (at <= line.size() && fields.size() < kMostFields) {
    const size_t end = std::min(line.find_first_of(separators, at), line.size());
    std::string field = line.substr(at, end - at);
    const size_t first = field.find_first_not_of(" \t\r"), last = field.find_last_not_of(" \t\r");
    field = first == std::string::npos ? "" : field.substr(first, last - first + 1);
    if (by_marks || !field.empty()) fields.push_back(field);
    at = end + 1;
  }
  return fields;
}

// What a float holds.
constexpr double kMostNumber = std::numeric_limits<float>::max();

std::optional<double> number_in(const std::string& field) {
  char* rest = nullptr;
  const double value = std::strtod(field.c_str(), &rest);
  if (field.empty() || *rest != 0 || !std::isfinite(value) || std::abs(value) > kMostNumber) return {};
  return value;
}

// What a .npy says of its array.
struct ArrayHead {
  bool doubles;   // or floats
  int64_t count;  // of points
  size_t begin;   // of the numbers
};

// The text behind `key` in a .npy's head, up to its comma; of a shape up to its bracket.
std::string entry_of(const std::string& head, const std::string& key, const std::string& name) {
  const size_t at = head.find("'" + key + "':");
  STEER_CHECK(at != std::string::npos, "[points] ", name, ": expected a NumPy array but its head has no ",
              key);
  const size_t begin = head.find_first_not_of(' ', at + key.size() + 3);
  const size_t end = begin == std::string::npos ? begin : head.find(head[begin] == '(' ? ')' : ',', begin);
  STEER_CHECK(end != std::string::npos, "[points] ", name,
              ": expected a NumPy array but its head is cut off");
  return head.substr(begin, end - begin);
}

ArrayHead head_of(std::string_view bytes, const std::string& name) {
  STEER_CHECK(bytes.size() >= 12 && bytes.substr(0, 6) == std::string_view("\x93NUMPY", 6), "[points] ", name,
              ": expected a NumPy array (.npy)");
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[i])); };
  const bool first = byte(6) == 1;
  const size_t start = first ? 10 : 12;
  const size_t length =
      first ? byte(8) + 256 * byte(9) : byte(8) + 256 * byte(9) + 65536 * byte(10) + (byte(11) << 24);
  STEER_CHECK(byte(6) >= 1 && byte(6) <= 3 && length <= bytes.size() - start, "[points] ", name,
              ": expected a NumPy array but it is cut off or of an unknown version");
  const std::string head(bytes.substr(start, length));
  const std::string type = entry_of(head, "descr", name), order = entry_of(head, "fortran_order", name);
  STEER_CHECK(type == "'<f4'" || type == "'<f8'", "[points] ", name,
              ": expected float32 or float64 numbers but got ", type);
  STEER_CHECK(order == "False", "[points] ", name, ": expected an array in C order but got Fortran's");
  std::vector<int64_t> shape;
  const std::string sides = entry_of(head, "shape", name);
  STEER_CHECK(!sides.empty() && sides[0] == '(', "[points] ", name, ": expected a shape in brackets");
  for (const std::string& field : fields_of(sides.substr(1) + ","))
    if (const auto side = number_in(field))
      shape.push_back(*side >= 0 && *side <= 0x1p53 ? static_cast<int64_t>(*side) : -1);
  STEER_CHECK((shape.size() == 1 || (shape.size() == 2 && shape[0] > 0)) && shape.back() == 2, "[points] ",
              name, ": expected an array [N, 2] or [2] but got ", shape_text(shape));
  return {type == "'<f8'", shape.size() == 1 ? 1 : shape[0], start + length};
}

}  // namespace

bool is_points_name(std::string_view name) {
  return ends_in(name, ".csv") || ends_in(name, ".npy");
}

PlanePoints points_from_csv(std::string_view bytes, const std::string& name) {
  std::vector<float> numbers;
  std::vector<int64_t> labels;
  size_t columns = 0;
  int64_t number = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string line(bytes.substr(at, end - at));
    at = end + 1;
    ++number;
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    const std::vector<std::string> fields = fields_of(line);
    const auto x = number_in(fields[0]);
    if (!x && numbers.empty() && columns == 0) {
      columns = fields.size();  // of names
      continue;
    }
    const auto y = fields.size() > 1 ? number_in(fields[1]) : std::nullopt;
    if (columns == 0) columns = fields.size();
    STEER_CHECK(x && y && fields.size() == columns && columns <= 3, "[points] ", name, ", line ", number,
                ": expected x, y and perhaps a label, alike on every line, but got \"", line.substr(0, 40),
                "\"");
    numbers.insert(numbers.end(), {static_cast<float>(*x), static_cast<float>(*y)});
    if (columns < 3) continue;
    const auto label = number_in(fields[2]);
    STEER_CHECK(label && *label == std::floor(*label) && *label >= -1 && *label < 1e6, "[points] ", name,
                ", line ", number, ": expected a label, a whole number from -1 on, but got \"", fields[2],
                "\"");
    labels.push_back(static_cast<int64_t>(*label));
  }
  STEER_CHECK(!numbers.empty(), "[points] ", name, ": expected at least one point but got none");
  const Tensor x = at::tensor(numbers, torch::kFloat32).view({-1, 2});
  return {x, labels.empty() ? at::full({x.size(0)}, -1, torch::kInt64) : at::tensor(labels, torch::kInt64)};
}

PlanePoints points_from_npy(std::string_view bytes, const std::string& name) {
  const ArrayHead head = head_of(bytes, name);
  const size_t each = head.doubles ? 8 : 4, have = (bytes.size() - head.begin) / (2 * each);
  STEER_CHECK(static_cast<size_t>(head.count) == have && (bytes.size() - head.begin) % (2 * each) == 0,
              "[points] ", name, ": expected ", head.count, " points but the file has room for ", have);
  const Tensor stored = at::empty({head.count, 2}, head.doubles ? torch::kFloat64 : torch::kFloat32);
  std::memcpy(stored.data_ptr(), bytes.data() + head.begin, bytes.size() - head.begin);
  const Tensor x = stored.to(torch::kFloat32);
  STEER_CHECK(at::isfinite(x).all().item<bool>(), "[points] ", name, ": expected finite numbers");
  return {x, at::full({head.count}, -1, torch::kInt64)};
}

PlanePoints read_points(const std::string& path) {
  STEER_CHECK(is_points_name(path), "[points] ", path, ": expected a file of points, .csv or .npy");
  const std::string bytes = read_file(path);
  return ends_in(path, ".csv") ? points_from_csv(bytes, path) : points_from_npy(bytes, path);
}

std::string points_csv(const Tensor& x, const Tensor& label) {
  STEER_CHECK(x.dim() == 2 && x.size(1) == 2, "[points] expected points [N, 2] but got ",
              shape_text(x.sizes()));
  const Tensor numbers = x.to(torch::kCPU, torch::kFloat32).contiguous();
  const auto at = numbers.accessor<float, 2>();
  std::string text = label.defined() ? "x,y,label\n" : "x,y\n";
  for (int64_t i = 0; i < numbers.size(0); ++i) {
    text += fmt::format("{},{}", at[i][0], at[i][1]);
    if (label.defined()) text += fmt::format(",{}", label[i].item<int64_t>());
    text += "\n";
  }
  return text;
}

}  // namespace steer
