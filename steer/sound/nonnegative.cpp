#include "steer/sound/nonnegative.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr double kLeastNormShare = 1e-7;  // of the largest row's square: the weight of ||x||^2
constexpr double kSmallSlope = 1e-9;      // of ||b||: where Newton's method ends
constexpr int kMostNewtonSteps = 100;
constexpr int kMostHalvings = 40;

// A column of A: its entries in rows `row` and `row + 1`.
struct ChainColumn {
  size_t row = 0;
  double here = 0, next = 0;
};

// A as a chain of columns over rows, and the weight e of ||x||^2. A column without entries has zeros in row
// 0; vectors over rows have one number more, which is 0.
struct ChainMatrix {
  size_t rows = 0;
  std::vector<ChainColumn> columns;
  double e = 1;
};

ChainMatrix chain_of(const Tensor& given) {
  const Tensor A = given.to(torch::kCPU, torch::kFloat64).contiguous();
  const auto* entry = A.data_ptr<double>();
  ChainMatrix chain;
  chain.rows = static_cast<size_t>(A.size(0));
  chain.columns.resize(static_cast<size_t>(A.size(1)));
  double most = 0;
  for (size_t i = 0; i < chain.rows; ++i) {
    double square = 0;
    for (size_t j = 0; j < chain.columns.size(); ++j) {
      const double a = entry[i * chain.columns.size() + j];
      STEER_CHECK(a >= 0 && std::isfinite(a), "[least_nonnegative] expected entries of at least 0 but got ",
                  a);
      if (a == 0) continue;
      square += a * a;
      ChainColumn& column = chain.columns[j];
      const bool first = column.here == 0, second = column.next == 0 && column.row + 1 == i;
      STEER_CHECK(first || second,
                  "[least_nonnegative] expected entries in two neighbouring rows but column ", j,
                  " has others");
      if (first) column.row = i;
      (first ? column.here : column.next) = a;
    }
    most = std::max(most, square);
  }
  chain.e = most > 0 ? kLeastNormShare * most : 1;
  return chain;
}

// The dual of the problem, whose solution r is b - A x with x = max(0, A' r) / e: the smallest of
// f(r) = ||r||^2 / 2 + ||max(0, A' r)||^2 / (2 e) - b' r. It is convex and made of pieces of quadratics; its
// second derivative, I + A_+ A_+' / e with the columns of positive A' r, has entries beside the diagonal
// only.
struct ChainDual {
  explicit ChainDual(size_t rows) : slope(rows + 1), diagonal(rows + 1), beside(rows + 1) {}

  double value = 0;                             // f
  std::vector<double> slope, diagonal, beside;  // of f, and of its second derivative

  // f and its derivatives at r; with `all` as if all of A' r were positive.
  void put(const ChainMatrix& A, const std::vector<double>& b, const std::vector<double>& r, bool all) {
    std::fill(slope.begin(), slope.end(), 0);
    std::fill(diagonal.begin(), diagonal.end(), 0);
    std::fill(beside.begin(), beside.end(), 0);
    double squares = 0;
    for (const ChainColumn& a : A.columns) {
      const double g = a.here * r[a.row] + a.next * r[a.row + 1];
      if (g <= 0 && !all) continue;
      squares += g * g;
      slope[a.row] += a.here * g, slope[a.row + 1] += a.next * g;
      diagonal[a.row] += a.here * a.here, diagonal[a.row + 1] += a.next * a.next;
      beside[a.row] += a.here * a.next;
    }
    value = squares / (2 * A.e);
    for (size_t i = 0; i < A.rows; ++i) {
      value += r[i] * (r[i] / 2 - b[i]);
      slope[i] = slope[i] / A.e + r[i] - b[i];
      diagonal[i] = diagonal[i] / A.e + 1;
      beside[i] /= A.e;
    }
  }

  // The step to where the present quadratic is smallest, by elimination; the derivatives are used up.
  void step_into(size_t rows, std::vector<double>& step) {
    for (size_t i = 0; i < rows; ++i) step[i] = -slope[i];
    for (size_t i = 1; i < rows; ++i) {
      const double share = beside[i - 1] / diagonal[i - 1];
      diagonal[i] -= share * beside[i - 1];
      step[i] -= share * step[i - 1];
    }
    for (size_t i = rows; i-- > 0;)
      step[i] = (step[i] - (i + 1 < rows ? beside[i] * step[i + 1] : 0)) / diagonal[i];
  }
};

double chain_dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Newton's method with halved steps, from the solution without bounds; r has a 0 behind it.
std::vector<double> dual_solution(const ChainMatrix& A, const std::vector<double>& b) {
  std::vector<double> r(A.rows + 1), step(A.rows + 1), tried(A.rows + 1);
  ChainDual dual(A.rows);
  dual.put(A, b, r, true);
  dual.step_into(A.rows, r);
  dual.put(A, b, r, false);
  const double enough = kSmallSlope * kSmallSlope * chain_dot(b, b);
  for (int n = 0; n < kMostNewtonSteps; ++n) {
    if (chain_dot(dual.slope, dual.slope) <= enough) break;
    const double before = dual.value, slack = 1e-14 * std::abs(before);
    const std::vector<double> slope = dual.slope;
    dual.step_into(A.rows, step);
    const double descent = chain_dot(slope, step);
    double share = 1;
    for (int h = 0; h < kMostHalvings; ++h, share /= 2) {
      for (size_t i = 0; i < A.rows; ++i) tried[i] = r[i] + share * step[i];
      dual.put(A, b, tried, false);
      if (dual.value <= before + 1e-4 * share * descent + slack) break;
    }
    r.swap(tried);
  }
  return r;
}

}  // namespace

Tensor least_nonnegative(const Tensor& A, const Tensor& values) {
  STEER_CHECK(A.dim() == 2 && values.dim() == 3 && values.size(1) == A.size(0) && A.size(0) > 0,
              "[least_nonnegative] expected a matrix [B, F] and values [N, B, T] but got ",
              shape_text(A.sizes()), " and ", shape_text(values.sizes()));
  const ChainMatrix chain = chain_of(A);
  const Tensor given = values.to(torch::kCPU, torch::kFloat32).contiguous();
  STEER_CHECK(at::isfinite(given).all().item<bool>(), "[least_nonnegative] expected finite values");
  const int64_t N = given.size(0), T = given.size(2), F = A.size(1);
  const Tensor x = at::empty({N, F, T});
  const auto* from = given.data_ptr<float>();
  auto* to = x.data_ptr<float>();
  at::parallel_for(0, N * T, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> b(chain.rows + 1);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t n = i / T, t = i % T;
      for (size_t k = 0; k < chain.rows; ++k) b[k] = from[(n * A.size(0) + static_cast<int64_t>(k)) * T + t];
      const std::vector<double> r = dual_solution(chain, b);
      float* out = to + n * F * T + t;
      for (const ChainColumn& a : chain.columns) {
        *out = static_cast<float>(std::max(0.0, a.here * r[a.row] + a.next * r[a.row + 1]) / chain.e);
        out += T;
      }
    }
  });
  return x.to(values.device());
}

}  // namespace steer
