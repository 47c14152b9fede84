#include "steer/train/together.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {
namespace {

// Text as bytes that can be summed, and back.
Tensor bytes_of(const std::string& text) {
  const Tensor bytes = at::empty({static_cast<int64_t>(text.size())}, torch::kUInt8);
  std::copy(text.begin(), text.end(), bytes.data_ptr<uint8_t>());
  return bytes;
}

std::string text_of_bytes(const Tensor& bytes) {
  const auto* first = bytes.data_ptr<uint8_t>();
  return {first, first + bytes.numel()};
}

std::string text_of_first(const Together& together, const std::string& text) {
  const Tensor length = at::full({1}, static_cast<int64_t>(text.size()), torch::kInt64);
  take_of_first(together, {length});
  const Tensor bytes =
      together.rank == 0 ? bytes_of(text) : at::zeros({length.item<int64_t>()}, torch::kUInt8);
  take_of_first(together, {bytes});
  return text_of_bytes(bytes);
}

// Metadata, and name, number type and shape of each tensor.
Json outline(const Checkpoint& checkpoint) {
  Json tensors = Json::array();
  for (const auto& [name, tensor] : checkpoint.tensors)
    tensors.push_back({name, static_cast<int>(tensor.scalar_type()), tensor.sizes().vec()});
  return {{"metadata", checkpoint.metadata}, {"tensors", tensors}};
}

// A checkpoint of such an outline, all zeros.
Checkpoint blank(const Json& outline) {
  Checkpoint checkpoint;
  checkpoint.metadata = outline["metadata"].get<std::map<std::string, std::string>>();
  for (const Json& each : outline["tensors"])
    checkpoint.tensors[each[0].get<std::string>()] =
        at::zeros(each[2].get<std::vector<int64_t>>(), static_cast<torch::ScalarType>(each[1].get<int>()));
  return checkpoint;
}

}  // namespace

void check(const Together& together) {
  STEER_CHECK(together.of >= 1 && together.rank >= 0 && together.rank < together.of,
              "[together] expected a rank from 0 to ", together.of - 1, " but got ", together.rank);
  STEER_CHECK(together.of == 1 || together.sum, "[together] expected a sum over ", together.of,
              " ranks but got none");
}

Share share_of(const Together& together) {
  return {together.rank, together.of};
}

void join(const Together& together, const std::vector<Tensor>& means, const std::vector<Tensor>& counts) {
  if (together.of == 1) return;
  torch::NoGradGuard no_grad;
  std::vector<Tensor> all;
  for (const Tensor& mean : means)
    if (mean.defined()) all.push_back(mean.div_(together.of));
  for (const Tensor& count : counts)
    if (count.defined()) all.push_back(count);
  together.sum(all);
}

// Sums of bytes of which all but one are zeros.
void take_of_first(const Together& together, const std::vector<Tensor>& tensors) {
  if (together.of == 1) return;
  torch::NoGradGuard no_grad;
  std::vector<Tensor> flat, bytes;
  for (const Tensor& tensor : tensors) {
    flat.push_back(tensor.detach().reshape({-1}).clone(at::MemoryFormat::Contiguous));
    bytes.push_back(flat.back().view(torch::kUInt8));
    if (together.rank > 0) bytes.back().zero_();
  }
  together.sum(bytes);
  for (size_t i = 0; i < tensors.size(); ++i)
    if (together.rank > 0) tensors[i].detach().copy_(flat[i].view(tensors[i].sizes()));
}

Checkpoint of_first(const Together& together, const Checkpoint& checkpoint) {
  if (together.of == 1) return checkpoint;
  const bool first = together.rank == 0;
  const Json whole = Json::parse(text_of_first(together, first ? json_text(outline(checkpoint)) : ""));
  Checkpoint taken = first ? checkpoint : blank(whole);
  std::vector<Tensor> tensors;
  for (const auto& [name, tensor] : taken.tensors) tensors.push_back(tensor);
  take_of_first(together, tensors);
  return taken;
}

}  // namespace steer
