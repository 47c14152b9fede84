#include "steer/nn/pairs.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/kernel_calls.h"
#include "steer/core/tensors.h"
#include "steer/nn/pairs_kernel.h"

namespace steer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kMostFeatures = 1024;  // of the kernels' own room
constexpr int64_t kParts = 16;           // that sums over all pairs are taken in, whatever the threads

// The pairs that the functions below are told through autograd, which takes tensors and numbers alone.
struct PairsHolder : torch::CustomClassHolder {
  explicit PairsHolder(SharedPairs given) : pairs(std::move(given)) {}
  SharedPairs pairs;
};

void keep(AutogradContext* context, const SharedPairs& pairs) {
  context->saved_data["pairs"] = at::IValue::make_capsule(c10::make_intrusive<PairsHolder>(pairs));
}

const AtomPairs& kept(AutogradContext* context) {
  return *static_cast<const PairsHolder&>(*context->saved_data["pairs"].toCapsule()).pairs;
}

// Calls body(part, molecule) for all molecules, those of one part one after the other.
template <class Body>
void over_molecules(const AtomPairs& pairs, const Body& body) {
  const int64_t molecules = pairs.molecules(), parts = std::min(kParts, molecules);
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part)
      for (int64_t b = part * molecules / parts; b < (part + 1) * molecules / parts; ++b) body(part, b);
  });
}

int64_t atoms_of(const AtomPairs& pairs, int64_t molecule) {
  const auto b = static_cast<size_t>(molecule);
  return pairs.atom_begin()[b + 1] - pairs.atom_begin()[b];
}
int64_t atom_of(const AtomPairs& pairs, int64_t molecule) {
  return pairs.atom_begin()[static_cast<size_t>(molecule)];
}
int64_t pair_of(const AtomPairs& pairs, int64_t molecule) {
  return pairs.pair_begin()[static_cast<size_t>(molecule)];
}

// Whether the kernels take these features.
bool fused(const Tensor& x, int64_t features) {
  return on_host(x) && (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16) &&
         features <= kMostFeatures;
}

// Functions of positions: the kernels over molecule b see its rows of each tensor.
struct PairSquares : torch::autograd::Function<PairSquares> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const SharedPairs& pairs) {
    const Tensor d = at::empty({pairs->pairs(), 1}, x.options().requires_grad(false));
    over_molecules(*pairs, [&](int64_t, int64_t b) {
      kernels::pair_squares(x.data_ptr<float>() + 3 * atom_of(*pairs, b), atoms_of(*pairs, b),
                            d.data_ptr<float>() + pair_of(*pairs, b));
    });
    context->save_for_backward({x});
    keep(context, pairs);
    return d;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Tensor x = context->get_saved_variables()[0], dx = at::zeros_like(x),
                 dd = gradients[0].contiguous();
    const AtomPairs& pairs = kept(context);
    over_molecules(pairs, [&](int64_t, int64_t b) {
      const int64_t atom = 3 * atom_of(pairs, b);
      kernels::pair_squares_gradient(x.data_ptr<float>() + atom, dd.data_ptr<float>() + pair_of(pairs, b),
                                     atoms_of(pairs, b), dx.data_ptr<float>() + atom);
    });
    return {dx, {}};
  }
};

struct MovedByPairs : torch::autograd::Function<MovedByPairs> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& phi, double range,
                        const SharedPairs& pairs) {
    const Tensor y = at::empty_like(x);
    over_molecules(*pairs, [&](int64_t, int64_t b) {
      const int64_t atom = 3 * atom_of(*pairs, b);
      kernels::moved_by_pairs(x.data_ptr<float>() + atom, phi.data_ptr<float>() + pair_of(*pairs, b),
                              static_cast<float>(range), atoms_of(*pairs, b), y.data_ptr<float>() + atom);
    });
    context->save_for_backward({x, phi});
    context->saved_data["range"] = range;
    keep(context, pairs);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &phi = saved[1];
    const Tensor dy = gradients[0].contiguous(), dx = dy.clone(), dphi = at::empty_like(phi);
    const auto range = static_cast<float>(context->saved_data["range"].toDouble());
    const AtomPairs& pairs = kept(context);
    over_molecules(pairs, [&](int64_t, int64_t b) {
      const int64_t atom = 3 * atom_of(pairs, b), pair = pair_of(pairs, b);
      kernels::moved_by_pairs_gradient(x.data_ptr<float>() + atom, phi.data_ptr<float>() + pair, range,
                                       dy.data_ptr<float>() + atom, atoms_of(pairs, b),
                                       dx.data_ptr<float>() + atom, dphi.data_ptr<float>() + pair);
    });
    return {dx, dphi, {}, {}};
  }
};

struct PairSilu : torch::autograd::Function<PairSilu> {
  static Tensor forward(AutogradContext* context, const Tensor& p, const Tensor& q, const Tensor& d,
                        const Tensor& w, const SharedPairs& pairs) {
    const int64_t h = p.size(1), k = d.size(1);
    const Tensor u = at::empty({pairs->pairs(), h}, p.options());
    with_number_type(p, [&](auto type) {
      using T = decltype(type);
      over_molecules(*pairs, [&, at = p.data_ptr<T>(), other = q.data_ptr<T>(), to = u.data_ptr<T>(),
                              near = d.data_ptr<float>()](int64_t, int64_t b) {
        const int64_t atom = atom_of(*pairs, b) * h, pair = pair_of(*pairs, b);
        kernels::pair_silu(at + atom, other + atom, near + pair * k, w.data_ptr<float>(), atoms_of(*pairs, b),
                           h, k, to + pair * h);
      });
    });
    context->save_for_backward({p, q, d, w});
    keep(context, pairs);
    return u;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &p = saved[0], &q = saved[1], &d = saved[2], &w = saved[3];
    const AtomPairs& pairs = kept(context);
    const int64_t h = p.size(1), k = d.size(1);
    const auto number = p.options().dtype(torch::kFloat32);
    const Tensor du = gradients[0].to(p.scalar_type()).contiguous(), dp = at::empty({p.size(0), h}, number),
                 dq = at::empty({p.size(0), h}, number), dd = at::empty(d.sizes(), number),
                 dw = at::zeros({kParts, k, h}, number);
    with_number_type(p, [&](auto type) {
      using T = decltype(type);
      over_molecules(pairs, [&](int64_t part, int64_t b) {
        const int64_t atom = atom_of(pairs, b) * h, pair = pair_of(pairs, b);
        kernels::pair_silu_gradient(p.data_ptr<T>() + atom, q.data_ptr<T>() + atom,
                                    d.data_ptr<float>() + pair * k, w.data_ptr<float>(),
                                    du.data_ptr<T>() + pair * h, atoms_of(pairs, b), h, k,
                                    dp.data_ptr<float>() + atom, dq.data_ptr<float>() + atom,
                                    dd.data_ptr<float>() + pair * k, dw.data_ptr<float>() + part * k * h);
      });
    });
    return {dp.to(p.scalar_type()), dq.to(p.scalar_type()), dd, dw.sum(0), {}};
  }
};

struct GatedSums : torch::autograd::Function<GatedSums> {
  static Tensor forward(AutogradContext* context, const Tensor& v, const Tensor& a, const Tensor& c,
                        const SharedPairs& pairs) {
    const int64_t h = v.size(1);
    const Tensor out = at::empty({pairs->atoms(), h}, a.options().requires_grad(false));
    const float gate = c.item<float>();
    with_number_type(v, [&](auto type) {
      using T = decltype(type);
      over_molecules(*pairs, [&](int64_t, int64_t b) {
        kernels::gated_sums(v.data_ptr<T>() + pair_of(*pairs, b) * h, a.data_ptr<float>(), gate,
                            atoms_of(*pairs, b), h, out.data_ptr<float>() + atom_of(*pairs, b) * h);
      });
    });
    context->save_for_backward({v, a, c});
    keep(context, pairs);
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &v = saved[0], &a = saved[1], &c = saved[2];
    const AtomPairs& pairs = kept(context);
    const int64_t h = v.size(1);
    const Tensor dout = gradients[0].contiguous(), dv = at::empty_like(v),
                 da = at::zeros({kParts, h}, a.options()), dc = at::zeros({kParts, 1}, c.options());
    const float gate = c.item<float>();
    with_number_type(v, [&](auto type) {
      using T = decltype(type);
      over_molecules(pairs, [&](int64_t part, int64_t b) {
        const int64_t pair = pair_of(pairs, b) * h;
        kernels::gated_sums_gradient(v.data_ptr<T>() + pair, a.data_ptr<float>(), gate,
                                     dout.data_ptr<float>() + atom_of(pairs, b) * h, atoms_of(pairs, b), h,
                                     dv.data_ptr<T>() + pair, da.data_ptr<float>() + part * h,
                                     dc.data_ptr<float>() + part);
      });
    });
    return {dv, da.sum(0), dc.sum(0), {}};
  }
};

struct SiluDot : torch::autograd::Function<SiluDot> {
  static Tensor forward(AutogradContext* context, const Tensor& v, const Tensor& w) {
    const int64_t count = v.size(0), h = v.size(1), rows = (count + kParts - 1) / kParts;
    const Tensor out = at::empty({count}, w.options().requires_grad(false));
    with_number_type(v, [&](auto type) {
      using T = decltype(type);
      at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
        for (int64_t at = begin * rows; at < std::min(end * rows, count); at += rows)
          kernels::silu_dot(v.data_ptr<T>() + at * h, w.data_ptr<float>(), std::min(rows, count - at), h,
                            out.data_ptr<float>() + at);
      });
    });
    context->save_for_backward({v, w});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &v = saved[0], &w = saved[1];
    const int64_t count = v.size(0), h = v.size(1), rows = (count + kParts - 1) / kParts;
    const Tensor dout = gradients[0].contiguous(), dv = at::empty_like(v),
                 dw = at::zeros({kParts, h}, w.options());
    with_number_type(v, [&](auto type) {
      using T = decltype(type);
      at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
        for (int64_t part = begin; part < end; ++part) {
          const int64_t at = part * rows;
          if (at >= count) break;
          kernels::silu_dot_gradient(v.data_ptr<T>() + at * h, w.data_ptr<float>(),
                                     dout.data_ptr<float>() + at, std::min(rows, count - at), h,
                                     dv.data_ptr<T>() + at * h, dw.data_ptr<float>() + part * h);
        }
      });
    });
    return {dv, dw.sum(0)};
  }
};

void check_positions(const Tensor& x, const AtomPairs& pairs) {
  STEER_CHECK(x.dim() == 2 && x.size(0) == pairs.atoms() && x.size(1) == 3, "[pairs] expected positions [",
              pairs.atoms(), ", 3] but got ", shape_text(x.sizes()));
}

Tensor differences(const Tensor& x, const AtomPairs& pairs) {
  return x.index_select(0, pairs.first()) - x.index_select(0, pairs.second());
}

// The sum over j of y of the pairs (i, j).
Tensor sums_of_pairs(const Tensor& y, const AtomPairs& pairs) {
  return at::zeros({pairs.atoms(), y.size(1)}, y.options()).index_add(0, pairs.first(), y);
}

// Plain ways sum in float32, or in float64 where that is what they are given.
Tensor widened(const Tensor& x) {
  return x.scalar_type() == torch::kFloat64 ? x : x.to(torch::kFloat32);
}

}  // namespace

AtomPairs::AtomPairs(const std::vector<int64_t>& atoms, torch::Device device)
    : atom_begin_{0}, pair_begin_{0} {
  for (const int64_t n : atoms) {
    STEER_CHECK(n >= 0, "[pairs] expected numbers of atoms but got ", n);
    atom_begin_.push_back(atom_begin_.back() + n);
    pair_begin_.push_back(pair_begin_.back() + n * std::max<int64_t>(n - 1, 0));
  }
  Tensor first = at::empty({pairs()}, torch::kInt64), second = at::empty({pairs()}, torch::kInt64);
  int64_t *i_of = first.data_ptr<int64_t>(), *j_of = second.data_ptr<int64_t>();
  for (size_t b = 0; b < atoms.size(); ++b)
    for (int64_t i = 0; i < atoms[b]; ++i)
      for (int64_t j = 0; j < atoms[b]; ++j)
        if (i != j) *i_of++ = atom_begin_[b] + i, *j_of++ = atom_begin_[b] + j;
  first_ = first.to(device), second_ = second.to(device);
}

Tensor pair_squares_plain(const Tensor& x, const SharedPairs& pairs) {
  return differences(x, *pairs).square().sum(1, true);
}

Tensor pair_squares(const Tensor& x, const SharedPairs& pairs) {
  check_positions(x, *pairs);
  if (!fused(x, 3) || x.scalar_type() != torch::kFloat32) return pair_squares_plain(x, pairs);
  return PairSquares::apply(x.contiguous(), pairs);
}

Tensor moved_by_pairs_plain(const Tensor& x, const Tensor& phi, double range, const SharedPairs& pairs) {
  const Tensor apart = differences(x, *pairs);
  const Tensor length = (apart.square().sum(1, true) + kernels::kNearSquare).sqrt();
  return x + sums_of_pairs(range * phi.tanh().unsqueeze(1) * apart / (length + 1), *pairs);
}

Tensor moved_by_pairs(const Tensor& x, const Tensor& phi, double range, const SharedPairs& pairs) {
  check_positions(x, *pairs);
  STEER_CHECK(phi.dim() == 1 && phi.size(0) == pairs->pairs(),
              "[moved_by_pairs] expected a number for each of ", pairs->pairs(), " pairs but got ",
              shape_text(phi.sizes()));
  if (!fused(x, 3) || x.scalar_type() != torch::kFloat32) return moved_by_pairs_plain(x, phi, range, pairs);
  return MovedByPairs::apply(x.contiguous(), phi.contiguous(), range, pairs);
}

Tensor pair_silu_plain(const Tensor& p, const Tensor& q, const Tensor& d, const Tensor& w,
                       const SharedPairs& pairs) {
  const Tensor z =
      widened(p).index_select(0, pairs->first()) + widened(q).index_select(0, pairs->second()) + d.matmul(w);
  return at::silu(z).to(p.scalar_type());
}

Tensor pair_silu(const Tensor& p, const Tensor& q, const Tensor& d, const Tensor& w,
                 const SharedPairs& pairs) {
  STEER_CHECK(p.dim() == 2 && p.size(0) == pairs->atoms() && p.sizes() == q.sizes(),
              "[pair_silu] expected features of ", pairs->atoms(), " atoms but got ", shape_text(p.sizes()),
              " and ", shape_text(q.sizes()));
  STEER_CHECK(d.dim() == 2 && d.size(0) == pairs->pairs() && w.dim() == 2 && w.size(0) == d.size(1) &&
                  w.size(1) == p.size(1),
              "[pair_silu] expected numbers of ", pairs->pairs(), " pairs and their weights but got ",
              shape_text(d.sizes()), " and ", shape_text(w.sizes()));
  if (!fused(p, p.size(1)) || q.scalar_type() != p.scalar_type() || d.size(1) > 2)
    return pair_silu_plain(p, q, d, w, pairs);
  return PairSilu::apply(p.contiguous(), q.contiguous(), d.contiguous(), w.contiguous(), pairs);
}

Tensor gated_sums_plain(const Tensor& v, const Tensor& a, const Tensor& c, const SharedPairs& pairs) {
  const Tensor m = at::silu(widened(v));
  return sums_of_pairs(at::sigmoid(m.matmul(a) + c).unsqueeze(1) * m, *pairs);
}

Tensor gated_sums(const Tensor& v, const Tensor& a, const Tensor& c, const SharedPairs& pairs) {
  STEER_CHECK(v.dim() == 2 && v.size(0) == pairs->pairs(), "[gated_sums] expected features of ",
              pairs->pairs(), " pairs but got ", shape_text(v.sizes()));
  if (!fused(v, v.size(1))) return gated_sums_plain(v, a, c, pairs);
  return GatedSums::apply(v.contiguous(), a.contiguous(), c, pairs);
}

Tensor silu_dot_plain(const Tensor& v, const Tensor& w) {
  return at::silu(widened(v)).matmul(w);
}

Tensor silu_dot(const Tensor& v, const Tensor& w) {
  if (!fused(v, v.size(1))) return silu_dot_plain(v, w);
  return SiluDot::apply(v.contiguous(), w.contiguous());
}

}  // namespace steer
