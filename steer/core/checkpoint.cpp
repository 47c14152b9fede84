#include "steer/core/checkpoint.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"

namespace steer {
namespace {

constexpr uint64_t kLengthBytes = 8;
// Some 300,000 tensors; parsed it takes up to twenty times as much memory.
constexpr uint64_t kMaxHeaderBytes = uint64_t{1} << 25;
constexpr size_t kMaxDimensions = 64;
constexpr const char* kMetadata = "__metadata__";

struct TypeName {
  const char* name;
  torch::ScalarType dtype;
};

constexpr std::array<TypeName, 10> kTypes = {{{"F64", torch::kFloat64},
                                              {"F32", torch::kFloat32},
                                              {"F16", torch::kFloat16},
                                              {"BF16", torch::kBFloat16},
                                              {"I64", torch::kInt64},
                                              {"I32", torch::kInt32},
                                              {"I16", torch::kInt16},
                                              {"I8", torch::kInt8},
                                              {"U8", torch::kUInt8},
                                              {"BOOL", torch::kBool}}};

const char* type_name(torch::ScalarType dtype, const std::string& where) {
  for (const TypeName& type : kTypes)
    if (type.dtype == dtype) return type.name;
  fail("[write_checkpoint] ", where, ": expected a real or whole number type but got ", c10::toString(dtype));
}

uint64_t bytes_of(const TensorEntry& entry) {
  uint64_t count = c10::elementSize(entry.dtype);
  for (int64_t size : entry.shape) count *= static_cast<uint64_t>(size);
  return count;
}

// The tensors by their place in the file, by name where places are equal.
std::vector<const std::pair<const std::string, TensorEntry>*> in_file_order(const CheckpointHeader& header) {
  std::vector<const std::pair<const std::string, TensorEntry>*> order;
  for (const auto& named : header.tensors) order.push_back(&named);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->second.begin, a->second.end) < std::tie(b->second.begin, b->second.end);
  });
  return order;
}

// The header of a file, checked step by step; `path_` begins every refusal.
class HeaderReader {
 public:
  explicit HeaderReader(const std::string& path) : path_(path) {
    // Asked before opening: to open a pipe would wait for its writer.
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) refuse("a readable file but got ", error.message());
    if (!std::filesystem::is_regular_file(status)) refuse("a regular file but got a folder or device");
    file_bytes_ = std::filesystem::file_size(path, error);
    file_.open(path, std::ios::binary);
    if (error || !file_.is_open()) refuse("a readable file but got one that does not open");
  }

  CheckpointHeader header() {
    const nlohmann::json json = parsed();
    CheckpointHeader header;
    for (const auto& [name, value] : json.items()) {
      if (name == kMetadata)
        header.metadata = metadata(value);
      else
        header.tensors.emplace(name, entry(name, value));
    }
    check_cover(header);
    return header;
  }

  // The next tensor's bytes, in the order of their place in the file.
  void read(void* bytes, uint64_t count) {
    file_.read(static_cast<char*>(bytes), static_cast<std::streamsize>(count));
    STEER_CHECK(file_, "[read_checkpoint] ", path_, ": expected ", count, " more bytes but got ",
                file_.gcount());
  }

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail("[read_checkpoint] ", path_, ": expected ", parts...);
  }

 private:
  nlohmann::json parsed() {
    if (file_bytes_ < kLengthBytes) refuse("a safetensors file but got only ", file_bytes_, " bytes");
    std::array<unsigned char, kLengthBytes> bytes;
    read(bytes.data(), bytes.size());
    uint64_t length = 0;
    for (size_t i = 0; i < bytes.size(); ++i) length |= static_cast<uint64_t>(bytes[i]) << (8 * i);
    if (length > kMaxHeaderBytes)
      refuse("a header of at most ", kMaxHeaderBytes, " bytes but got ", length,
             " (not a safetensors file?)");
    if (length > file_bytes_ - kLengthBytes)
      refuse("a header of ", length, " bytes but got a file of ", file_bytes_, " (cut off?)");
    data_bytes_ = file_bytes_ - kLengthBytes - length;
    std::string text(length, ' ');
    read(text.data(), length);
    if (text.empty() || text[0] != '{') refuse("a header that begins with { but got ", in_quotes(text));
    return parse_json<nlohmann::json>(text, path_, 3);
  }

  std::map<std::string, std::string> metadata(const nlohmann::json& value) const {
    if (!value.is_object()) refuse("an object for ", kMetadata, " but got ", value.type_name());
    std::map<std::string, std::string> metadata;
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string())
        refuse("a string for ", in_quotes(key), " in ", kMetadata, " but got ", text.type_name());
      metadata.emplace(key, text.get<std::string>());
    }
    return metadata;
  }

  TensorEntry entry(const std::string& name, const nlohmann::json& value) const {
    const std::string who = "tensor " + in_quotes(name);
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
      refuse("dtype, shape and data_offsets for ", who, " but got ", in_quotes(value.dump()));
    TensorEntry entry;
    entry.dtype = dtype(who, value["dtype"]);
    entry.shape = shape(who, value["shape"], c10::elementSize(entry.dtype));
    const nlohmann::json& offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned())
      refuse("two data_offsets for ", who, " but got ", in_quotes(offsets.dump()));
    entry.begin = offsets[0].get<uint64_t>();
    entry.end = offsets[1].get<uint64_t>();
    if (entry.begin > entry.end || entry.end > data_bytes_)
      refuse("data_offsets of ", who, " within ", data_bytes_, " bytes of data but got ", entry.begin, " to ",
             entry.end);
    if (entry.end - entry.begin != bytes_of(entry))
      refuse(bytes_of(entry), " bytes for ", who, " but got ", entry.end - entry.begin);
    return entry;
  }

  torch::ScalarType dtype(const std::string& who, const nlohmann::json& value) const {
    std::string known;
    for (const TypeName& type : kTypes) {
      if (value.is_string() && value.get_ref<const std::string&>() == type.name) return type.dtype;
      known += (known.empty() ? "" : ", ") + std::string(type.name);
    }
    refuse("one of ", known, " as dtype of ", who, " but got ", in_quotes(value.dump()));
  }

  // Sizes whose product, in bytes, stays within 63 bits even where one of them is zero.
  std::vector<int64_t> shape(const std::string& who, const nlohmann::json& value, uint64_t element) const {
    if (!value.is_array() || value.size() > kMaxDimensions)
      refuse("a shape of at most ", kMaxDimensions, " sizes for ", who, " but got ", in_quotes(value.dump()));
    std::vector<int64_t> shape;
    uint64_t room = static_cast<uint64_t>(INT64_MAX) / element;
    for (const nlohmann::json& size : value) {
      if (!size.is_number_unsigned() || size.get<uint64_t>() > room)
        refuse("sizes of 0 or more with a product that fits for ", who, " but got ", in_quotes(value.dump()));
      room /= std::max<uint64_t>(size.get<uint64_t>(), 1);
      shape.push_back(size.get<int64_t>());
    }
    return shape;
  }

  // The tensors lie one after the other, without overlap or hole, up to the end of the file.
  void check_cover(const CheckpointHeader& header) const {
    uint64_t covered = 0;
    for (const auto* named : in_file_order(header)) {
      const auto& [name, entry] = *named;
      if (entry.begin != covered)
        refuse("tensor ", in_quotes(name), " to begin at byte ", covered, " of the data but got ",
               entry.begin, entry.begin < covered ? " (overlap)" : " (hole)");
      covered = entry.end;
    }
    if (covered != data_bytes_) refuse(covered, " bytes of data but got ", data_bytes_);
  }

  std::string path_;
  std::ifstream file_;
  uint64_t file_bytes_ = 0;
  uint64_t data_bytes_ = 0;
};

// The header's text, filled up with spaces to a multiple of eight bytes.
std::string header_text(const std::string& path, const Checkpoint& checkpoint) {
  Json json = Json::object();
  if (!checkpoint.metadata.empty()) json[kMetadata] = checkpoint.metadata;
  std::string text = json.dump();
  text.pop_back();
  // Joined by hand: adding to an ordered object takes time in proportion to its size.
  uint64_t begin = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const std::string where = path + ": tensor " + in_quotes(name);
    STEER_CHECK(name != kMetadata, "[write_checkpoint] ", where, ": expected another name");
    STEER_CHECK(tensor.defined() && tensor.layout() == torch::kStrided, "[write_checkpoint] ", where,
                ": expected a dense tensor but got ", tensor.toString());
    const TensorEntry entry = {tensor.scalar_type(), tensor.sizes().vec(), 0, 0};
    const uint64_t end = begin + bytes_of(entry);
    text += text.size() > 1 ? "," : "";
    text += Json(name).dump() + ":";
    text += Json({{"dtype", type_name(entry.dtype, where)},
                  {"shape", entry.shape},
                  {"data_offsets", {begin, end}}})
                .dump();
    begin = end;
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  STEER_CHECK(text.size() <= kMaxHeaderBytes, "[write_checkpoint] ", path, ": expected a header of at most ",
              kMaxHeaderBytes, " bytes but got ", text.size());
  return text;
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  std::string header;
  try {
    header = header_text(path, checkpoint);
  } catch (const Json::exception&) {
    fail("[write_checkpoint] ", path, ": expected names and metadata in UTF-8 but got other bytes");
  }
  std::string length;
  for (uint64_t i = 0; i < kLengthBytes; ++i) length += static_cast<char>(header.size() >> (8 * i));

  NewFile file(path);
  file.write(length);
  file.write(header);
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const torch::Tensor dense = tensor.detach().to(torch::kCPU).resolve_neg().contiguous();
    if (dense.numel() > 0) file.write({static_cast<const char*>(dense.data_ptr()), dense.nbytes()});
  }
  file.commit();
}

Checkpoint read_checkpoint(const std::string& path) {
  HeaderReader reader(path);
  const CheckpointHeader header = reader.header();
  Checkpoint checkpoint;
  checkpoint.metadata = header.metadata;
  for (const auto* named : in_file_order(header)) {
    const auto& [name, entry] = *named;
    torch::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.dtype));
    if (tensor.numel() > 0) reader.read(tensor.data_ptr(), tensor.nbytes());
    // A bool that is neither 0 nor 1 has no meaning in C++.
    if (entry.dtype == torch::kBool) {
      const auto* bytes = static_cast<const unsigned char*>(tensor.data_ptr());
      if (std::any_of(bytes, bytes + tensor.numel(), [](unsigned char byte) { return byte > 1; }))
        reader.refuse("0 or 1 in tensor ", in_quotes(name), " but got another byte");
    }
    checkpoint.tensors.emplace(name, std::move(tensor));
  }
  return checkpoint;
}

CheckpointHeader read_checkpoint_header(const std::string& path) {
  return HeaderReader(path).header();
}

}  // namespace steer
