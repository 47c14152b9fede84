#include "steer/ddn/candidate_distances.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "steer/core/kernel_calls.h"
#include "steer/ddn/candidate_kernels.h"

namespace steer {
namespace {

// What the kernels need of all rows: features, residuals and pixel weights as plain memory.
struct MeasuredRows {
  MeasuredRows(const Tensor& features, int64_t inner_, const Tensor& given_residual,
               const Tensor& given_weight)
      : batch(features.size(0)),
        pixels(features.size(2) * features.size(3)),
        inner(inner_),
        width((inner_ + kernels::kLane - 1) / kernels::kLane * kernels::kLane),
        channels(given_residual.size(1)),
        h(features),
        residual(given_residual.to(torch::kFloat32).contiguous()) {
    if (given_weight.defined()) weight = given_weight.to(torch::kFloat32).contiguous();
  }

  // Room for the features of `count` rows as floats, and a row with its features put there.
  std::unique_ptr<float[]> room(int64_t count) const { return room_for(count * pixels * width); }
  void unpack(int64_t b, float* to) const {
    with_number_type(h, [&](auto type) {
      kernels::unpack(Rows<decltype(type)>(h)[b], pixels, h.size(1), inner, width, to);
    });
  }
  kernels::MeasuredRow row(int64_t b, const float* a) const {
    return {a, Rows<float>(residual)[b], Rows<float>(weight)[b], pixels, channels, inner, width};
  }

  int64_t batch, pixels, inner, width, channels;
  Tensor h, residual, weight;
};

}  // namespace

Tensor distances_by_forms(const Tensor& features, const Tensor& given_weight, const Tensor& residual,
                          const Tensor& pixel_weight, int64_t few) {
  const Tensor weight = given_weight.contiguous();
  const int64_t nodes = weight.size(0), channels = weight.size(1), inner = weight.size(2);
  const MeasuredRows rows(features, inner, residual, pixel_weight);
  const int64_t width = rows.width, pixels = rows.pixels;
  const Tensor padded_weight = width == inner ? weight : at::constant_pad_nd(weight, {0, width - inner});
  const auto options = at::TensorOptions().dtype(torch::kFloat32);
  const Tensor gram = at::empty({rows.batch, width, width}, options),
               cross = at::empty({rows.batch, channels, width}, options),
               distance = at::empty({rows.batch, nodes}, options);
  const float *w = weight.data_ptr<float>(), *padded_w = padded_weight.data_ptr<float>();
  const Rows<float> grams(gram), crosses(cross), distances(distance);
  at::parallel_for(0, rows.batch, 1, [&](int64_t begin, int64_t end) {
    const auto a = rows.room(1), weighted = rows.room(rows.weight.defined() ? 1 : 0);
    for (int64_t b = begin; b < end; ++b) {
      rows.unpack(b, a.get());
      const kernels::MeasuredRow row = rows.row(b, a.get());
      if (row.pixel_weight) kernels::weigh_pixels(row.a, row.pixel_weight, pixels, width, weighted.get());
      kernels::upper_gram_of(row.pixel_weight ? weighted.get() : row.a, row.a, pixels, width, grams[b]);
      const float square =
          kernels::cross_of(row.residual, row.pixel_weight, row.a, pixels, channels, width, crosses[b]);
      std::fill(distances[b], distances[b] + nodes, square);
    }
  });
  // Rows of a small batch are shared out in pieces.
  const int64_t tasks = 2 * at::get_num_threads(), some = std::max<int64_t>(1, rows.batch);
  const int64_t pieces = std::min(nodes, (tasks + some - 1) / some);
  at::parallel_for(0, rows.batch * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t b = i / pieces, piece = i % pieces;
      kernels::forms_of(padded_w, crosses[b], grams[b], piece * nodes / pieces, (piece + 1) * nodes / pieces,
                        channels, width, distances[b]);
    }
  });
  at::parallel_for(0, rows.batch, 1, [&](int64_t begin, int64_t end) {
    const auto a = rows.room(1);
    for (int64_t b = begin; b < end; ++b) {
      rows.unpack(b, a.get());
      kernels::measure_nearest(w, rows.row(b, a.get()), nodes, std::min(few, nodes), distances[b]);
    }
  });
  return distance;
}

Tensor distances_directly(const Tensor& features, const Tensor& given_weight, const Tensor& residual,
                          const Tensor& pixel_weight) {
  const Tensor weight = given_weight.contiguous();
  const int64_t nodes = weight.size(0), channels = weight.size(1), inner = weight.size(2);
  const MeasuredRows rows(features, inner, residual, pixel_weight);
  const Tensor distance = at::empty({rows.batch, nodes}, at::TensorOptions().dtype(torch::kFloat32));
  const bool own_weights = rows.weight.defined() && rows.weight.size(0) > 1;
  const float* w = weight.data_ptr<float>();
  const Rows<float> distances(distance);
  // Small maps stand side by side, so that the columns are full.
  const int64_t together = std::max<int64_t>(1, kernels::kColumns / rows.pixels),
                groups = (rows.batch + together - 1) / together;
  at::parallel_for(0, groups, 1, [&](int64_t begin, int64_t end) {
    const auto a = rows.room(together), room = room_for(kernels::columns_room(nodes, channels, inner));
    for (int64_t group = begin; group < end; ++group) {
      const int64_t first = group * together, count = std::min(together, rows.batch - first);
      for (int64_t b = 0; b < count; ++b) rows.unpack(first + b, a.get() + b * rows.pixels * rows.width);
      kernels::measure_columns(w, rows.row(first, a.get()), count, own_weights, nodes, room.get(),
                               distances[first]);
    }
  });
  return distance;
}

}  // namespace steer
